"""The compiled loops, where the engine is Numba and the data large enough, or they are there already."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from stablelce.kernels import compiles

__all__ = ["Loops", "loops_for"]


class Loops(NamedTuple):
    """What is compiled for features of one dtype, see ``compiled``."""

    drive: Any
    slice: Any
    squares: Any


_loaded: dict[np.dtype[Any], Loops] = {}


def loops_for(X: np.ndarray[Any, Any]) -> Loops | None:
    """The loops for some features: loaded, or compiled and kept for later processes; None to use NumPy."""
    dtype = X.dtype
    if not compiles(X.size, loaded=dtype in _loaded):
        return None
    if dtype not in _loaded:
        from stablelce.training import compiled

        _loaded[dtype] = Loops(*compiled.load(dtype))
    return _loaded[dtype]
