"""softplus(-a), sigmoid(-a) and its slope as sums of three words, scaled by a power of two.

With exp(-a) = s*m, s = 2^-k, from ``longer_limbs``, and c close to 1/(1 + s*m), in two limbs::

    (1 + s*m)*c   = 1 + g                     |g| < 2^-48
    sigmoid(-a)/s = m*c/(1 + g) = m*c*(1 - g + g^2 - ...)

and with d close to softplus(-a), in one word::

    (1 + s*m)*exp(-d) = 1 + g                 |g| < 2^-48
    softplus(-a)      = d + log1p(g) = d + g - g^2/2 + ...

Neither c nor d need be known to be close: the identities are exact for any, and g is tested at the end.
For k >= 30 a g that is right to 2^-145 is not enough beside softplus(-a); there, with y = sigmoid(-a),
softplus(-a) = -log1p(-y) = y + y^2/2 + y^3/3 + ...

A value is three words v0 + v1 + v2 that stand for 2^k times it.

Errors. ``proof.longer`` proves that the limbs of m are off by less than 2^-146.3, those of m*c by 2^-146.2,
those of m*exp(-d)*2^k by 2^-144.7, with s <= 1 and 0.70 < m < 1.42. Let |g| < 2^-48, which is tested. In
units of 2^-148, sigmoid(-a)*2^k is off by

* 3.5 for m*c, and 5.3 for g: the same error times m*c, and two roundings of its low word, below 2^-99.2;
* 10 for what is left out of the products: w0*2*g*low 4.9, w1*g^2 4, w2*g and w1*low 0.5 each;
* 7 for roundings: four in w0*(g^2 - g^3), below 2^-95.5, and two in sums below 2^-95; the others are small;

together less than 2^-143, where the value is above 0.41: a relative 2^-141. softplus(-a), for k < 30 above
2^-29.6, is off by 2^-146.3 + 2^-144.7 for g and less than 2^-146 for the rest: a relative 2^-114. For k >= 30
what counts are the roundings of y^3/3 + ..., six of a relative 2^-53 in a term below 2^-60.5 y: 2^-110. The
slope has those of its low word, a relative 2^-104. Products that underflow are off by 2^-1074. Beyond
k = 300, where s is taken for 0, s*m and what comes of it are less than a relative 2^-299.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.longer_limbs import (
    TO_0,
    TO_25,
    TO_50,
    TO_75,
    Number,
    exponential,
    grow,
    split,
    times_short,
)
from stablelce.kernels.longer_table import DOWN, UP
from stablelce.kernels.primitives import (
    fast_two_sum,
    mul_add,
    select,
    take,
    to_index,
    two_prod,
    two_square,
    two_sum,
)

__all__ = [
    "LEAST",
    "TINY_E",
    "exp_minus",
    "factor",
    "powers",
    "sigmoid",
    "slope",
    "softplus",
    "softplus_of_small",
    "spacing",
]

Words = tuple[Any, Any, Any]

LEAST = 2.0**-47
"""The least a: its last bit is 2^-100 at least, so that it fits into four limbs."""

TINY_E = 30.0
"""From this k on softplus(-a) is taken from sigmoid(-a)."""

LAST_SCALE = 300.0
"""Up to this k, s is not taken for 0."""

MIDDLE = 2.0**437


def powers(k: Any) -> tuple[Any, Any, Any, Any]:
    """Two powers of two with product 2^-k, as that may be below 2^-1074, and their inverses."""
    half = (0.5 * k - 0.25 + TO_0) - TO_0
    i, j = to_index(half), to_index(k - half)
    return take(DOWN, i), take(DOWN, j), take(UP, i), take(UP, j)


def factor(k: Any, down: Any, more_down: Any) -> Any:
    """s = 2^-k as the product of two, and 0 beyond k = 300, where no digit of a result depends on it.

    Its products would be subnormal, and many processors take a hundred times as long for one of those.
    """
    return select(k <= LAST_SCALE, down, 0.0) * more_down


def spacing(up: Any, more_up: Any) -> Any:
    """2^(k-1074) from the two factors of 2^k, the step of subnormal results, but 2^-200 where that is more.

    It matters to values below 2^52 of it. For 2^-200 these are below 2^-148; the bounds of error, in the same
    units, are at least 2^-142, so that such a value is not decided whatever the step.
    """
    up, more_up = select(up > MIDDLE, up, MIDDLE), select(more_up > MIDDLE, more_up, MIDDLE)
    return (up * 2.0**-537) * (more_up * 2.0**-537)


def exp_minus(a: Any) -> tuple[Any, Number]:
    """k and m with exp(-a) = 2^-k * m, for 2^-47 <= a <= 746."""
    a0, rest = split(a, TO_25)
    a1, rest = split(rest, TO_50)
    a2, a3 = split(rest, TO_75)
    return exponential(a0, a1, a2, a3)


def words(m: Number) -> Words:
    """Limbs two by two: exact."""
    m0, m1, m2, m3, m4, m5 = m
    return m0 + m1, m2 + m3, m4 + m5


def sigmoid(s: Any, m: Number) -> tuple[Any, Any, Any, Any]:
    """The three words of sigmoid(-a), and g."""
    m0, m1, _, _, _, _ = m
    c = 1.0 / (1.0 + s * (m0 + m1))
    c0, rest = split(c, TO_25)
    c1, _ = split(rest, TO_50)
    w0, w1, w2 = words(times_short(m, (c0, c1)))
    g, low = deviation(s * w0, s * w1, s * w2, (1.0 - c0) - c1)
    # The series 1 - g + g^2 - g^3, times w0 + w1 + w2.
    product, product_low = two_prod(w0, g)
    tail = w0 * (g * g * (1.0 - g)) - mul_add(w0, low, w1 * g)
    tail = (w2 - product_low) + tail
    second, third = two_sum(w1, -product)
    first, second = fast_two_sum(w0, second)
    return first, second, third + tail, g


def deviation(w0: Any, w1: Any, w2: Any, subtracted: Any) -> tuple[Any, Any]:
    """w0 + w1 + w2 less what is subtracted, as an unevaluated sum; its words nearly cancel."""
    high, first = two_sum(w0, -subtracted)
    high, second = two_sum(high, w1)
    return high, (first + w2) + second


def softplus(s: Any, m: Number, d: Any) -> tuple[Any, Any, Any, Any]:
    """softplus(-a) from a d close to it, not scaled: three words, and g."""
    d0, rest = split(d, TO_25)
    d1, rest = split(rest, TO_50)
    d2, _ = split(rest, TO_75)
    k, f = exponential(d0, d1, d2, 0.0 * d2)
    f0, f1, f2, f3, f4, f5 = f
    w0, w1, w2 = words(grow(m, (f0 - 1.0, f1, f2, f3, f4, f5)))
    v0, v1, v2 = words(f)
    half = select(k > 0, 0.5, 1.0)  # d <= log(2), so that k <= 1
    s = s * half
    second, third = two_sum(half * v1, s * w1)
    g, low = deviation(s * w0, second, third + (half * v2 + s * w2), 1.0 - half * v0)
    tail = low - g * g * (0.5 - g * (1.0 / 3.0))
    first, second = two_sum(d0 + (d1 + d2), g)
    return first, second, tail, g


def softplus_of_small(s: Any, y0: Any, y1: Any, y2: Any) -> Words:
    """The three words of softplus(-a) from those of sigmoid(-a), for k >= 30."""
    square, square_low = two_square(y0)
    u = s * y0
    series = mul_add(u, mul_add(u, 1.0 / 5.0, 1.0 / 4.0), 1.0 / 3.0)
    tail = s * mul_add(0.5, square_low, y0 * y1) + y0 * (u * u * series)
    second, third = two_sum(y1, s * (0.5 * square))
    first, second = fast_two_sum(y0, second)
    return first, second, (y2 + third) + tail


def slope(s: Any, y0: Any, y1: Any, y2: Any) -> tuple[Any, Any, Any, Any, Any]:
    """y*(1 - y), y = sigmoid(-a): five words."""
    square, square_low = two_square(y0)
    return y0, y1, y2, -s * square, -s * mul_add(2.0 * y0, y1 + y2, square_low)
