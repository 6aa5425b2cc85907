"""Fixed point in floats: exp(-a) = 2^-k * m, m to within 2^-144.

A number is six floats, its limbs: limb l is a multiple of 2^-25(l+1) and hardly larger than 2^-25l/2, but
for limb 0. Products of limbs and sums of up to six of them fit into 53 bits, so that every operation here is
exact, fused or not. An error comes in only where columns below 2^-150 are left out. ``proof.longer`` runs
this source to show both.

Limbs of 26 bits would make sums of six products inexact; expansions of three floats, the usual choice,
round at each step, by errors that are relative to what later cancels.
"""

from __future__ import annotations

from typing import Any

from stablelce.kernels.longer_table import COARSE, FINE, LOG2, MEDIUM, SIXTH
from stablelce.kernels.primitives import mul_add, take, to_index

__all__ = ["exponential", "grow", "nearest_multiple", "settle", "split", "times_short"]

Number = tuple[Any, Any, Any, Any, Any, Any]
"""The six limbs, largest first."""

Short = tuple[Any, Any, Any, Any, Any]
"""Limbs 1 to 5, of a number below 2^-25."""

# Adding and subtracting 3 * 2^(51-g) rounds a float below 2^(51-g) to a multiple of 2^-g.
TO_0, TO_9, TO_17 = 1.5 * 2.0**52, 1.5 * 2.0**43, 1.5 * 2.0**35
TO_25, TO_50, TO_75 = 1.5 * 2.0**27, 1.5 * 2.0**2, 1.5 * 2.0**-23
TO_100, TO_125, TO_150 = 1.5 * 2.0**-48, 1.5 * 2.0**-73, 1.5 * 2.0**-98

PER_LOG2 = 1.4426950408889634
"""1/log(2)."""


def split(x: Any, magic: Any) -> tuple[Any, Any]:
    """The nearest multiple of the magic number's power of two, and the rest, exact."""
    multiple = (x + magic) - magic
    return multiple, x - multiple


def settle(c0: Any, c1: Any, c2: Any, c3: Any, c4: Any, c5: Any) -> Number:
    """Columns, multiples of 2^-25(l+2), as limbs; what is left of the last is dropped, at most 2^-151."""
    c0, e0 = split(c0, TO_25)
    c1, e1 = split(c1, TO_50)
    c2, e2 = split(c2, TO_75)
    c3, e3 = split(c3, TO_100)
    c4, e4 = split(c4, TO_125)
    c5, _ = split(c5, TO_150)
    # Each limb has a bit or two too many now. Carrying once, side by side, leaves one unit at most.
    up1, c1 = split(c1 + e0, TO_25)
    up2, c2 = split(c2 + e1, TO_50)
    up3, c3 = split(c3 + e2, TO_75)
    up4, c4 = split(c4 + e3, TO_100)
    up5, c5 = split(c5 + e4, TO_125)
    return c0 + up1, c1 + up2, c2 + up3, c3 + up4, c4 + up5, c5


def grow(t: Number, x: Number) -> Number:
    """t + t*x, columns below the sixth left out."""
    t0, t1, t2, t3, t4, t5 = t
    x0, x1, x2, x3, x4, x5 = x
    c0 = mul_add(t0, x0, t0)
    c1 = mul_add(t0, x1, mul_add(t1, x0, t1))
    c2 = mul_add(t0, x2, mul_add(t1, x1, mul_add(t2, x0, t2)))
    c3 = mul_add(t0, x3, mul_add(t1, x2, mul_add(t2, x1, mul_add(t3, x0, t3))))
    c4 = mul_add(t0, x4, mul_add(t1, x3, mul_add(t2, x2, mul_add(t3, x1, mul_add(t4, x0, t4)))))
    c5 = mul_add(t2, x3, mul_add(t3, x2, mul_add(t4, x1, mul_add(t5, x0, t5))))
    return settle(c0, c1, c2, c3, c4, mul_add(t0, x5, mul_add(t1, x4, c5)))


def times_short(t: Number, x: tuple[Any, Any]) -> Number:
    """t*x for an x of two limbs."""
    x0, x1 = x
    t0, t1, t2, t3, t4, t5 = t
    c1, c2, c3 = mul_add(t0, x1, t1 * x0), mul_add(t1, x1, t2 * x0), mul_add(t2, x1, t3 * x0)
    return settle(t0 * x0, c1, c2, c3, mul_add(t3, x1, t4 * x0), mul_add(t4, x1, t5 * x0))


def nearest_multiple(a: Any) -> Any:
    """An integer k with |a - k*log(2)| <= log(2)/2 but for a rounding error."""
    return (a * PER_LOG2 + TO_0) - TO_0


def remainder(k: Any, a0: Any, a1: Any, a2: Any, a3: Any) -> tuple[Any, Any, Any, Any, Any]:
    """a - k*log(2): a multiple of 2^-50, and the limbs 2 to 5."""
    c6, _ = split(-k * LOG2[6], TO_150)
    up5, c5 = split(c6 - k * LOG2[5], TO_125)
    up4, c4 = split(up5 - k * LOG2[4], TO_100)
    up3, c3 = split(up4 + (a3 - k * LOG2[3]), TO_75)
    up2, c2 = split(up3 + (a2 - k * LOG2[2]), TO_50)
    return (a0 - k * LOG2[0]) + (up2 + (a1 - k * LOG2[1])), c2, c3, c4, c5


def fourth_order(r1: Any, r2: Any) -> Any:
    """r/24 - r^2/120 + r^3/720 to within 2^-78, in ordinary arithmetic; |r| <= 2^-25.

    The limbs left out change it by 2^-75/24, the rounding errors by less than 4 * 2^-53 * 2^-29, and the rest
    of the series is below 2^-112.
    """
    v = r1 + r2
    return v * (1 / 24 - v * (1 / 120 - v * (1 / 720)))


def third_order(r: Short, t: Any) -> tuple[Any, Any, Any]:
    """r*(1/6 - t) in limbs 1 to 3."""
    r1, r2, r3, _, _ = r
    t1, t2 = split(t, TO_50)
    t2, _ = split(t2, TO_75)
    u0, u1, u2 = SIXTH[0], SIXTH[1] - t1, SIXTH[2] - t2
    p1, e1 = split(r1 * u0, TO_50)
    p2, e2 = split(mul_add(r2, u0, r1 * u1), TO_75)
    p3, _ = split(mul_add(r3, u0, mul_add(r2, u1, r1 * u2)), TO_100)
    return p1, p2 + e1, p3 + e2


def second_order(r: Short, p: tuple[Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
    """r*(1/2 - p) in limbs 1 to 4."""
    r1, r2, r3, r4, _ = r
    p1, p2, p3 = p
    q1, e1 = split(0.5 * r1, TO_50)
    q2, e2 = split(mul_add(0.5, r2, -(r1 * p1)), TO_75)
    q3, e3 = split(mul_add(0.5, r3, -mul_add(r2, p1, r1 * p2)), TO_100)
    q4, _ = split(mul_add(0.5, r4, -mul_add(r3, p1, mul_add(r2, p2, r1 * p3))), TO_125)
    return q1, q2 + e1, q3 + e2, q4 + e3


def first_order(r: Short, q: tuple[Any, Any, Any, Any]) -> Number:
    """-r + r*q."""
    r1, r2, r3, r4, r5 = r
    q1, q2, q3, q4 = q
    c2 = mul_add(r1, q1, -r2)
    c3 = mul_add(r1, q2, mul_add(r2, q1, -r3))
    c4 = mul_add(r1, q3, mul_add(r2, q2, mul_add(r3, q1, -r4)))
    c5 = mul_add(r1, q4, mul_add(r2, q3, mul_add(r3, q2, mul_add(r4, q1, -r5))))
    return settle(0.0 * r1, -r1, c2, c3, c4, c5)


def expm1_minus(r: Short) -> Number:
    """exp(-r) - 1 = -r + r*(r/2 - r*(r/6 - r*t)), t = r/24 - r^2/120 + ...: Taylor, |r| <= 2^-25."""
    r1, r2, _, _, _ = r
    return first_order(r, second_order(r, third_order(r, fourth_order(r1, r2))))


def row(columns: Any, index: Any) -> Number:
    """An entry of a level of the table."""
    limb0, limb1, limb2 = take(columns[0], index), take(columns[1], index), take(columns[2], index)
    return limb0, limb1, limb2, take(columns[3], index), take(columns[4], index), take(columns[5], index)


def exponential(a0: Any, a1: Any, a2: Any, a3: Any) -> tuple[Any, Number]:
    """exp(-a) = 2^-k * m for a = a0 + a1 + a2 + a3 in limbs, 0 <= a <= 746."""
    k = nearest_multiple(a0)
    x, r2, r3, r4, r5 = remainder(k, a0, a1, a2, a3)
    i, x = split(x, TO_9)
    j, x = split(x, TO_17)
    n, r1 = split(x, TO_25)
    m = row(COARSE, to_index(i * 2.0**9 + 178.0))
    m = grow(m, row(MEDIUM, to_index(j * 2.0**17 + 128.0)))
    m = grow(m, row(FINE, to_index(n * 2.0**25 + 128.0)))
    return k, grow(m, expm1_minus((r1, r2, r3, r4, r5)))
