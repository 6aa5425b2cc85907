"""The second stage: results as a short exact sum and one small remainder, logits beyond the table included.

The loss is B + D with B = a*w exact and D = softplus(-a), the gradient w - y. Where B, or w, is a midpoint
of the format, or close to one, no bound relative to the whole decides. But the exact part fits in a few
words, and the rounding needs D only as well as it is known, to a relative 2^-70. So targets such as 1/4, for
which B is a midpoint at every third logit above 64, are decided at once.

Beyond a = 690, D and y are positive and below 2^-995. Where every word of the exact part is 0 or at least
2^-800, all distances in sight are at least 2^-906 (words, and low words of products), and any other positive
remainder leads to the same result.
"""

from __future__ import annotations

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels import finals
from stablelce.kernels.expansion import round_sum
from stablelce.kernels.pairs import pairs
from stablelce.kernels.primitives import two_prod
from stablelce.kernels.rounding import Doubles, Mask, Rounded
from stablelce.kernels.table_layout import LIMIT

__all__ = ["wide"]

STAND_IN = 2.0**-940
"""Takes the place of a remainder below 2^-995."""

LEAST_WORD = 2.0**-800

ALL_ZERO = 746.0
"""Beyond it exp(-a) < 2^-1076 rounds to zero in every format."""


def wide(base: str, sign: float, z: Doubles, t: Doubles, fmt: Format) -> Rounded:
    """Losses, gradients or hessians at finite z and t in [0, 1], times a sign, and where they are decided."""
    a = np.abs(z)
    far = a > LIMIT
    d, d_low, y, y_low = pairs(np.where(far, 0.0, a))
    w, w_low = finals.distance(z, t)
    vanished = far if fmt != BINARY64 else a > ALL_ZERO
    if base == "hessian":
        return np.zeros(z.shape, fmt.uint), vanished
    if base == "loss":
        # Products of large logits would overflow where a word is split; a power of two makes them smaller.
        scale = np.where(a > 2.0**400, 2.0**-512, 1.0)
        words = [*two_prod(a * scale, w), *two_prod(a * scale, w_low)]
        clear = _clear(words[::2])
        remainder, remainder_low, toward = d, d_low, 1.0
        signs = np.full_like(z, sign)
    else:
        scale = np.ones_like(z)
        words = [w, w_low]
        clear = _clear(words)
        remainder, remainder_low, toward = -y, -y_low, -1.0
        signs = np.where(z >= 0, sign, -sign)
    bound = np.where(far, 0.0, finals.PAIR * np.abs(remainder) + finals.TINY)
    words.append(np.where(far, toward * STAND_IN, remainder))
    words.append(np.where(far, 0.0, remainder_low))
    encodings, decided = round_sum([signs * word for word in words], bound, fmt)
    if fmt == BINARY64:
        encodings = (encodings.view(np.float64) / scale).view(np.uint64)
    nothing = far & (w == 0) & (w_low == 0)
    zeros = np.signbit(signs * toward) * fmt.uint.type(fmt.sign_bit)
    return np.where(nothing, zeros, encodings), np.where(nothing, vanished, decided & (clear | ~far))


def _clear(words: list[Doubles]) -> Mask:
    """Where every word is 0 or large enough to show the sign of a remainder beyond the table."""
    sizes = [np.abs(word) for word in words]
    clear: Mask = np.logical_and.reduce([(size == 0) | (size >= LEAST_WORD) for size in sizes])
    return clear
