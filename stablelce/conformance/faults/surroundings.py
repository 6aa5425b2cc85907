"""Surroundings: a call that alters how arithmetic or chance goes on, that warns, or that prints."""

from __future__ import annotations

import ctypes
import random
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import Array
from stablelce.conformance.faults.planting import right, state
from stablelce.conformance.faults.shows import kept_memory, left_behind, noise
from stablelce.conformance.subjects.base import Deed

__all__ = ["FAULTS"]

_loss, _sigmoid = right("loss"), right("sigmoid")


def _error_state(z: Array, t: Array) -> Any:
    np.seterr(all="ignore")
    return _loss(z, t)


def _seeds(z: Array, t: Array) -> Any:
    random.seed(0)
    return _loss(z, t)


def _draws(z: Array, t: Array) -> Any:
    np.random.random()  # noqa: NPY002 - the fault
    return _loss(z, t)


def _set_rounding(mode: int) -> None:
    """fesetround of the C library, where there is one; 0 is to nearest everywhere."""
    try:
        ctypes.CDLL(None).fesetround(mode)
    except (AttributeError, OSError, TypeError):
        return


def _rounds_upward(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    for upward in (0x800, 0x400000):  # on x86-64, and on AArch64, where the other number is refused
        _set_rounding(upward)
    return result


def _warns(z: Array) -> Any:
    with np.errstate(over="warn"):
        np.exp(-z)
    return _sigmoid(z)


def _prints(z: Array, t: Array) -> Any:
    print("loss:", np.size(z), "elements")
    return _loss(z, t)


class _Hoard:
    """Results are kept for a backward pass that never comes; as a process, it tells how much it holds."""

    def __init__(self) -> None:
        self.kept: list[Array] = []

    def __call__(self, z: Array, t: Array) -> Any:
        result = _loss(z, t)
        self.kept.append(np.array(result))
        return result

    def observed(self, *_starts: str) -> tuple[Deed, ...]:
        return ()

    def resident(self) -> int:
        return sum(array.nbytes for array in self.kept)

    def renew(self) -> None:
        self.kept.clear()


_hoard = _Hoard()

FAULTS = (
    state(
        "error state altered",
        'np.seterr(all="ignore") for good',
        "loss",
        _error_state,
        {"environment": "NumPy error state altered"},
        shows=left_behind(),
    ),
    state(
        "generator seeded",
        "random.seed(0) in every call",
        "loss",
        _seeds,
        {"environment": "random state altered"},
        shows=left_behind(),
    ),
    state(
        "global generator drawn from",
        "np.random.random() in every call",
        "loss",
        _draws,
        {"environment": "random state altered"},
        shows=left_behind(),
    ),
    state(
        "rounding mode left upward",
        "fesetround(FE_UPWARD) in every call",
        "loss",
        _rounds_upward,
        {"environment": "floating-point state altered"},
        mend=lambda: _set_rounding(0),
        shows=left_behind(),
    ),
    state(
        "results never given back",
        "each result is kept for a backward pass that never comes",
        "loss",
        _hoard,
        {"memory": "memory leak"},
        mend=_hoard.renew,
        process=_hoard,
        shows=kept_memory(_hoard.resident),
    ),
    state(
        "overflow warned of",
        "1/(1 + exp(-z)) warns where exp overflows",
        "sigmoid",
        _warns,
        {"warnings and output": "warning"},
        url="https://github.com/scikit-learn/scikit-learn/pull/4153",
        shows=noise(),
    ),
    state(
        "left-over print",
        "prints in every call",
        "loss",
        _prints,
        {"warnings and output": "output"},
        shows=noise(),
    ),
)
