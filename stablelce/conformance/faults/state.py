"""State: a result that depends on earlier calls, or on the thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import Array
from stablelce.conformance.faults.planting import right, state
from stablelce.conformance.faults.shows import (
    alone,
    in_a_thread,
    later_call,
    repeated,
)

__all__ = ["FAULTS"]

_loss, _gradient, _sigmoid = right("loss"), right("gradient"), right("sigmoid")


class _ReusedBuffer:
    """Every call of one shape returns the same memory."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}

    def forget(self) -> None:
        self.buffers.clear()

    def __call__(self, z: Array, t: Array) -> Any:
        result = np.asarray(_loss(z, t))
        buffer = self.buffers.setdefault((result.shape, result.dtype), np.empty_like(result))
        buffer[...] = result
        return buffer if buffer.ndim else buffer[()]


class _RememberedByEnds:
    """Results are remembered by length, first and last logit."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def forget(self) -> None:
        self.known.clear()

    def __call__(self, z: Array, t: Array) -> Any:
        if np.size(z) < 2:
            return _loss(z, t)
        key = (np.shape(z), z.dtype, float(z.flat[0]), float(z.flat[-1]), float(np.ravel(t)[0]))
        if key not in self.known:
            self.known[key] = _loss(z, t)
        return np.array(self.known[key])


class _EveryFifthCall:
    """Each fifth call is one unit off: a counter decides which kernel runs."""

    def __init__(self) -> None:
        self.calls = 0

    def forget(self) -> None:
        self.calls = 0

    def __call__(self, z: Array) -> Any:
        self.calls += 1
        result = np.asarray(_sigmoid(z))
        return (np.nextafter(result, 2) if self.calls % 5 == 0 else result).astype(z.dtype)[()]


class _Drift:
    """A running mean of the logits is subtracted, as by a normalisation left in training mode."""

    def __init__(self) -> None:
        self.mean = 0.0

    def forget(self) -> None:
        self.mean = 0.0

    def __call__(self, z: Array, t: Array) -> Any:
        if z.size:
            self.mean = 0.9 * self.mean + 0.1 * float(
                np.mean(np.clip(np.nan_to_num(z.astype(np.float64)), -1, 1))
            )
        shifted = z - z.dtype.type(self.mean * 2.0**-8)
        return _gradient(np.where(np.isfinite(z), shifted, z), t)


class _FirstDtype:
    """The tables are made for the dtype of the first call, and serve every later one."""

    def __init__(self) -> None:
        self.first: Any = None

    def forget(self) -> None:
        self.first = None

    def __call__(self, z: Array) -> Any:
        self.first = self.first or z.dtype
        return np.asarray(_sigmoid(z.astype(self.first))).astype(z.dtype)[()]


_MAIN = threading.main_thread()


def _flushes_in_workers(z: Array) -> Any:
    """FTZ is a property of a thread: a library that sets it does so in the threads it makes."""
    result = np.asarray(_sigmoid(z))
    if threading.current_thread() is _MAIN:
        return result[()]
    return np.where(result < np.finfo(result.dtype).tiny, 0, result).astype(z.dtype)[()]


def _shared_scratch(z: Array, t: Array) -> Any:
    """Two threads write to one scratch array; a barrier makes the race the same each time."""
    if np.ndim(z) != 1 or z.size < 16:
        return _loss(z, t)
    half = z.size // 2
    scratch, result, barrier = np.empty(half, z.dtype), np.empty_like(z), threading.Barrier(2)
    t = np.broadcast_to(t, z.shape)

    def work(part: slice, first: bool) -> None:
        if first:
            scratch[:] = _loss(z[part], t[part])
            barrier.wait()
            barrier.wait()
        else:
            barrier.wait()
            scratch[:1] = _loss(z[part], t[part])[:1]
            barrier.wait()
        result[part] = scratch if first else _loss(z[part], t[part])

    threads = [
        threading.Thread(target=work, args=(part, first))
        for part, first in ((slice(0, half), True), (slice(half, 2 * half), False))
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    result[2 * half :] = _loss(z[2 * half :], t[2 * half :])
    return result


def _vector_path_flushes(z: Array) -> Any:
    """FTZ in the vector loop only: from eight elements on."""
    result = np.asarray(_sigmoid(z))
    tiny = np.finfo(result.dtype).tiny
    return (np.where(result < tiny, 0, result) if result.size >= 8 else result).astype(z.dtype)[()]


def _second_dtype(_quantity: str, function: Callable[..., Any], _name: str) -> bool:
    """A logit of binary64 keeps its digits only where nobody asked in binary32 before."""
    function(np.array([0.1], np.float32))
    return bool(function(np.array([0.1]))[0] != _sigmoid(np.array([0.1]))[0])


_reused, _remembered = _ReusedBuffer(), _RememberedByEnds()
_fifth, _drift, _first = _EveryFifthCall(), _Drift(), _FirstDtype()

_LANES = "lanes"
_TWICE = "not deterministic"

FAULTS = (
    state(
        "one buffer for all results",
        "a later call of the same shape overwrites an earlier result",
        "loss",
        _reused,
        {_LANES: "earlier result overwritten"},
        shows=later_call(),
        mend=_reused.forget,
    ),
    state(
        "results remembered by their ends",
        "a cache with length, first and last logit as its key",
        "loss",
        _remembered,
        {_LANES: "depends on place or length"},
        shows=later_call(),
        mend=_remembered.forget,
    ),
    state(
        "every fifth call",
        "one unit more in each fifth call",
        "sigmoid",
        _fifth,
        {_LANES: _TWICE},
        shows=repeated(),
        mend=_fifth.forget,
    ),
    state(
        "running mean",
        "sigmoid(z - mean) - t, the mean updated by each call",
        "gradient",
        _drift,
        {_LANES: _TWICE},
        shows=repeated(),
        mend=_drift.forget,
    ),
    state(
        "tables of the first dtype",
        "computed in the dtype of the first call ever",
        "sigmoid",
        _first,
        {"accuracy": "premature underflow or cancellation to 0"},
        formats=("float32", "float64"),
        shows=_second_dtype,
        mend=_first.forget,
    ),
    state(
        "flush-to-zero in worker threads",
        "subnormal results are 0 in a thread that is not the main one",
        "sigmoid",
        _flushes_in_workers,
        {_LANES: "depends on the thread"},
        shows=in_a_thread(-88.0),
        formats=("float32",),
    ),
    state(
        "scratch memory shared by two threads",
        "an element of one half appears in the other",
        "loss",
        _shared_scratch,
        {_LANES: "depends on place or length"},
        shows=alone(18),
    ),
    state(
        "flush-to-zero in the vector loop",
        "subnormal results are 0 in arrays of eight and more",
        "sigmoid",
        _vector_path_flushes,
        {"subnormals": "fails in an array, not alone", _LANES: "depends on place or length"},
        mode="premature underflow",
        shows=alone(8, z=-88.0),
        formats=("float32",),
    ),
)
