"""The measurement of workers runs end to end, on little data; its times are not looked at."""

from __future__ import annotations

import pytest

from tests.benchmarks.workers import main


@pytest.mark.bulk
def test_it_ends_and_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--rows", "2000", "--features", "3", "--rounds", "2"])
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("workers 1: gradient ")
    assert second.startswith("workers 2: gradient ")
    assert last.startswith("2000 x 3: two workers have ")
    assert last.endswith("The gradients have the same bits.")
