"""Calls: one that changes another, made in another dtype before it or in another thread beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.checks.calls import ANOTHER_DTYPE, OVERLAPPING
from stablelce.conformance.faults.base import Array
from stablelce.conformance.faults.planting import narrowed, right, state
from stablelce.conformance.faults.shows import after_another_dtype, at_once

__all__ = ["FAULTS"]

_loss, _sigmoid = right("loss"), right("sigmoid")


class _SharedScratch:
    """log1p(exp(-|z|)) of each call is computed in one and the same scratch array."""

    def __init__(self) -> None:
        self.scratch = np.empty(0)

    def forget(self) -> None:
        self.scratch = np.empty(0)

    def __call__(self, z: Array, t: Array) -> Any:
        if np.ndim(z) != 1 or z.shape != np.shape(t) or z.size < 1000:
            return _loss(z, t)
        if self.scratch.size < z.size:
            self.scratch = np.empty(z.size)
        rest = self.scratch[: z.size]
        wide, target = z.astype(np.float64), t.astype(np.float64)
        with np.errstate(all="ignore"):
            np.abs(wide, out=rest)
            np.negative(rest, out=rest)
            np.exp(rest, out=rest)
            np.log1p(rest, out=rest)
            growing = np.where(wide > 0, 1.0 - target, target)
            return narrowed(np.where(growing == 0, 0.0, growing * np.abs(wide)) + rest, z.dtype)


class _LastDtype:
    """The kernel is chosen for the dtype of the call before, and changed for the next one."""

    def __init__(self) -> None:
        self.chosen: Any = None

    def forget(self) -> None:
        self.chosen = None

    def __call__(self, z: Array) -> Any:
        kernel, self.chosen = self.chosen or z.dtype, z.dtype
        with np.errstate(all="ignore"):
            return np.asarray(_sigmoid(z.astype(kernel))).astype(z.dtype)[()]


class _RememberedByNumbers:
    """Results are remembered by the numbers in the arrays, which two dtypes may share."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def forget(self) -> None:
        self.known.clear()

    def __call__(self, z: Array, t: Array) -> Any:
        if np.ndim(z) != 1 or z.shape != np.shape(t) or not 4 < z.size < 500:
            return _loss(z, t)
        key = z.astype(np.float64).tobytes(), t.astype(np.float64).tobytes()
        if key not in self.known:
            self.known[key] = _loss(z, t)
        with np.errstate(all="ignore"):
            return self.known[key].astype(z.dtype)


_scratch, _last, _numbers = _SharedScratch(), _LastDtype(), _RememberedByNumbers()

FAULTS = (
    state(
        "scratch memory shared by two calls",
        "calls that overlap read what the other one wrote",
        "loss",
        _scratch,
        {"lanes": OVERLAPPING},
        shows=at_once(),
        mend=_scratch.forget,
    ),
    state(
        "kernel of the last dtype",
        "computed in the dtype of the call before",
        "sigmoid",
        _last,
        {"lanes": ANOTHER_DTYPE},
        shows=after_another_dtype("float32"),
        mend=_last.forget,
    ),
    state(
        "results remembered without their dtype",
        "a cache with the numbers in the arrays as its key",
        "loss",
        _numbers,
        {"lanes": ANOTHER_DTYPE},
        shows=after_another_dtype("float32"),
        mend=_numbers.forget,
    ),
)
