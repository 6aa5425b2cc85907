"""The progress bar: on a terminal, out of the way elsewhere, and one sentence where rich is absent."""

from __future__ import annotations

import sys

import pytest
import rich.console

from stablelce.training.progress import ProgressBar
from stablelce.training.watching import Watch
from tests.training.test_watching import states


def test_a_terminal_shows_solver_count_and_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rich.console.Console, "is_terminal", True)
    Watch("newton", 2, max_iter=4, verbose=True).draw(states())
    shown = capsys.readouterr().err
    assert "newton" in shown
    assert "4/4" in shown
    assert "loss 0.2" in shown


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Watch("newton", 2, max_iter=4, verbose=True).draw(states())
    assert capsys.readouterr() == ("", "")


def test_without_rich_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(
        ImportError, match=r"verbose needs the package rich: pip install 'stablelce\[suite\]'"
    ):
        ProgressBar("gd", 10)
