"""The kernel of the narrower formats: softplus(-a) and sigmoid(-a) in binary64, without pairs.

The reduction is that of ``pairs``; relative errors stay below 2^-50, while the narrower formats keep at
most 24 bits, so that only about one result in a million is too close to a midpoint to be rounded.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.pairs import reduced
from stablelce.kernels.primitives import mul_add, take
from stablelce.kernels.table import SIGMOID_HIGH, SOFTPLUS_HIGH

__all__ = ["from_entry", "plain"]


def plain(a: Any) -> tuple[Any, Any]:
    """softplus(-a) and sigmoid(-a) for 0 <= a <= 690."""
    j, r = reduced(a)
    return from_entry(take(SOFTPLUS_HIGH, j), take(SIGMOID_HIGH, j), r)


def from_entry(s: Any, p: Any, r: Any) -> tuple[Any, Any]:
    """The same from softplus and sigmoid at the entry, and the distance r from it."""
    # expm1(-r) = -r + r^2 (1/2 - r/6 + ...): Taylor, |r| <= 1/64
    series = mul_add(r, 1 / 720, -1 / 120)
    series = mul_add(r, series, 1 / 24)
    series = mul_add(r, series, -1 / 6)
    series = mul_add(r, series, 1 / 2)
    u = p * mul_add(r * r, series, -r)
    # log1p(u) = u - u^2 (1/2 - u/3 + ...): Taylor, |u| <= 1/126
    series = mul_add(u, -1 / 6, 1 / 5)
    series = mul_add(u, series, -1 / 4)
    series = mul_add(u, series, 1 / 3)
    series = mul_add(u, series, -1 / 2)
    return s + mul_add(u * u, series, u), (p + u) / (1.0 + u)
