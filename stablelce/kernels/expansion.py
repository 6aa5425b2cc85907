"""Rounding an exact sum of words that is known to within a bound.

A sum of words is brought to the form s + d + rest, s = RN(s + d), by passes of two_sum, which are exact.
Whether that form was reached is tested, not assumed, so that the number of passes is a matter of speed.
"""

from __future__ import annotations

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels.primitives import two_sum
from stablelce.kernels.rounding import Doubles, Mask, Rounded, agree, narrow

__all__ = ["round_sum"]


def round_sum(words: list[Doubles], bound: Doubles, fmt: Format) -> Rounded:
    """Sums of words, each known to within a bound, rounded to a format.

    Parameters
    ----------
    words : list of ndarray
        Three binary64 words or more, finite, whose exact sum is meant.
    bound : ndarray
        Distance from the exact sum of the words to the value that is meant.
    fmt : Format
        Format of the results.

    Returns
    -------
    encodings : ndarray of unsigned integers
        The results.
    decided : ndarray of bool
        Where they are right.
    """
    s, d, rest, error = _normalised(words)
    slack = 2.0 * (bound + error)
    if fmt == BINARY64:
        values, sure = _round(s, d, rest, slack)
        return values.view(np.uint64), sure
    values, sure = _round_to_odd(s, d, rest, slack)
    out = np.empty(values.shape, fmt.dtype)
    narrow(values, fmt, out)
    # Where a cancellation leaves less than 53 bits of the value, these may be more than the format needs.
    encodings, agreed = agree(s, d + rest, slack + 2.0**-51 * np.abs(d), fmt)
    return np.where(sure, out.view(fmt.uint), encodings), sure | agreed


def _normalised(words: list[Doubles]) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Leading word, second word, sum of the others, and a bound of the rounding error of that sum."""
    words = list(words)
    for start in range(min(len(words) - 1, 4)):
        for i in range(len(words) - 1, start, -1):
            words[i - 1], words[i] = two_sum(words[i - 1], words[i])
    for i in range(2):  # once more from the top, where a cancellation may have left a gap
        words[i], words[i + 1] = two_sum(words[i], words[i + 1])
    words[0], words[1] = two_sum(words[0], words[1])
    rest, size = np.zeros_like(words[0]), np.zeros_like(words[0])
    for word in words[2:]:
        rest, size = rest + word, size + np.abs(word)
    return words[0], words[1], rest, 2.0**-50 * size


def _round(s: Doubles, d: Doubles, rest: Doubles, slack: Doubles) -> tuple[Doubles, Mask]:
    """Binary64 results.

    With s = RN(s + d), the value s + d + rest rounds to s unless it is at least half the way to a neighbour.
    Three cases are decided. (1) s + (1 + 2^-49) d rounds to s, and the rest is below 2^-51 |d|. (2) d is less
    than half the way, which is a power of two or, as d, a multiple of the last place of d: short of it by
    at least 2^-53 |d|, and the rest is no more. (3) d is exactly half the way: s + 2d is a float, so that
    (s + 2d) - s gives 2d back; then the sign of the rest decides.
    """
    neighbour = s + 2.0 * d
    midpoint = (neighbour - s == 2.0 * d) & (d != 0)
    size = np.abs(rest) + slack
    clear = (s + d * (1 + 2.0**-49) == s) & (size <= 2.0**-51 * np.abs(d))
    short = size <= 2.0**-53 * np.abs(d)
    shown = (np.abs(rest) > slack) & (size < np.abs(d))
    values = np.where(midpoint & ((rest > 0) == (d > 0)), neighbour, s)
    sure = (s + d == s) & (np.abs(d) > 2.0**-960)
    return values, sure & np.where(midpoint, shown, clear | short)


def _round_to_odd(s: Doubles, d: Doubles, rest: Doubles, slack: Doubles) -> tuple[Doubles, Mask]:
    """Numbers of 53 bits that round to every format of at most 51 as the value does: truncated, last bit 1.

    S. Boldo, G. Melquiond, *Emulation of FMA and correctly rounded sums*, IEEE Trans. Computers 57 (2008).
    """
    # What is added to s has the sign of d, and is below 2|d|, which is at most a last place of s.
    sure = (s + d == s) & (np.abs(rest) + slack < np.abs(d) * (1 - 2.0**-50)) & (s != 0)
    toward_zero = (d > 0) != (s > 0)
    bits = s.view(np.uint64) - toward_zero.astype(np.uint64)
    return (bits | np.uint64(1)).view(np.float64), sure
