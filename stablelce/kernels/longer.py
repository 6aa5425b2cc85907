"""The stage between ``wide`` and ``exact``: sigmoid(-a) to 2^-140, softplus(-a) to 2^-108, subnormal results.

What comes here in numbers are targets next to sigmoid(z), where w - y loses more than 53 bits and the 70 of
``pairs`` do not suffice, and hard targets at logits beyond the table, where results are subnormal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels.finals import distance
from stablelce.kernels.longer_rounding import distilled, distilled_long, rounded
from stablelce.kernels.longer_values import (
    LEAST,
    TINY_E,
    exp_minus,
    factor,
    powers,
    sigmoid,
    slope,
    softplus,
    softplus_of_small,
    spacing,
)
from stablelce.kernels.plain import plain
from stablelce.kernels.primitives import absolute, select, two_prod
from stablelce.kernels.rounding import Doubles, Rounded
from stablelce.kernels.table_layout import LIMIT

__all__ = ["gradient", "gradient_of", "hessian", "longer", "loss", "loss_of", "parts"]

SIGMOID = 2.0**-140
"""Relative error of the words of sigmoid(-a): proved, see ``longer_values`` and ``proof.longer``."""

SOFTPLUS = 2.0**-108
"""Relative error of the words of softplus(-a), likewise."""

SLOPE = 2.0**-100
"""Error of sigmoid(-a)*sigmoid(a) relative to sigmoid(-a), likewise."""

CLOSE = 2.0**-48
"""Bound of g, tested: c and d are good to 2^-49."""

LAST = 746.0
"""The largest a; beyond it results are zero."""

LARGE = 2.0**900
"""Bound of w * 2^k: the words of products with a stay finite below."""


def parts(a: Any) -> tuple[Any, ...]:
    """What all quantities need: a and where it is served, exp(-a) = 2^-k * m, powers of 2, sigmoid(-a)."""
    served = (a >= LEAST) & (a <= LAST)
    a = select(served, a, 1.0)
    k, m = exp_minus(a)
    down, more_down, up, more_up = powers(k)
    scale = factor(k, down, more_down)
    return a, served, k, m, (down, more_down, up, more_up), scale, sigmoid(scale, m)


def gradient_of(made: tuple[Any, ...], w: Any, w_low: Any) -> tuple[Any, Any]:
    """The gradient from the parts."""
    _, served, _, _, (down, more_down, up, more_up), _, (y0, y1, y2, g) = made
    w, w_low = (w * up) * more_up, (w_low * up) * more_up
    s, x, error = distilled(w, w_low, -y0, -y1, -y2)
    value, sure = rounded(s, x, error + SIGMOID * y0, spacing(up, more_up))
    sure = sure & served & (absolute(g) < CLOSE) & (w < LARGE)
    return (value * down) * more_down, sure


def loss_of(made: tuple[Any, ...], w: Any, w_low: Any) -> tuple[Any, Any]:
    """The loss from the parts."""
    a, served, k, m, (down, more_down, up, more_up), scale, (y0, y1, y2, g) = made
    near, _ = plain(select(a <= LIMIT, a, LIMIT))
    d0, d1, d2, h = softplus(scale, m, near)
    e0, e1, e2 = softplus_of_small(scale, y0, y1, y2)
    small = k >= TINY_E
    power = select(small, 1.0, up * more_up)
    d0, d1, d2 = select(small, e0, d0 * power), select(small, e1, d1 * power), select(small, e2, d2 * power)
    # Scaled before they are multiplied, as the low word of a product must not be subnormal.
    w, w_low = (w * up) * more_up, (w_low * up) * more_up
    p, p_low = two_prod(a, w)
    q, q_low = two_prod(a, w_low)
    s, x, error = distilled_long(p, q, p_low, q_low, d0, d1, d2)
    # Products below 2^-968 may be off by a few times 2^-1075; a subnormal bound would take longer to add.
    underflow = select(w == 0, 0.0, 2.0**-1020)
    value, sure = rounded(s, x, error + (SOFTPLUS * d0 + underflow), spacing(up, more_up))
    close = (absolute(g) < CLOSE) & (small | (absolute(h) < CLOSE))
    return (value * down) * more_down, sure & served & close & (w < LARGE)


def gradient(a: Any, w: Any, w_low: Any) -> tuple[Any, Any]:
    """w - sigmoid(-a), rounded to binary64, and whether that is decided."""
    return gradient_of(parts(a), w, w_low)


def hessian(a: Any) -> tuple[Any, Any]:
    """sigmoid(-a) * (1 - sigmoid(-a)), likewise."""
    _, served, _, _, (down, more_down, up, more_up), scale, (y0, y1, y2, g) = parts(a)
    s, x, error = distilled(*slope(scale, y0, y1, y2))
    value, sure = rounded(s, x, error + SLOPE * y0, spacing(up, more_up))
    return (value * down) * more_down, sure & served & (absolute(g) < CLOSE)


def loss(a: Any, w: Any, w_low: Any) -> tuple[Any, Any]:
    """softplus(-a) + a*w, likewise."""
    return loss_of(parts(a), w, w_low)


def longer(base: str, sign: float, z: Doubles, t: Doubles, fmt: Format) -> Rounded:
    """Losses, gradients or hessians at finite z and t in [0, 1], times a sign, and where they are decided.

    The narrower formats are left to the stage before, which decides all but a few of theirs.
    """
    if fmt != BINARY64:
        return np.zeros(z.shape, fmt.uint), np.zeros(z.shape, bool)
    a = np.abs(z)
    w, w_low = distance(z, t)
    if base == "hessian":
        values, decided = hessian(a)
    elif base == "loss":
        values, decided = loss(a, w, w_low)
    else:
        values, decided = gradient(a, w, w_low)
        values = np.where(z >= 0, values, -values)
    return (sign * values).view(np.uint64), decided
