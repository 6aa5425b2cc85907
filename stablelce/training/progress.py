"""The progress bar of a fit, by rich: on stderr, and only where that is a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Any

__all__ = ["ProgressBar"]


class ProgressBar:
    """A bar of iterations, with the loss, the rate and the time left to ``max_iter``.

    Parameters
    ----------
    solver : str
        What to write before the bar.
    max_iter : int
        Iterations at most.

    Raises
    ------
    ImportError
        rich is not installed.
    """

    def __init__(self, solver: str, max_iter: int) -> None:
        try:
            from rich import progress
            from rich.console import Console
        except ImportError:
            raise ImportError("verbose needs the package rich: pip install 'stablelce[suite]'.") from None
        console = Console(stderr=True)
        self._bar: Any = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=20),
            progress.MofNCompleteColumn(),
            progress.TextColumn("loss {task.fields[loss]:.6g}"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(solver, total=max_iter, loss=float("nan"))

    def __enter__(self) -> ProgressBar:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, value, trace)

    def show(self, iteration: int, loss: float) -> None:
        """Move the bar to an iteration."""
        self._bar.update(self._task, completed=iteration, loss=loss)
