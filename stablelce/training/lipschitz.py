"""The sum of all squares, for the constant that bounds the second derivatives.

sum_i s_i*|x_i|^2 is added up in fixed point, column by column, with x scaled to at most 1, so that the sums
are the same for every order of the rows; their error bound is added, so that the constant is never too small.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stablelce.formats import BINARY64
from stablelce.kernels.primitives import two_prod
from stablelce.sums import FixedPointSum
from stablelce.sums.fixed_point import UNIT
from stablelce.training.blocks import Block
from stablelce.training.scales import Scales

__all__ = ["Squares", "round_up"]

_ELEMENTS = 1 << 13


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
        step = max(_ELEMENTS // max(self.exponents.size, 1), 1)
        with np.errstate(all="ignore"):
            for start in range(0, len(block.t), step):
                part = slice(start, start + step)
                x = np.ldexp(block.X[part].astype(np.float64), -self.exponents)
                if block.s is None:
                    s = np.ones(len(x))
                else:
                    s = np.ldexp(block.s[part], -self._scales.weight_exponent)
                for term in two_prod(x, x):
                    self._sums.add_products(s, term)
        self._deposits += 2 * len(block.t)

    def merge(self, other: Squares) -> None:
        """Add other rows."""
        self._sums.merge(other._sums)
        self._deposits += other._deposits

    def upper_bound(self) -> Fraction:
        """A bound of the sum over all columns, above it by less than 2**-100 of the rows' largest squares.

        The error of two deposits for each element, as FixedPointSum bounds it, and what x, its square or the
        weight lose where they underflow, less than 2**-960 each.
        """
        slack = self._deposits * Fraction(11, 16) * Fraction(2) ** UNIT
        total = Fraction(0)
        for column, exponent in enumerate(self.exponents.tolist()):
            if self._scales.maxima[column] > 0:
                total += (self._sums.value(column) + slack) * Fraction(4) ** exponent
        return total * Fraction(2) ** self._scales.weight_exponent


def round_up(value: Fraction) -> float:
    """The least float that is not below a value."""
    encoding = BINARY64.round(value)
    if BINARY64.to_fraction(encoding) < value:
        encoding = BINARY64.next_up(encoding)
    return float(BINARY64.array([encoding])[0])
