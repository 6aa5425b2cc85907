"""The proof of single cells: a kernel's source on enclosures, against the exact results."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from stablelce.kernels import pairs, plain
from stablelce.kernels.proof.balls import upward, working_precision
from stablelce.kernels.proof.enclosure import Enclosure, ProofError
from stablelce.kernels.proof.operations import OPERATIONS, Argument
from stablelce.kernels.proof.truth import sigmoid_error, softplus_error
from stablelce.kernels.rebinding import rebind

__all__ = ["KERNELS", "CellBound", "Kernel", "prove_cells"]


@dataclass(frozen=True)
class Kernel:
    """A kernel that returns softplus(-a) and sigmoid(-a).

    Attributes
    ----------
    name : str
        Of the function.
    module : module
        Where it is defined.
    words : int
        How many floats a result is the sum of.
    """

    name: str
    module: ModuleType
    words: int


KERNELS = {kernel.name: kernel for kernel in (Kernel("pairs", pairs, 2), Kernel("plain", plain, 1))}


@dataclass(frozen=True)
class CellBound:
    """What is proved of a cell.

    Attributes
    ----------
    index : int
        The cell: the nearest multiple of 1/32 to its arguments is index/32.
    softplus, sigmoid : float
        Bounds of the relative errors.
    """

    index: int
    softplus: float
    sigmoid: float


def prove_cells(first: int, last: int, kernel: Kernel = KERNELS["pairs"]) -> Iterator[CellBound]:
    """Prove bounds of the relative errors of a kernel, cell by cell.

    Parameters
    ----------
    first, last : int
        The cells, both included.
    kernel : Kernel
        Its source is run.

    Yields
    ------
    CellBound
        For every argument of the cell, on every engine that rounds to nearest and fuses no operations but
        those of ``mul_add`` and ``two_prod``.

    Raises
    ------
    ProofError
        If a step of a cell could not be proved; the message names the cell, the step and its place.
    """
    function = rebind(kernel.module, OPERATIONS)[kernel.name]
    for index in range(first, last + 1):
        with working_precision():
            try:
                bound = _prove(index, function, kernel.words)
            except ProofError as error:
                raise ProofError(f"cell {index}: {error} ({_place(error)})") from error
        yield bound


def _prove(index: int, function: Any, words: int) -> CellBound:
    results = function(Argument(index))
    softplus, sigmoid = _sum(results[:words]), _sum(results[words:])
    return CellBound(index, upward(softplus_error(softplus, index)), upward(sigmoid_error(sigmoid, index)))


def _sum(words: tuple[Enclosure, ...]) -> Enclosure:
    total = words[0]
    for word in words[1:]:
        total = total.plus(word)
    return total


def _place(error: ProofError) -> str:
    """The innermost line outside this package, which is the kernel's."""
    here = Path(__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent != here]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "after the kernel"
