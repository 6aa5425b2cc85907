"""From softplus(-a) and sigmoid(-a) to a result and a bound of its error.

With a = |z|, w = 1-t for z >= 0 and t below, softplus(-a) = d and sigmoid(-a) = y::

    loss     = d + a*w                no term is negative, nothing cancels
    gradient = w - y for z >= 0, -(w - y) below
    hessian  = y * (1 - y)

Each function returns a value, its low word where there are pairs, and a bound of the distance from the
exact result, given that d and y are right to within a relative PAIR (pairs) or PLAIN (no pairs).

Rounding errors, with u = 2^-53: every operation below is on words at most 2u times as large as the leading
one, or is error-free, so that half a dozen of them err by less than 2^-100 of the leading word. That word is
the result's for the loss; for the gradient it is bounded by the result and y, since w <= |g| + y, and
the part of y is covered by what PAIR leaves above the proved bound, more than 2^-90 (a test compares).
Products that underflow are off by less than 2^-1070.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.primitives import absolute, fast_two_sum, mul_add, select, two_prod, two_sum

__all__ = [
    "PAIR",
    "PLAIN",
    "distance",
    "gradient",
    "hard_loss",
    "hessian",
    "loss",
    "plain_gradient",
    "plain_hessian",
    "plain_loss",
]

PAIR = 2.0**-70
"""Relative error of the pairs of ``pairs.pairs``: proved, see reports/proof."""

PLAIN = 2.0**-50
"""Relative error of the numbers of ``plain.plain``: proved, see reports/proof."""

TINY = 2.0**-1070


def distance(z: Any, t: Any) -> tuple[Any, Any]:
    """w as a pair, exact for t in [0, 1]."""
    complement, low = fast_two_sum(1.0, -t)
    return select(z >= 0, complement, t), select(z >= 0, low, 0.0)


def loss(a: Any, w: Any, w_low: Any, d: Any, d_low: Any) -> tuple[Any, Any, Any]:
    """The pair d + a*w, and the bound."""
    product, product_low = two_prod(a, w)
    high, low = two_sum(d, product)
    low = low + (d_low + mul_add(a, w_low, product_low))
    return high, low, PAIR * d + (2.0**-100 * high + TINY)


def hard_loss(a: Any, w: Any, d: Any, d_low: Any) -> tuple[Any, Any, Any]:
    """The same for w = 0 or 1, where a*w is exact."""
    high, low = two_sum(d, a * w)
    return high, low + d_low, PAIR * d + (2.0**-100 * high + TINY)


def gradient(w: Any, w_low: Any, y: Any, y_low: Any) -> tuple[Any, Any, Any]:
    """The pair w - y, and the bound."""
    high, low = two_sum(w, -y)
    low = low + (w_low - y_low)
    # Anchored to y, not to the difference: that is what cancels.
    return high, low, PAIR * y + (2.0**-100 * absolute(high) + TINY)


def hessian(y: Any, y_low: Any) -> tuple[Any, Any, Any]:
    """The pair y*(1 - y), and the bound: the relative errors of y and of 1 - y, 1 - y >= y, add up."""
    complement, low = fast_two_sum(1.0, -y)
    high, rest = two_prod(y, complement)
    low = rest + mul_add(y, low - y_low, y_low * complement)
    return high, low, 2.0 * PAIR * high + (2.0**-100 * high + TINY)


def plain_loss(a: Any, w: Any, d: Any) -> tuple[Any, Any]:
    """The sum d + a*w, rounded three times by at most 2^-53, w included; and the bound."""
    value = mul_add(a, w, d)
    return value, (PLAIN + 2.0**-51) * value


def plain_gradient(w: Any, y: Any) -> tuple[Any, Any]:
    """The difference w - y, w rounded before; and the bound, by w <= |g| + y."""
    value = w - y
    return value, (PLAIN + 2.0**-51) * y + 2.0**-51 * absolute(value)


def plain_hessian(y: Any) -> tuple[Any, Any]:
    """The product y*(1 - y), and the bound."""
    value = y * (1.0 - y)
    return value, (2.0 * PLAIN + 2.0**-51) * value
