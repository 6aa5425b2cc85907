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
    if type(z) is not np.ndarray or type(t) is not np.ndarray or not z.size or not z.ndim:
        return None
    dtype, shape = z.dtype, z.shape
    loops = loops_for(dtype, z.size)
    if loops is None or not _ordinary(z, dtype, shape) or not _ordinary(t, dtype, shape):
        return None
    arrays = []
    for out in outs:
        if out is None:
            arrays.append(np.empty(shape, dtype))
        elif type(out) is np.ndarray and _ordinary(out, dtype, shape) and out.flags.writeable:
            arrays.append(out)
        else:
            return None
    flat = [z, t, *arrays] if z.ndim == 1 else [array.reshape(-1) for array in (z, t, *arrays)]
    losses = flat[2] if "loss" in names else loops.nothing
    gradients = flat[-1] if "gradient" in names else loops.nothing
    if loops.refuse(flat[0], flat[1], losses, gradients, validate):
        return None
    warn_of_flush_to_zero()
    loops.run(flat[0], flat[1], losses, gradients)
    return arrays


def _ordinary(array: Array, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
    """Of that dtype and shape, in C order and aligned, so that compiled code can read it as it is."""
    flags = array.flags
    return flags.c_contiguous and flags.aligned and array.dtype == dtype and array.shape == shape
