"""Results in shorter formats by NumPy's binary64 functions, where these decide: a sieve before the oracle.

Formulas and functions are others than those of the library's kernels. It assumes that exp and log1p of
binary64 err by less than 2^-47 of the value, thirty times what the makers of such functions promise; a test
compares a sample with the oracle. Where both ends of an interval of 2^-45 about the value round alike, the
result is known. The others are for the oracle: a few in a million, but a third of the logits where 1 - t is a
midpoint of the format, or t is 1/2.

A cast to bfloat16 rounds to binary32 first. Both roundings are monotonic, and the first moves a number by at
most 2^-24 of it, or 2^-150: an interval wider by more than that has the exact value's rounding between those
of its ends. Below 2^-136 both roundings give zero, the sign of which a wider interval would lose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import BFLOAT16, Format

__all__ = ["by_binary64"]

RELATIVE = 2.0**-45

Doubles = npt.NDArray[np.float64]


def by_binary64(quantity: str, z: Any, t: Any, fmt: Format) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Encodings of results at finite logits and targets in [0, 1] of a format, and where they are decided."""
    with np.errstate(all="ignore"):
        value, size = _value(quantity, z.astype(np.float64), t.astype(np.float64))
        margin = RELATIVE * size + (_first_rounding(np.abs(value)) if fmt == BFLOAT16 else 0.0)
        ends = [np.where(margin > 0, value + end * margin, value) for end in (-1.0, 1.0)]  # -0 + 0 is 0
        lower, upper = (end.astype(fmt.dtype).view(fmt.uint) for end in ends)
    return lower, lower == upper


def _first_rounding(size: Doubles) -> Doubles:
    return 2.0**-22 * size + np.where((size >= 2.0**-136) & (size < 2.0**-120), 2.0**-148, 0.0)


def _value(quantity: str, z: Doubles, t: Doubles) -> tuple[Doubles, Doubles]:
    """A value, and what its error is relative to."""
    e = np.exp(-np.abs(z))
    y, complement = np.where(z < 0, e, 1.0) / (1.0 + e), np.where(z < 0, 1.0, e) / (1.0 + e)
    if quantity == "hessian":
        value = y * complement
    elif quantity == "sigmoid":
        value = y
    elif quantity == "gradient":
        above = np.where(t == 1, -complement, (1.0 - t) - complement)  # 0 - 0 would lose the sign
        value = np.where(z < 0, y - t, above)
        return value, np.abs(value) + np.where(z < 0, y, complement)
    else:
        t = {"softplus": np.zeros_like(t), "log_sigmoid": np.ones_like(t)}.get(quantity, t)
        value = np.log1p(e) + np.where(z < 0, t, 1.0 - t) * np.abs(z)
        if quantity == "log_sigmoid":
            value = -value
    return value, np.abs(value)
