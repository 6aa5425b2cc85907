"""The sums of squares, for the constants that bound the second derivatives.

sum_i s_i*|x_i|^2 is added up in fixed point, column by column, with x scaled to at most 1, so that the sums
are the same for every order of the rows; their error bound is added, so that the constant is never too small.
"""

from __future__ import annotations

from fractions import Fraction
from threading import Lock

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64
from stablelce.kernels import threads
from stablelce.kernels.primitives import two_prod
from stablelce.sums import FixedPointSum
from stablelce.sums.fixed_point import ROWS, UNIT
from stablelce.training.blocks import Array, Block
from stablelce.training.loops import Loops, loops_for
from stablelce.training.scales import Scales

__all__ = ["Squares", "round_up"]

Doubles = npt.NDArray[np.float64]

_ELEMENTS = 1 << 13
"""Features to a chunk of the NumPy engine."""


class Squares:
    """sum_i s_i*x_ij^2 for each column, in units of 2**(2*k_j) times the largest weight."""

    def __init__(self, scales: Scales) -> None:
        self._scales = scales
        self.exponents = np.where(scales.maxima > 0, np.frexp(scales.maxima)[1], 0)
        zero = np.zeros(scales.maxima.size, np.int64)
        self._sums = FixedPointSum(zero)
        self._deposits = 0

    def add(self, block: Block) -> None:
        """Add some rows."""
        s = None if block.s is None else np.ldexp(block.s, -self._scales.weight_exponent)
        self._deposits += 2 * len(block.t)
        with np.errstate(all="ignore"):
            scales = np.ldexp(1.0, -self.exponents)
            loops = loops_for(block.X) if np.isfinite(scales).all() else None
            if loops:
                self._add_compiled(loops, block.X, s, scales)
            else:
                self._add(block.X, s)

    def _add(self, X: Array, s: Doubles | None) -> None:
        step = max(_ELEMENTS // max(self.exponents.size, 1), 1)
        for start in range(0, len(X), step):
            part = slice(start, start + step)
            x = np.ldexp(X[part].astype(np.float64), -self.exponents)
            for term in two_prod(x, x):
                self._sums.add_products(np.ones(len(x)) if s is None else s[part], term)

    def _add_compiled(self, loops: Loops, X: Array, s: Doubles | None, scales: Doubles) -> None:
        lock, unit = Lock(), len(scales) + 1

        def work(piece: slice) -> bool:
            part = slice(piece.start // unit, piece.stop // unit)
            sums = FixedPointSum(self._sums.exponents)
            loops.squares(X[part], np.empty(0) if s is None else s[part], scales, sums.offsets, sums.limbs)
            with lock:
                self._sums.merge(sums)
            return False

        threads.in_pieces(work, len(X) * unit, ROWS * unit)

    def merge(self, other: Squares) -> None:
        """Add other rows."""
        self._sums.merge(other._sums)
        self._deposits += other._deposits

    def upper_bounds(self) -> list[Fraction]:
        """A bound of each column's sum, above it by less than 2**-100 of the rows' largest squares.

        The error of two deposits for each element, as FixedPointSum bounds it, and what x, its square or the
        weight lose where they underflow, less than 2**-960 each.
        """
        slack = self._deposits * Fraction(11, 16) * Fraction(2) ** UNIT
        weight = Fraction(2) ** self._scales.weight_exponent
        return [
            (self._sums.value(column) + slack) * Fraction(4) ** exponent * weight if largest else Fraction(0)
            for column, (exponent, largest) in enumerate(
                zip(self.exponents.tolist(), self._scales.maxima.tolist(), strict=True)
            )
        ]

    def upper_bound(self) -> Fraction:
        """Their sum: a bound of the sum of all squares."""
        return sum(self.upper_bounds(), Fraction(0))


def round_up(value: Fraction) -> float:
    """The least float that is not below a value."""
    encoding = BINARY64.round(value)
    if BINARY64.to_fraction(encoding) < value:
        encoding = BINARY64.next_up(encoding)
    return float(BINARY64.array([encoding])[0])
