"""Enclosures by mpmath: the defining formulas in interval arithmetic, with the bits that each one loses.

mpmath's interval functions round outward, but nobody proved that. So each result is widened by
2^-(precision + 4) of itself, which is 2^20 units in the last place of the working precision: an
elementary function would have to lose 20 of the 24 guard bits for the true value to escape. The rigorous
opinion is arb_backend.py; tests compare the two.
"""

from __future__ import annotations

from typing import Any

from mpmath import libmp

from stablelce.oracle.dyadic import Dyadic
from stablelce.oracle.enclosure import Enclosure

__all__ = ["bounds"]

_GUARD = 24
_ONE = (libmp.fone, libmp.fone)
_TWO = (libmp.from_int(2), libmp.from_int(2))


def bounds(remainder: str, argument: Dyadic, precision: int) -> Enclosure:
    """Enclose R(argument), argument > 0, with a relative width below 2**-precision."""
    x = libmp.from_man_exp(argument.m, argument.e)
    interval = (x, x)
    exponent = argument.floor_log2()
    if remainder == "log1p_exp_neg":
        # 1 + exp(-a) keeps exp(-a) with a/log 2 < 2a < 2 * 2^(exponent+1) fewer bits.
        prec = precision + _GUARD + (4 << exponent if exponent >= 0 else 0)
        exp = libmp.mpi_exp(libmp.mpi_neg(interval, prec), prec)
        result = libmp.mpi_log(libmp.mpi_add(_ONE, exp, prec), prec)
    else:
        # exp(a) - 1 > a loses -log2(a) bits.
        prec = precision + _GUARD + max(0, -exponent)
        exp = libmp.mpi_exp(interval, prec)
        result = _from_exponential(remainder, exp, prec)
    return _widened(result, precision)


def _from_exponential(remainder: str, exp: Any, prec: int) -> Any:
    """R(a) from E = exp(a): 1/(1+E), (E-1)/(2(E+1)), E/(1+E)^2, ((E-1)/(2(E+1)))^2."""
    above = libmp.mpi_add(exp, _ONE, prec)
    if remainder == "sigmoid_neg":
        return libmp.mpi_div(_ONE, above, prec)
    if remainder == "variance":
        return libmp.mpi_div(libmp.mpi_div(exp, above, prec), above, prec)
    below = libmp.mpi_sub(exp, _ONE, prec)
    half_tanh = libmp.mpi_div(below, libmp.mpi_mul(_TWO, above, prec), prec)
    if remainder == "half_tanh_half":
        return half_tanh
    return libmp.mpi_mul(half_tanh, half_tanh, prec)


def _widened(interval: Any, precision: int) -> Enclosure:
    # Raw tuples of sign, significand, exponent, bit length; both ends are positive.
    (_, low, low_e, _), (_, high, high_e, _) = interval
    low, high = int(low), int(high)
    slack_e = high.bit_length() - 1 + high_e - precision - 4
    exponent = min(low_e, high_e, slack_e)
    slack = 1 << (slack_e - exponent)
    low, high = low << (low_e - exponent), high << (high_e - exponent)
    return Enclosure(low - slack, high + slack, exponent)
