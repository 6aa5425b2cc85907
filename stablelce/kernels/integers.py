"""Enclosures of exp(-a), log1p and three functions of them, in fixed point with integers of any length.

Every routine rounds down at each step and only adds terms that are not negative, so what it returns is
a lower bound, and one count of units of the last place bounds the distance to the exact value above it.
A logit is ``m * 2**e``; a result ``[low, high] * 2**-scale``.
"""

from __future__ import annotations

from functools import cache
from math import isqrt
from typing import NamedTuple

__all__ = ["FUNCTIONS", "Exponential", "exp_of_minus", "floor_scaled", "log_two"]


class Exponential(NamedTuple):
    """The number exp(-a), in ``[low, low + width] * 2**-scale``, and at most 1."""

    low: int
    width: int
    scale: int


def floor_scaled(m: int, e: int) -> int:
    """The floor of m * 2**e."""
    return m << e if e >= 0 else m >> -e


def exp_of_minus(m: int, e: int, precision: int) -> Exponential:
    """Enclose exp(-a), a = m * 2**e >= 0, to ``precision`` bits less the length of its exponent.

    By a = k*log 2 - r with 0 <= r <= log 2, so that exp(-a) = 2^-k exp(r) and every term is positive.
    """
    # A <= a*2^precision < A + 1 and L <= log(2)*2^precision < L + 2; with r = k*L - A - 1 in
    # [0, L), the exact r*2^precision is in [r, r + 2k + 1). As exp(r) <= 2, what is left out
    # multiplies to at most 2*(exp(x) - 1) <= 3*x, x = (2k + 1)*2^-precision <= 1/2.
    scaled, log2 = floor_scaled(m, e + precision), log_two(precision)
    k = scaled // log2 + 1
    low = _exp(k * log2 - scaled - 1, precision)
    return Exponential(low, 3 * (2 * k + 1) + 2, precision + k)


def _exp(r: int, precision: int) -> int:
    """The number exp(r * 2**-precision) * 2**precision for an r in [0, log 2], less 0 to 2 units.

    By exp(r) = exp(r/2^s)^(2^s) and the power series: about sqrt(precision) squarings leave as many terms.
    """
    s = isqrt(precision)
    guard = s + 16
    bits = precision + guard
    y = r << (guard - s)
    one = 1 << bits
    total, term, j = one + y, y, 1
    while term:
        j += 1
        term = (term * y >> bits) // j
        total += term
    # y < 1/2. A term is one floor (nested floors are one) of its predecessor, off by x, times y/j: off
    # by at most x/4 + 1 <= 2. The first term left out was below 3 units and its successors add up to less
    # than one: after j terms the sum is off by 2*j + 4 units at most. A squaring doubles the relative
    # error and adds a floor, of relative size 2^-bits at most as the value is >= 1: in the end
    # 2*2^s*(2*j + 5) units of 2^-bits, below 2^guard for j < 2^14 (j is about precision/s). The last
    # shift is the second unit.
    for _ in range(s):
        total = total * total >> bits
    return total >> guard


def _log1p(x: int, scale: int) -> tuple[int, int]:
    """Lower bound and width, in units of 2^-scale, of log1p(x * 2**-scale) for an x in [0, 1].

    By log1p(x) = 2*atanh(u) = 2*(u + u^3/3 + ...), u = x/(2 + x) <= 1/3.
    """
    u = (x << scale) // ((2 << scale) + x)
    square = u * u >> scale
    total, power, j = u, u, 1
    while power:
        power = power * square >> scale
        j += 2
        total += power // j
    # u is off by less than 1, worth 2/(1 - u^2) <= 9/4 in the result. Taking this u as exact: the square
    # is off by less than 1, a power with error f by f/9 + u/3 + 1 <= 3/2 at most, a term by 1 more for
    # its division; twice that over the terms, of which there are (j - 1)/2, is 5*(j - 1)/2. What is left
    # out is below 2*(3/2)*(9/8)/9 < 1.
    return 2 * total, 5 * (j // 2) + 4


@cache
def log_two(precision: int) -> int:
    """An integer L with L <= log(2) * 2**precision < L + 2."""
    # log1p(1) with 16 more bits: its width is below 2^16 up to 20,000 bits and beyond.
    low, _ = _log1p(1 << (precision + 16), precision + 16)
    return low >> 16


def softplus(exp: Exponential) -> tuple[int, int]:
    """Lower and upper bound of softplus(-a) = log1p(exp(-a)); its slope in exp(-a) is at most 1."""
    low, width = _log1p(exp.low, exp.scale)
    return low, low + width + exp.width


def sigmoid(exp: Exponential) -> tuple[int, int]:
    """Lower and upper bound of sigmoid(-a) = E/(1 + E), E = exp(-a); its slope is at most 1."""
    low = (exp.low << exp.scale) // ((1 << exp.scale) + exp.low)
    return low, low + 1 + exp.width


def variance(exp: Exponential) -> tuple[int, int]:
    """Lower and upper bound of sigmoid(a)*sigmoid(-a) = E/(1 + E)^2; its slope is in [0, 1] for E <= 1."""
    low = (exp.low << 2 * exp.scale) // ((1 << exp.scale) + exp.low) ** 2
    return low, low + 1 + exp.width


FUNCTIONS = {"softplus": softplus, "sigmoid": sigmoid, "variance": variance}
"""By name, the functions R(a), each positive, below exp(-a) and increasing in it: bounds of R * 2**scale."""
