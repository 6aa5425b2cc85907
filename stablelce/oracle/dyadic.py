"""Exact arithmetic on ``m * 2**e``: every binary float, and every sum and product of them.

``fractions.Fraction`` would do, at several times the cost: it reduces by a gcd after each operation, which
binary fractions do not need.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stablelce.formats import to_dyadic

__all__ = ["ONE", "ZERO", "Dyadic"]


@dataclass(slots=True, eq=False)
class Dyadic:
    """The number ``m * 2**e``, for integers m and e of any size; treated as immutable.

    Not frozen: millions are made, and a frozen dataclass takes more than twice the time to make. Equality
    is left to :meth:`fraction`, since (2, 0) and (1, 1) are the same number.
    """

    m: int
    e: int = 0

    @classmethod
    def of(cls, value: Fraction | float | int) -> Dyadic:
        """The exact value of a finite float, an integer or a binary fraction."""
        return cls(*to_dyadic(value))

    def __add__(self, other: Dyadic) -> Dyadic:
        shift = self.e - other.e
        if shift >= 0:
            return Dyadic((self.m << shift) + other.m, other.e)
        return Dyadic(self.m + (other.m << -shift), self.e)

    def __sub__(self, other: Dyadic) -> Dyadic:
        return self + -other

    def __mul__(self, other: Dyadic) -> Dyadic:
        return Dyadic(self.m * other.m, self.e + other.e)

    def __neg__(self) -> Dyadic:
        return Dyadic(-self.m, self.e)

    def __abs__(self) -> Dyadic:
        return Dyadic(abs(self.m), self.e)

    def __le__(self, other: Dyadic) -> bool:
        return (self - other).m <= 0

    def __lt__(self, other: Dyadic) -> bool:
        return (self - other).m < 0

    def __bool__(self) -> bool:
        return self.m != 0

    def floor_log2(self) -> int:
        """floor(log2 |value|) of a value that is not zero."""
        return self.m.bit_length() - 1 + self.e

    def fraction(self) -> Fraction:
        """The same number as a Fraction."""
        return Fraction(self.m << self.e) if self.e >= 0 else Fraction(self.m, 1 << -self.e)


ZERO = Dyadic(0)
ONE = Dyadic(1)
