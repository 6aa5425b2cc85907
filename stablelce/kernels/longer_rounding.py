"""Sums of up to seven words, known to within a bound, rounded to binary64: for the longer kernels.

``expansion.round_sum`` in the vocabulary of the kernels, with subnormal results, and without what is there
for exact midpoints, which ``wide`` has decided.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.primitives import absolute, select, two_sum

__all__ = ["distilled", "distilled_long", "rounded"]


def distilled(a: Any, b: Any, c: Any, d: Any, e: Any) -> tuple[Any, Any, Any]:
    """Five words as s + x, s = RN(s + x), and a bound of the rounding error of x: exact but for that."""
    d, e = two_sum(d, e)
    c, d = two_sum(c, d)
    b, c = two_sum(b, c)
    a, b = two_sum(a, b)
    d, e = two_sum(d, e)
    c, d = two_sum(c, d)
    b, c = two_sum(b, c)
    a, b = two_sum(a, b)
    # Where the leading words have cancelled, the next ones move up.
    b, c = two_sum(b, c)
    a, b = two_sum(a, b)
    c, d = two_sum(c, d)
    b, c = two_sum(b, c)
    rest = c + (d + e)
    error = 2.0**-52 * (absolute(c) + (absolute(d) + absolute(e)))
    x = b + rest
    s, y = two_sum(a, x)
    return s, y, error + 2.0**-51 * absolute(x)


def distilled_long(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> tuple[Any, Any, Any]:
    """The same for seven words."""
    f, g = two_sum(f, g)
    e, f = two_sum(e, f)
    d, e = two_sum(d, e)
    c, d = two_sum(c, d)
    b, c = two_sum(b, c)
    a, b = two_sum(a, b)
    f, g = two_sum(f, g)
    e, f = two_sum(e, f)
    # f and g are of no account but for their size.
    s, x, error = distilled(a, b, c, d, e)
    rest = f + g
    return s, x + rest, error + 2.0**-51 * (absolute(f) + absolute(g) + absolute(x))


def rounded(s: Any, x: Any, slack: Any, spacing: Any) -> tuple[Any, Any]:
    """The number s + x, known to within a slack, rounded to binary64; and whether that is decided.

    Parameters
    ----------
    s, x : float
        Words with s = RN(s + x).
    slack : float
        Bound of the distance from s + x to the number that is meant.
    spacing : float
        A power of two: the number counts in units of which the smallest subnormal number is this.

    Notes
    -----
    Below 2^52 spacings, s is a multiple of half a spacing or less, and the floats of the result are the
    multiples of the spacing. Let q be the nearest to |s|, e = |s| - q, exact. If |e| is half a spacing, the
    sign of x says which way to go. Else |e| is short of that by ulp(s) at least, which is more than |x|.
    """
    small = absolute(s) < 2.0**52 * spacing
    size = absolute(s)
    x = select(s < 0, -x, x)
    magic = 2.0**52 * spacing
    q = (size + magic) - magic
    e = size - q
    tie = absolute(e) == 0.5 * spacing
    near = (slack <= 2.0**-55 * size) & (size + x == size)
    stepped = select(tie & ((x > 0) == (e > 0)), q + 2.0 * e, q)
    lower, upper = size + (x - slack), size + (x + slack)
    sure = select(small, (absolute(x) > slack) | (absolute(e) < 0.5 * spacing), lower == upper)
    value = select(small, stepped, lower)
    return select(s < 0, -value, value), near & sure
