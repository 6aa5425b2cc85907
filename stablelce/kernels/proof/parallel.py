"""Many cells at once, in processes of their own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed

from stablelce.kernels.proof.cells import KERNELS, CellBound, prove_cells

__all__ = ["prove"]

CHUNK = 64
"""Cells per task: a third of a second."""


def prove(
    kernel: str, first: int, last: int, processes: int, advance: Callable[[int], None]
) -> list[CellBound]:
    """Prove the bounds of a kernel for a range of cells.

    Parameters
    ----------
    kernel : str
        A name of ``KERNELS``.
    first, last : int
        The cells, both included.
    processes : int
        How many to use.
    advance : callable
        Called with the number of cells done since it was called before.

    Returns
    -------
    list of CellBound
        In the order of the cells, none left out.

    Raises
    ------
    ProofError
        If a cell could not be proved.
    """
    bounds: list[CellBound] = []
    # Not forked: libraries with threads of their own do not survive it.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        starts = range(first, last + 1, CHUNK)
        tasks = [pool.submit(_chunk, kernel, start, min(start + CHUNK - 1, last)) for start in starts]
        try:
            for task in as_completed(tasks):
                done = task.result()
                bounds += done
                advance(len(done))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    bounds.sort(key=lambda bound: bound.index)
    if [bound.index for bound in bounds] != list(range(first, last + 1)):
        raise RuntimeError("cells are missing")
    return bounds


def _chunk(kernel: str, first: int, last: int) -> list[CellBound]:
    return list(prove_cells(first, last, KERNELS[kernel]))
