"""Floats that are integers times a known power of two: every operation is exact, or refused.

Of such a number three things are known: bounds, a grid 2^e of which it is a multiple, and its value as a
polynomial in symbols, free numbers with a bound each. Sums and products are exact where the result is below
2^53 steps of its grid, with fused operations or without. Rounding to a coarser grid makes a new symbol; what
is dropped afterwards shows as symbols that do not cancel, and bounds the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count

from stablelce.kernels.proof.enclosure import ProofError

__all__ = ["Exact", "Form", "constant", "exactly", "free", "hull", "split", "symbol"]

Symbol = tuple[int, Fraction]
"""A name, and a bound of its magnitude."""

_names = count()

NO_GRID = -1074
"""Every float is a multiple of 2^-1074."""

ZERO_GRID = 1023


@dataclass(frozen=True)
class Form:
    """A polynomial: products of symbols, sorted, to coefficients."""

    terms: Mapping[tuple[Symbol, ...], Fraction] = field(default_factory=dict)

    def __add__(self, other: Form) -> Form:
        terms = dict(self.terms)
        for product, coefficient in other.terms.items():
            terms[product] = terms.get(product, Fraction(0)) + coefficient
        return Form({product: coefficient for product, coefficient in terms.items() if coefficient})

    def __sub__(self, other: Form) -> Form:
        return self + other * constant(Fraction(-1))

    def __mul__(self, other: Form) -> Form:
        total: dict[tuple[Symbol, ...], Fraction] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                product = tuple(sorted(left + right))
                total[product] = total.get(product, Fraction(0)) + a * b
        return Form({product: coefficient for product, coefficient in total.items() if coefficient})

    def bound(self) -> Fraction:
        """A bound of the magnitude."""
        total = Fraction(0)
        for product, coefficient in self.terms.items():
            size = abs(coefficient)
            for _, largest in product:
                size *= largest
            total += size
        return total


def constant(value: Fraction) -> Form:
    """A number as a polynomial."""
    return Form({(): value}) if value else Form()


def symbol(size: Fraction) -> Form:
    """A new free number of at most this magnitude."""
    return Form({((next(_names), size),): Fraction(1)}) if size else Form()


@dataclass(frozen=True)
class Exact:
    """A float in [low, high], a multiple of 2^grid."""

    low: Fraction
    high: Fraction
    grid: int
    form: Form

    @property
    def size(self) -> Fraction:
        """The largest magnitude."""
        return max(-self.low, self.high)

    def __neg__(self) -> Exact:
        return Exact(-self.high, -self.low, self.grid, Form() - self.form)

    def __add__(self, other: Exact | float) -> Exact:
        b = exactly(other)
        grid = min(self.grid, b.grid)
        return _checked(Exact(self.low + b.low, self.high + b.high, grid, self.form + b.form))

    __radd__ = __add__

    def __sub__(self, other: Exact | float) -> Exact:
        return self + -exactly(other)

    def __rsub__(self, other: float) -> Exact:
        return exactly(other) - self

    def __mul__(self, other: Exact | float) -> Exact:
        b = exactly(other)
        ends = [x * y for x in (self.low, self.high) for y in (b.low, b.high)]
        return _checked(Exact(min(ends), max(ends), self.grid + b.grid, self.form * b.form))

    __rmul__ = __mul__


def _checked(x: Exact) -> Exact:
    if x.size > Fraction(2) ** (53 + x.grid):
        raise ProofError(f"up to {float(x.size):.3g} in steps of 2^{x.grid}: not exact in 53 bits")
    return x


def _grid(value: Fraction) -> int:
    """The largest e for which a dyadic number is a multiple of 2^e."""
    if value == 0:
        return ZERO_GRID
    n, d = abs(value.numerator), value.denominator
    return (n & -n).bit_length() - d.bit_length()


def exactly(value: Exact | float) -> Exact:
    """A float as a number of this kind."""
    if isinstance(value, Exact):
        return value
    exact = Fraction(value)
    return Exact(exact, exact, _grid(exact), constant(exact))


def free(low: Fraction, high: Fraction, grid: int = NO_GRID) -> Exact:
    """A new number that is bounded, but otherwise free."""
    return Exact(low, high, grid, symbol(max(-low, high)))


def hull(values: Iterable[float]) -> Exact:
    """A free number in place of any of some floats."""
    exact = [Fraction(value) for value in values]
    return free(min(exact), max(exact), min(_grid(value) for value in exact))


def split(x: Exact | float, magic: float) -> tuple[Exact, Exact]:
    """The nearest multiple of the magic number's power of two, and the rest.

    For magic = 3 * 2^(51+g) and |x| <= 2^(51+g), x + magic lies in [2^(52+g), 2^(53+g)], where the floats are
    the multiples of 2^g: the sum rounds x to one of them, at most 2^(g-1) away, and the difference is exact.
    The rest is exact as well: a multiple of the unit of x, and no larger than x and than 2^(g-1).
    """
    x = exactly(x)
    g = _grid(Fraction(magic) / 3) - 51
    if Fraction(magic) != 3 * Fraction(2) ** (51 + g) or x.size > Fraction(2) ** (51 + g):
        raise ProofError(f"{float(x.size):.3g} cannot be rounded by adding {magic:.3g}")
    if x.grid >= g:
        return x, exactly(0.0)
    step = Fraction(2) ** g
    half = min(step / 2, x.size)
    rest = free(-half, half, x.grid)
    low, high = round(x.low / step) * step, round(x.high / step) * step
    return Exact(low, high, g, x.form - rest.form), rest
