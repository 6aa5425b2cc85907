"""Progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress"]


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show cells done and time left on stderr, where that is a terminal.

    Parameters
    ----------
    description : str
        What is being done.
    total : int
        How many cells there are.

    Yields
    ------
    callable
        To be called with the number of cells done since the last call.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)
        yield lambda cells: bar.advance(task, cells)
