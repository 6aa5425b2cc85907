"""Binary64 variables as enclosures: each operation is exact arithmetic and a rounding error.

Rounding to nearest, RN(v) = v + e with |e| <= 2^-53 |v| where RN(v) is normal, and |e| <= 2^-1075 below;
a sum or difference of floats that is subnormal is exact, so that sums need the first bound only.
"""

from __future__ import annotations

import math
from itertools import count

from stablelce.kernels.proof.balls import UNIT, Ball, Polynomial, bound, middle, monomial, order, power_of_two
from stablelce.kernels.proof.enclosure import Enclosure, ProofError

__all__ = ["HALF_TINY", "Float", "constant", "named", "rounded"]

HALF_ULP = power_of_two(-53)

HALF_TINY = power_of_two(-1075)
"""Half of the smallest subnormal number."""

LARGEST = power_of_two(1000)
"""Beyond, nothing is claimed: no kernel gets near."""

NEGLIGIBLE = power_of_two(-90)
"""Relative size of errors that may stay without a name."""

_names = count()


class Float(Enclosure):
    """A variable of a kernel. The operators round; their operands are such variables or Python floats."""

    def __neg__(self) -> Float:
        exact = self.scaled(Ball(-1))
        return Float(exact.main, exact.symbols, exact.underflow)

    def __add__(self, other: Float | float) -> Float:
        return rounded(self.plus(constant(other)))

    __radd__ = __add__

    def __sub__(self, other: Float | float) -> Float:
        return rounded(self.minus(constant(other)))

    def __rsub__(self, other: float) -> Float:
        return rounded(constant(other).minus(self))

    def __mul__(self, other: Float | float) -> Float:
        if isinstance(other, Float):
            return rounded(self.times(other), underflow=HALF_TINY)
        exact = self.scaled(Ball(other))
        if abs(math.frexp(other)[0]) == 0.5:  # a power of two: only underflow rounds
            return Float(exact.main, exact.symbols, exact.underflow + HALF_TINY)
        return rounded(exact, underflow=HALF_TINY)

    __rmul__ = __mul__

    def __truediv__(self, other: Float | float) -> Float:
        # Named: a residual is formed from the quotient itself.
        return named(self.over(constant(other)), underflow=HALF_TINY)[0]

    def __rtruediv__(self, other: float) -> Float:
        return constant(other) / self

    __hash__ = object.__hash__

    def _undecided(self, _other: object = None) -> bool:
        raise ProofError("comparison: only >= a number is proved")

    __eq__ = __ne__ = __bool__ = __lt__ = __le__ = __gt__ = _undecided

    def __ge__(self, other: float) -> bool:
        """Whether it is so for all rho.

        Raises
        ------
        ProofError
            If it may depend on rho, or on errors.
        """
        gap = bound(self.total) - other + UNIT * self.underflow
        if gap >= 0:
            return True
        if gap < 0:
            return False
        raise ProofError("comparison: it may hold for some arguments of the cell and not for others")


def constant(value: Float | float) -> Float:
    """A float of Python's as a variable; a variable as it is."""
    return value if isinstance(value, Float) else Float(Polynomial([Ball(value)]))


def rounded(exact: Enclosure, underflow: Ball | int = 0) -> Float:
    """The nearest float, off by a new error that nothing will cancel.

    Parameters
    ----------
    exact : Enclosure
        What is rounded.
    underflow : Ball or 0
        Bound of the error that underflow adds.

    Raises
    ------
    ProofError
        If the number may be too large for the bounds used here.
    """
    error, absolute = _error(exact)
    main = exact.main + error * UNIT
    return Float(main, exact.symbols, exact.underflow + absolute + underflow)


def named(exact: Enclosure, underflow: Ball | int = 0) -> tuple[Float, Float]:
    """The nearest float and minus its error, which has a new symbol; parameters as for ``rounded``."""
    exact = _gathered(exact)
    error, absolute = _error(exact)
    symbol = next(_names)
    high = Float(exact.main, {**exact.symbols, symbol: error}, exact.underflow + absolute + underflow)
    return high, Float(Polynomial([]), {symbol: -error}, absolute + underflow)


def _gathered(exact: Enclosure) -> Enclosure:
    """The same with the balls of P as one more symbol.

    Between them P and its middle differ by at most c * |rho|^k, c * rho^k times a number of [-1, 1]. With a
    name it cancels in what the residual of a division subtracts.
    """
    centre = middle(exact.main)
    rest = exact.main - centre
    k = order(rest)
    size = bound(rest.right_shift(k)).abs_upper()
    if size < exact.magnitude.upper * NEGLIGIBLE:
        return exact
    error = monomial(size, k)
    return Enclosure(centre, {**exact.symbols, next(_names): error}, exact.underflow)


def _error(exact: Enclosure) -> tuple[Polynomial, Ball]:
    """Bounds of the rounding error: a multiple of a power of |rho|, and a part that does not vanish."""
    k, _, upper = exact.magnitude
    if not upper + exact.underflow < LARGEST:
        raise ProofError("a number may be too large")
    return monomial((upper * HALF_ULP).abs_upper(), k), (exact.underflow * HALF_ULP).abs_upper()
