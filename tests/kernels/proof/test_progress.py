"""Progress where there is no terminal: nothing."""

from __future__ import annotations

import pytest

from stablelce.kernels.proof.progress import progress


def test_nothing_is_shown_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("pairs", 10) as advance:
        advance(4)
        advance(6)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == ""
