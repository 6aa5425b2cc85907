"""The short way to a result: ordinary arrays of one shape and dtype, no keywords, compiled code.

Arguments are taken apart, checked and walked over in some tens of microseconds, which is more than the
compiled code needs for a few thousand elements. Whatever is not ordinary, errors included, goes the long way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce._arguments import warn_of_flush_to_zero
from stablelce.kernels import loops_for

__all__ = ["direct", "unmodified"]

Array = npt.NDArray[Any]


def unmodified(weight: object, pos_weight: object, label_smoothing: object) -> bool:
    """Whether the plain loss is meant; what is no Python number is left to the long way, to be refused."""
    if weight is not None or pos_weight is not None:
        return False
    return type(label_smoothing) in (float, int) and label_smoothing == 0


def direct(
    names: Sequence[str], z: object, t: object, outs: Sequence[object], *, validate: bool
) -> list[Array] | None:
    """Arrays of the quantities named, or None where the long way is to be gone.

    Parameters
    ----------
    names : sequence of str
        "loss" and "gradient".
    z, t : object
        Arguments as they were given.
    outs : sequence of object
        Arrays to fill, or None for new ones.
    validate : bool
        Whether targets outside [0, 1] are an error; it is left to the long way.
    """
    if type(z) is not np.ndarray or type(t) is not np.ndarray or not _alike(z, t):
        return None
    loops = loops_for(z.dtype, z.size)
    if loops is None or not _plain(z) or not _plain(t):
        return None
    arrays = _outputs(z, t, outs)
    if arrays is None or (validate and loops.any_outside(t)):
        return None
    warn_of_flush_to_zero()
    flat = [array.reshape(-1) for array in arrays]
    loops.evaluate(dict(zip(names, flat, strict=True)), z.reshape(-1), t.reshape(-1))
    return arrays


def _alike(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.size > 0 and a.ndim > 0


def _plain(array: Array) -> bool:
    """In C order, and aligned: a reshaped array is a view, and the compiled code can read it."""
    flags = array.flags
    return flags.c_contiguous and flags.aligned


def _outputs(z: Array, t: Array, outs: Sequence[object]) -> list[Array] | None:
    """The arrays given, and new ones; None where one is not ordinary, or shares memory with another."""
    arrays: list[Array] = []
    for out in outs:
        if out is None:
            arrays.append(np.empty(z.shape, z.dtype))
            continue
        if type(out) is not np.ndarray or not _alike(out, z) or not _plain(out) or not out.flags.writeable:
            return None
        if any(np.may_share_memory(out, other) for other in (z, t, *arrays)):
            return None
        arrays.append(out)
    return arrays
