"""The largest bounds of ranges of a."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stablelce.kernels.proof.cells import CellBound
from stablelce.kernels.proof.longer import Bounds
from stablelce.kernels.table_layout import STEPS

__all__ = ["RANGES", "RangeBound", "limb_lines", "lines", "log2_upward", "summary"]

RANGES = ((0, 690), (0, 1), (1, 40), (40, 672), (672, 690))
"""All; where softplus and sigmoid bend; the usual logits; the tail; where low words of the table are
subnormal."""

QUANTITIES = ("softplus", "sigmoid")


@dataclass(frozen=True)
class RangeBound:
    """The largest bound of a quantity in a range of a.

    Attributes
    ----------
    kernel, quantity : str
        What it is a bound of.
    first, last : int
        The range, both included.
    bound : float
        Of the relative error.
    cell : int
        The cell with the largest bound.
    complete : bool
        Whether all cells of the range were proved.
    """

    kernel: str
    quantity: str
    first: int
    last: int
    bound: float
    cell: int
    complete: bool


def summary(kernel: str, bounds: Sequence[CellBound]) -> Iterable[RangeBound]:
    """The largest bounds of each range; ranges without a proved cell are left out."""
    for quantity in QUANTITIES:
        for first, last in RANGES:
            # The cells to which an argument of the range is reduced.
            cells = range(first * STEPS, last * STEPS + 1)
            within = [b for b in bounds if b.index in cells]
            if within:
                worst = max(within, key=lambda b: float(getattr(b, quantity)))
                bound = float(getattr(worst, quantity))
                complete = len(within) == len(cells)
                yield RangeBound(kernel, quantity, first, last, bound, worst.index, complete)


def lines(found: Iterable[RangeBound]) -> Iterable[str]:
    """A table for people; exponents are rounded upward."""
    yield f"{'kernel':8}{'quantity':10}{'a':>12}   {'relative error':16}largest in cell"
    for one in found:
        where = f"[{one.first}, {one.last}]"
        note = "" if one.complete else "   (not all cells)"
        bound = f"<= 2^{log2_upward(one.bound):.2f}"
        yield f"{one.kernel:8}{one.quantity:10}{where:>12}   {bound:16}{one.cell}{note}"


def limb_lines(limbs: Bounds) -> Iterable[str]:
    """The absolute errors of ``longer_limbs``, likewise."""
    for name, bound in limbs._asdict().items():
        yield f"{'longer_limbs':14}{name:14}<= 2^{log2_upward(float(bound)):.2f}"


def log2_upward(bound: float) -> float:
    """The binary logarithm with two decimals, not below the true one."""
    if not 0 < bound < math.inf:
        return bound or -math.inf
    # The logarithm itself is good to far better than 2^-30.
    return math.ceil((math.log2(bound) + 2.0**-30) * 100) / 100
