"""Enclosures by Arb (python-flint): ball arithmetic with proved error bounds.

Source: F. Johansson, *Arb: efficient arbitrary-precision midpoint-radius interval arithmetic*, IEEE
Transactions on Computers 66 (2017). The formulas differ from mpmath_backend.py on purpose: log1p and
tanh and cosh here, exponentials and a logarithm there, so that the two opinions share no step.
"""

from __future__ import annotations

from flint import arb, ctx

from stablelce.oracle.dyadic import Dyadic
from stablelce.oracle.enclosure import Enclosure

__all__ = ["bounds"]

_GUARD = 16


def bounds(remainder: str, argument: Dyadic, precision: int) -> Enclosure:
    """Enclose R(argument), argument > 0, with a relative width below 2**-precision."""
    # An error of 2^-p in a large a becomes one of a * 2^-p, relative, in exp(-a).
    size = max(0, argument.floor_log2() + 1)
    previous = ctx.prec
    ctx.prec = precision + _GUARD + size
    try:
        ball = _evaluate(remainder, arb((argument.m, argument.e)))
        middle, error = ball.mid().man_exp(), ball.rad().man_exp()
    finally:
        ctx.prec = previous
    m, e, radius, radius_e = int(middle[0]), int(middle[1]), int(error[0]), int(error[1])
    common = min(e, radius_e)
    m, radius = m << (e - common), radius << (radius_e - common)
    return Enclosure(m - radius, m + radius, common)


def _evaluate(remainder: str, a: arb) -> arb:
    if remainder == "log1p_exp_neg":
        return (-a).exp().log1p()
    if remainder == "sigmoid_neg":
        e = (-a).exp()
        return e / (1 + e)
    if remainder == "variance":  # 1 / (2 cosh(a/2))^2
        return 1 / (2 * (a / 2).cosh()) ** 2
    half_tanh = (a / 2).tanh() / 2
    return half_tanh if remainder == "half_tanh_half" else half_tanh**2
