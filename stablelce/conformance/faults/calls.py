"""Calls that change a later one in another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.checks.calls import ANOTHER_DTYPE
from stablelce.conformance.faults.base import Array
from stablelce.conformance.faults.planting import right, state
from stablelce.conformance.faults.shows import after_another_dtype

__all__ = ["FAULTS"]

_loss, _sigmoid = right("loss"), right("sigmoid")


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


_last, _numbers = _LastDtype(), _RememberedByNumbers()

FAULTS = (
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
