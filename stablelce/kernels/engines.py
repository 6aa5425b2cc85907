"""Which engine computes: NumPy, always there, or Numba, where it is installed. The results are the same bits.

Left to itself the library takes Numba where it is installed, from the first large array on: until then
the compiled code is not loaded, since that takes longer than a small array.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Literal

import numpy as np

from stablelce.formats import BINARY32, BINARY64, Format, find_format
from stablelce.kernels import numba_engine, numpy_engine
from stablelce.kernels.rounding import Block

__all__ = ["BLOCK", "block", "compiles", "engine", "evaluate", "loops_for", "warmup"]

BLOCK = 1 << 13
"""Elements that the NumPy engine takes at once: fewer are dominated by the calls, more leave the caches."""

LARGE = 1 << 16
"""Elements from which on loading the compiled code pays."""

NAMES = ("auto", "numpy", "numba")


class _State:
    """What was chosen, for the process; None until it is first asked for."""

    chosen: str | None = None


_state = _State()


class engine:  # noqa: N801  # called like a function, used like np.errstate
    """Choose the engine, from now on or for the length of a ``with`` block.

    Parameters
    ----------
    name : {"auto", "numpy", "numba"}
        "auto" is Numba where it is installed, from the first large array on. The environment variable
        STABLELCE_ENGINE sets what holds at the start.

    Raises
    ------
    ValueError
        There is no engine of that name.
    ImportError
        "numba" is not installed.

    Notes
    -----
    The choice holds for the process, all threads included. Results do not depend on it, in no bit.

    Examples
    --------
    >>> import stablelce as lce
    >>> with lce.engine("numpy"):
    ...     float(lce.loss(40.0, 1.0))
    4.248354255291589e-18
    """

    def __init__(self, name: Literal["auto", "numpy", "numba"]) -> None:
        self._before = _state.chosen
        _state.chosen = _checked(name, "engine")

    def __enter__(self) -> engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.chosen = self._before


def warmup() -> None:
    """Load the compiled code now, or compile it: some seconds, once for an installation.

    Without Numba, or with the engine "numpy", nothing is done.
    """
    if _uses_numba():
        for fmt in (BINARY32, BINARY64):
            numba_engine.load(fmt)


def evaluate(
    outs: Mapping[str, Block],
    z: Block,
    t: Block | None = None,
    weight: Block | None = None,
    pos_weight: Block | None = None,
) -> None:
    """Compute quantities of a block of elements and write them, correctly rounded.

    Parameters
    ----------
    outs : mapping
        Blocks to fill, by quantity: "loss", "gradient", "hessian", "sigmoid", "log_sigmoid",
        "softplus". They may be the memory of an input, element for element.
    z, t, weight, pos_weight : ndarray
        One-dimensional blocks of one length, all with the dtype of the results. Without ``t``, only
        the quantities of z alone, and the hessian. Weights are finite and not negative.

    Notes
    -----
    Call it with NumPy's floating-point warnings off.
    """
    fmt = find_format(z.dtype)
    if _compiles(fmt, len(z), weighted=weight is not None or pos_weight is not None):
        numba_engine.evaluate(outs, z, t)
        return
    for start in range(0, len(z), BLOCK):
        part = slice(start, start + BLOCK)
        arguments = (None if x is None else x[part] for x in (t, weight, pos_weight))
        numpy_engine.evaluate({name: out[part] for name, out in outs.items()}, z[part], *arguments)


def block(fmt: Format, size: int, *, weighted: bool) -> int:
    """How many of that many elements to hand over at once."""
    return numba_engine.LARGE_BLOCK if _compiles(fmt, size, weighted=weighted) else BLOCK


def loops_for(dtype: np.dtype[Any], size: int) -> numba_engine.Loops | None:
    """The compiled code for unweighted arrays of a dtype, where it takes arrays of that size."""
    fmt = _SERVED.get(dtype)
    if fmt is None or not _compiles(fmt, size, weighted=False):
        return None
    return numba_engine.load(fmt)


def compiles(size: int, *, loaded: bool) -> bool:
    """Whether other compiled code, loaded already or not, takes data of that size."""
    return _uses_numba() and (size >= LARGE or loaded or _state.chosen == "numba")


_SERVED = {np.dtype(np.float32): BINARY32, np.dtype(np.float64): BINARY64}


def _compiles(fmt: Format, size: int, *, weighted: bool) -> bool:
    """Whether the compiled code takes an array of that size."""
    if not numba_engine.serves(fmt, weighted=weighted) or not _uses_numba():
        return False
    return size >= LARGE or numba_engine.is_loaded(fmt) or _state.chosen == "numba"


def _uses_numba() -> bool:
    if _state.chosen is None:
        _state.chosen = _checked(os.environ.get("STABLELCE_ENGINE") or "auto", "STABLELCE_ENGINE")
    return _state.chosen == "numba" or (_state.chosen == "auto" and _has_numba())


@cache
def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None and not _is_disabled()


def _is_disabled() -> bool:
    """Numba was told to compile nothing."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def _checked(name: str, origin: str) -> str:
    if name not in NAMES:
        raise ValueError(f"{origin} must be one of {', '.join(NAMES)}: got {name!r}.")
    if name == "numba" and importlib.util.find_spec("numba") is None:
        raise ImportError('the engine "numba" needs Numba: pip install "stablelce[fast]".')
    if name == "numba" and _is_disabled():
        raise ValueError(f"{origin} is numba, but NUMBA_DISABLE_JIT is set: unset it, or take numpy.")
    return name
