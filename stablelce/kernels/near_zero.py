"""Gradients next to z = 0 and t = 1/2, where all but the smallest terms cancel.

With a = |z| < 2^-47 and w as in ``finals``::

    w - sigmoid(-a) = (w - 1/2) + a/4 - R         0 < R < a^3/48, R > a^3/48 - a^5/480, for a > 0

A model whose weights are zero, or nearly so, has all its logits here.

* t = 1/2: a/4 - R. As R < 2^-97 a/4, the result is a/4 where that is a float of the format, and where it is
  halfway between two subnormal ones, the lower; at a = 0 it is exactly +0.
* a = 0, t in [1/4, 3/4]: 1/2 - t, a float of the format (Sterbenz).
* t in [1/4, 3/4] else: w - 1/2 is a multiple of 2^-54 in binary64 and not 0, so that any a in (0, 2^-300] has
  the same result: there is nothing between 2^-302 and 0 that a rounding could meet. The sum of the words is
  exact and R known to a relative 2^-49.
"""

from __future__ import annotations

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels.expansion import round_sum
from stablelce.kernels.finals import distance
from stablelce.kernels.rounding import Doubles, Encodings, Rounded, encode

__all__ = ["NEAR", "near_zero"]

NEAR = 2.0**-47

STAND_IN = 2.0**-300
"""Takes the place of what is smaller."""


def near_zero(base: str, sign: float, z: Doubles, t: Doubles, fmt: Format) -> Rounded:
    """Gradients at finite z and t in [0, 1], times a sign, and where they are decided."""
    a = np.abs(z)
    served = (a < NEAR) & (t >= 0.25) & (t <= 0.75)
    if base != "gradient" or not served.any():
        return np.zeros(z.shape, fmt.uint), np.zeros(z.shape, bool)
    a, t = np.where(served, a, 0.0), np.where(served, t, 0.5)
    half, zero = t == 0.5, a == 0
    signs = np.where(z >= 0, sign, -sign)
    results = np.where(half, _quarters(a, fmt) ^ _sign_bits(signs, fmt), encode(sign * (0.5 - t), fmt))
    results[half & zero] = 0
    rest = np.flatnonzero(~(half | zero))
    if rest.size:
        results[rest], served[rest] = _sums(a[rest], z[rest], t[rest], signs[rest], fmt)
    return results, served


def _sums(a: Doubles, z: Doubles, t: Doubles, signs: Doubles, fmt: Format) -> Rounded:
    """The sum (w - 1/2) + a/4 - R for t other than 1/2."""
    a = np.maximum(a, STAND_IN)
    w, w_low = distance(z, t)
    remainder = a * a * a / 48
    words = [w, w_low, np.full_like(w, -0.5), 0.25 * a, -remainder]
    return round_sum([signs * word for word in words], 2.0**-49 * remainder, fmt)


def _quarters(a: Doubles, fmt: Format) -> Encodings:
    """a/4, rounded to nearest, and toward zero where it is halfway between two floats."""
    if fmt != BINARY64:  # a/4 is exact, and a step of binary64 from it matters where it is halfway only
        return encode(np.nextafter(0.25 * a, 0.0), fmt)
    # Below 2^-1020 in units of the smallest number, whose multiples are encoded by their factors.
    tiny = a < 2.0**-1020
    units = (np.where(tiny, a, 0.0) * 2.0**1000 * 2.0**74).astype(np.uint64)
    return np.where(tiny, (units + np.uint64(1)) // np.uint64(4), (0.25 * a).view(np.uint64))


def _sign_bits(signs: Doubles, fmt: Format) -> Encodings:
    bits: Encodings = (signs < 0).astype(fmt.uint) * fmt.uint.type(fmt.sign_bit)
    return bits
