"""From an enclosure to a float64 that is proved: both ends must round to it."""

from __future__ import annotations

import math

from stablelce.certificate.balls import Ball, dyadic_bounds
from stablelce.formats import BINARY64

__all__ = ["bounds", "correctly_rounded", "rounded_up"]


def correctly_rounded(value: Ball) -> float | None:
    """The float64 nearest to every number in the ball, if there is one."""
    ends = dyadic_bounds(value)
    if ends is None:
        return None
    lower, upper, e = ends
    low, high = BINARY64.round_dyadic(lower, e), BINARY64.round_dyadic(upper, e)
    return _float(low) if low == high else None


def bounds(value: Ball) -> tuple[float, float]:
    """The greatest float64 below and the least one above the ball."""
    ends = dyadic_bounds(value)
    if ends is None:
        return -math.inf, math.inf
    lower, upper, e = ends
    return -_upward(-lower, e), _upward(upper, e)


def rounded_up(value: Ball) -> float:
    """The least float64 that no number of the ball exceeds."""
    return bounds(value)[1]


def _upward(m: int, e: int) -> float:
    nearest = BINARY64.round_dyadic(m, e)
    if nearest == BINARY64.infinity or not _below(nearest, m, e):
        return _float(nearest)
    return _float(BINARY64.next_up(nearest))


def _below(encoding: int, m: int, e: int) -> bool:
    """Whether an encoding stands for less than m*2^e."""
    if encoding == BINARY64.sign_bit | BINARY64.infinity:
        return True
    n, f = BINARY64.decode(encoding)
    common = min(e, f)
    return n << (f - common) < m << (e - common)


def _float(encoding: int) -> float:
    return float(BINARY64.array(encoding)[()])
