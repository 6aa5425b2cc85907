"""The kernel of binary64: softplus(-a) and sigmoid(-a) as pairs, with relative errors below 2^-70.

For 0 <= a <= 690, with a_j = j/32 the nearest multiple and r = a - a_j, exact, |r| <= 1/64, the table
gives s_j = softplus(-a_j) and p_j = sigmoid(-a_j), and with x = expm1(-r), u = p_j * x::

    1 + exp(-a)   = (1 + exp(-a_j)) * (1 + u)
    softplus(-a)  = s_j + log1p(u)
    sigmoid(-a)   = (p_j + u) / (1 + u)

Both keep their relative accuracy far into the tail, because p_j scales u and |u| <= p_j/63 <= 1/126.
A pair (h, d) stands for the unevaluated sum h + d with |d| <= ulp(h)/2.

The vocabulary is that of ``primitives``: this source runs on NumPy arrays, compiled, and on enclosures,
which prove the bound.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.primitives import (
    fast_two_sum,
    mul_add,
    select,
    take,
    to_index,
    two_prod,
    two_square,
)
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW

__all__ = ["expm1_minus", "increment", "pairs", "reduced", "sigmoid", "softplus"]

ROUND_TO_INTEGER = 6755399441055744.0
"""3 * 2^51: adding and subtracting it rounds a smaller float to the nearest integer, ties to even."""

TAIL = 2.0**-256
"""Where p_j is below, u^2 is taken for 0, and 1 + u for 1, which changes results by less than 2^-256 of
themselves: products such as p_j*u would be subnormal, for which some processors take a hundred times as
long."""


def reduced(a: Any) -> tuple[Any, Any]:
    """The index j of the nearest a_j and r = a - a_j."""
    steps = (a * 32.0 + ROUND_TO_INTEGER) - ROUND_TO_INTEGER
    # Exact: for j >= 1, a and j/32 are within a factor of two (Sterbenz); for j = 0, r is a.
    return to_index(steps), a - steps * 0.03125


def expm1_minus(r: Any) -> tuple[Any, Any]:
    """expm1(-r) = -r + r^2/2 - r^3/6 + ... as an unevaluated sum; Taylor, |r| <= 1/64."""
    square, square_low = two_square(r)
    series = mul_add(r, -1 / 362880, 1 / 40320)
    series = mul_add(r, series, -1 / 5040)
    series = mul_add(r, series, 1 / 720)
    series = mul_add(r, series, -1 / 120)
    series = mul_add(r, series, 1 / 24)
    series = mul_add(r, series, -1 / 6)
    high, low = fast_two_sum(-r, 0.5 * square)
    return high, low + mul_add(r * square, series, 0.5 * square_low)


def pairs(a: Any) -> tuple[Any, Any, Any, Any]:
    """softplus(-a) and sigmoid(-a) as two pairs, for 0 <= a <= 690."""
    j, r = reduced(a)
    p, p_low = take(SIGMOID_HIGH, j), take(SIGMOID_LOW, j)
    u, u_low, square, square_low = increment(p, p_low, r)
    d, d_low = softplus(take(SOFTPLUS_HIGH, j), take(SOFTPLUS_LOW, j), u, u_low, square, square_low)
    y, y_low = sigmoid(p, p_low, u, u_low, square)
    return d, d_low, y, y_low


def increment(p: Any, p_low: Any, r: Any) -> tuple[Any, Any, Any, Any]:
    """The pair u = p_j * expm1(-r), and u^2 as a sum of two, 0 in the tail."""
    x, x_low = expm1_minus(r)
    product, rest = two_prod(p, x)
    # The pair must be normalised here: what follows squares u and takes u_low for a rounding error.
    u, u_low = fast_two_sum(product, rest + mul_add(p, x_low, p_low * (x + x_low)))
    kept = select(p >= TAIL, u, 0.0)
    square, square_low = two_square(kept)
    square_low = mul_add(2.0 * kept, u_low, square_low)
    return u, u_low, square, square_low


def softplus(s: Any, s_low: Any, u: Any, u_low: Any, square: Any, square_low: Any) -> tuple[Any, Any]:
    """s + log1p(u) = s + u - u^2/2 + u^3/3 - ..."""
    series = mul_add(u, -1 / 10, 1 / 9)
    series = mul_add(u, series, -1 / 8)
    series = mul_add(u, series, 1 / 7)
    series = mul_add(u, series, -1 / 6)
    series = mul_add(u, series, 1 / 5)
    series = mul_add(u, series, -1 / 4)
    series = mul_add(u, series, 1 / 3)
    cubic = mul_add(u * square, series, mul_add(-0.5, square_low, u_low))
    high, first = fast_two_sum(s, u)
    high, second = fast_two_sum(high, -0.5 * square)
    return fast_two_sum(high, first + (second + (s_low + cubic)))


def sigmoid(p: Any, p_low: Any, u: Any, u_low: Any, square: Any) -> tuple[Any, Any]:
    """(p + u)/(1 + u): one division, and its residual times 1 - u + u^2, close to 1/(1 + u)."""
    numerator, error = fast_two_sum(p, u)
    numerator_low = error + (u_low + p_low)
    kept, kept_low = select(p >= TAIL, u, 0.0), select(p >= TAIL, u_low, 0.0)
    denominator, error = fast_two_sum(1.0, kept)
    denominator_low = error + kept_low
    quotient = numerator / denominator
    product, product_low = two_prod(quotient, denominator)
    residual = (numerator - product) - product_low
    residual = residual + (numerator_low - quotient * denominator_low)
    return fast_two_sum(quotient, residual * ((1.0 - u) + square))
