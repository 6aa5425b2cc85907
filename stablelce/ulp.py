"""The ulp and the ulp error: real numbers, defined for every encoding a program can return.

    ulp(v) = 2^(max(floor(log2 |v|), emin) - p + 1)        ulp(0) = the smallest subnormal
    ulp error of a result r = |r - v| / ulp(v)

``v`` is the *exact* value, so the unit never depends on the result that is judged. (Counting the
floats between two floats is another thing, the float distance: see :meth:`Format.ordinal`.)
Definition: J.-M. Muller, *On the definition of ulp(x)*, INRIA RR-5504 (2005), Goldberg's form, with
the exponent held at emin in the subnormal range.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction

from stablelce.formats import Format

__all__ = ["floor_log2", "real_ratio", "ulp", "ulp_error", "ulp_exponent"]


def floor_log2(value: Fraction, sticky: int = 0) -> int:
    """floor(log2 |value + sticky * epsilon|), exactly; ``value`` must not be zero.

    The remainder matters at powers of two only: just below one, the floor is one less.
    """
    n, d = abs(value.numerator), value.denominator
    k = n.bit_length() - d.bit_length()
    # 2^(k-1) < n/d < 2^(k+1); one comparison settles which half.
    below = (n << -k) < d if k < 0 else n < (d << k)
    exponent = k - 1 if below else k
    toward_zero = sticky < 0 if value > 0 else sticky > 0
    if toward_zero and abs(value) == _power_of_two(exponent):
        exponent -= 1
    return exponent


def ulp_exponent(value: Fraction, fmt: Format, sticky: int = 0) -> int:
    """The integer k with ulp(value + sticky * epsilon) = 2^k in the format."""
    if value == 0:
        return fmt.quantum
    return max(floor_log2(value, sticky), fmt.emin) - fmt.precision + 1


def ulp(value: Fraction, fmt: Format, sticky: int = 0) -> Fraction:
    """The ulp of an exact value in a format.

    Parameters
    ----------
    value : Fraction
        The exact value, of any size.
    fmt : Format
        The format.
    sticky : int
        Sign of a remainder too small to matter but at powers of two.
    """
    return _power_of_two(ulp_exponent(value, fmt, sticky))


def ulp_error(got: int, exact: Fraction | float, fmt: Format, unit: Fraction | None = None) -> float:
    """The ulp error of the encoding ``got`` against an exact value; total over zeros, inf and NaN.

    Parameters
    ----------
    got : int
        Encoding of the result that is judged.
    exact : Fraction or float
        The exact value; a float only for inf, -inf and nan.
    fmt : Format
        Format of ``got``.
    unit : Fraction, optional
        The unit of error; ulp(exact) unless given.

    Returns
    -------
    float
        ``|got - exact| / unit`` rounded to the nearest float; 0 where both are NaN or the same
        infinity, or where ``got`` is the infinity that ``exact`` rounds to; inf where one of the
        two is NaN or infinite and the other is not that.
    """
    if isinstance(exact, float):
        if not math.isfinite(exact):
            return 0.0 if _same_special(got, exact, fmt) else math.inf
        exact = Fraction(exact)
    if fmt.is_nan(got):
        return math.inf
    if fmt.is_infinite(got):
        return 0.0 if fmt.round(exact) == got else math.inf
    return real_ratio(abs(fmt.to_fraction(got) - exact), ulp(exact, fmt) if unit is None else unit)


def real_ratio(numerator: Fraction, denominator: Fraction) -> float:
    """The quotient as the nearest float, held at the largest one instead of overflowing.

    An infinite error is kept for infinite results, so a finite one must stay finite.
    """
    try:
        return float(numerator / denominator)
    except OverflowError:
        return sys.float_info.max


def _same_special(got: int, exact: float, fmt: Format) -> bool:
    if math.isnan(exact):
        return fmt.is_nan(got)
    return fmt.is_infinite(got) and fmt.is_negative(got) == (exact < 0)


def _power_of_two(exponent: int) -> Fraction:
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
