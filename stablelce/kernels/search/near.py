"""Whether a pair (h, d) lies next to a midpoint, in the vocabulary of the kernels: a sieve.

The power of two at or below a float takes four operations: S. M. Rump, P. Zimmermann, S. Boldo, G. Melquiond,
*Computing predecessor and successor in rounding to nearest*, BIT 49 (2009).
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.primitives import absolute, fast_two_sum, select

__all__ = ["leading_power", "near32", "near64"]


def leading_power(x: Any) -> Any:
    """The largest power of two that is at most |x|, for a normal x below 2^970."""
    scaled = 4503599627370497.0 * x  # 2^52 + 1
    return absolute(scaled - 0.9999999999999999 * scaled)  # 1 - 2^-53


def near64(high: Any, low: Any, threshold: Any) -> Any:
    """Whether high + low is within a threshold, in ulps, of a midpoint of binary64."""
    h, d = fast_two_sum(high, low)
    power = leading_power(h)
    step = power * 2.0**-52
    # Below a power of two floats are half as far apart.
    half = select((absolute(h) == power) & ((h > 0) != (d > 0)), 0.25 * step, 0.5 * step)
    return absolute(half - absolute(d)) <= threshold * step


def near32(high: Any, low: Any, threshold: Any) -> Any:
    """The same for binary32, subnormal results included."""
    power = leading_power(high)
    step = select(power < 2.0**-126, 2.0**-149, power * 2.0**-23)
    magic = 6755399441055744.0 * step  # 3 * 2^51: rounds to a multiple of the step
    q = (high + magic) - magic
    d = (high - q) + low
    half = select((absolute(high) == power) & ((high > 0) != (d > 0)), 0.25 * step, 0.5 * step)
    return absolute(half - absolute(d)) <= threshold * step
