"""Enclosures by Arb (python-flint): ball arithmetic with proved error bounds.

Source: F. Johansson, *Arb: efficient arbitrary-precision midpoint-radius interval arithmetic*, IEEE
Transactions on Computers 66 (2017). The formulas differ from mpmath_backend.py on purpose: log1p and
tanh and cosh here, exponentials alone there, so that the two opinions share no step.
"""

from __future__ import annotations

from flint import arb, ctx

from stablelce.oracle.dyadic import Dyadic

__all__ = ["bounds"]

_GUARD = 16


def bounds(remainder: str, argument: Dyadic, precision: int) -> tuple[Dyadic, Dyadic]:
    """Bounds of R(argument), argument >= 0, with a relative width below 2**-precision."""
    previous = ctx.prec
    # exp(-a) needs the bits of a before the binary point on top of its own.
    size = max(0, argument.floor_log2() + 1) if argument else 0
    ctx.prec = precision + _GUARD + size
    try:
        ball = _evaluate(remainder, arb((argument.m, argument.e)))
        low, high = ball.lower().man_exp(), ball.upper().man_exp()
    finally:
        ctx.prec = previous
    return Dyadic(int(low[0]), int(low[1])), Dyadic(int(high[0]), int(high[1]))


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
