"""Enclosures by mpmath: the defining formulas in interval arithmetic, with the bits that each one loses.

mpmath's interval functions round outward but come without proof, so every result is widened by one unit
in its last place but four. The rigorous opinion is arb_backend.py; tests compare the two.
"""

from __future__ import annotations

from typing import Any

from mpmath import libmp

from stablelce.oracle.dyadic import Dyadic

__all__ = ["bounds"]

_GUARD = 24
_ONE = (libmp.fone, libmp.fone)
_TWO = (libmp.from_int(2), libmp.from_int(2))


def bounds(remainder: str, argument: Dyadic, precision: int) -> tuple[Dyadic, Dyadic]:
    """Bounds of R(argument), argument >= 0, with a relative width below 2**-precision."""
    x = libmp.from_man_exp(argument.m, argument.e)
    interval = (x, x)
    # exp(-a) beside 1 loses a/log 2 bits, exp(a) - 1 loses -log2(a) bits where a is small.
    size = max(0, argument.floor_log2() + 1) if argument else 0
    small = max(0, -argument.floor_log2()) if argument else 0
    if remainder == "log1p_exp_neg":
        prec = precision + _GUARD + (2 << size)
        exp = libmp.mpi_exp(libmp.mpi_neg(interval, prec), prec)
        result = libmp.mpi_log(libmp.mpi_add(_ONE, exp, prec), prec)
    else:
        prec = precision + _GUARD + 2 * small
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


def _widened(interval: Any, precision: int) -> tuple[Dyadic, Dyadic]:
    low, high = (_dyadic(end) for end in interval)
    slack = Dyadic(1, high.floor_log2() - precision - 4)
    return low - slack, high + slack


def _dyadic(number: Any) -> Dyadic:
    sign, significand, exponent, _ = number  # mpmath's raw tuple
    return Dyadic(-int(significand) if sign else int(significand), int(exponent))
