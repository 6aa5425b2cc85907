"""Label smoothing, exact and rounded once:  t' = t*(1 - s) + s/2 = t + s/2 - t*s."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stablelce.formats import BINARY64, find_format
from stablelce.kernels.rounding import Block, Doubles, narrow, widen

__all__ = ["smooth"]


def smooth(targets: Block, smoothing: float) -> Block:
    """Smoothed targets in the format of the targets: exact values rounded once, ties to even.

    A pair of binary64 numbers carries t' with an error below ``bound``. Where both ends of that
    interval round to one float, this is it; the other values, each distinct one once, are rounded as
    rationals.

    Parameters
    ----------
    targets : ndarray
        Block of targets in one of the four formats.
    smoothing : float
        s, a value of that format in [0, 1].

    Returns
    -------
    ndarray
        t' with the dtype of the targets. Infinite targets and NaN stay.
    """
    fmt = find_format(targets.dtype)
    t = widen(targets)
    finite = np.isfinite(t)
    t = np.where(finite, t, 0.0)
    high, low = _smoothed_pair(t, smoothing)
    # Three roundings of terms below 2^-52 * (|t| + s), each by at most 2^-53: less than 2^-102 in all;
    # 2^-1070 covers the products that underflow.
    bound = 2.0**-100 * (np.abs(t) + smoothing) + 2.0**-1070
    lower, upper = high + (low - bound), high + (low + bound)
    if fmt != BINARY64:  # rounding twice: step outward, so that the ends enclose t' before the second
        lower, upper = np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)
    result, other = np.empty_like(targets), np.empty_like(targets)
    narrow(lower, fmt, result)
    narrow(upper, fmt, other)
    bits = result.view(fmt.uint)
    undecided = np.flatnonzero((bits != other.view(fmt.uint)) | np.isnan(low))
    values, where = np.unique(t[undecided], return_inverse=True)
    s = Fraction(smoothing)
    exact = [fmt.round(Fraction(value) * (1 - s) + s / 2) for value in values.tolist()]
    bits[undecided] = np.array(exact, dtype=fmt.uint)[where]
    result[~finite] = targets[~finite]
    return result


def _smoothed_pair(t: Doubles, s: float) -> tuple[Doubles, Doubles]:
    """The sum t + s/2 - t*s as a normalised pair; only the last line rounds, and products that underflow."""
    total, total_error = _two_sum(t, np.full_like(t, s / 2))
    product, product_error = _two_product(t, np.full_like(t, s))
    difference, difference_error = _two_sum(total, -product)
    return _two_sum(difference, total_error + (difference_error - product_error))


def _two_sum(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """Floats with a + b = s + e exactly (Knuth)."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def _two_product(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """Floats with a*b = p + e exactly while nothing underflows (Dekker, with Veltkamp's splitting)."""
    p = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(a: Doubles) -> tuple[Doubles, Doubles]:
    scaled = 134217729.0 * a  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high
