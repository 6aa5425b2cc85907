"""The steps of stochastic gradient descent, compiled: the operations of ``steps``, so the same bits.

A batch with a row that the kernels leave undecided, about one in 10^9, or whose logit is not finite, is left
to NumPy: the loop stops before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types as numba_types

from stablelce.kernels import compiled64
from stablelce.kernels.compiled_vocabulary import VOCABULARY, keep, loop
from stablelce.training.solvers.state import Floats
from stablelce.training.solvers.steps import TINY

__all__ = ["Steps"]

types: Any = numba_types  # the stubs leave its functions untyped

# Made anew: the kernels' own is closed to other kinds of arrays once it is loaded.
_evaluate = loop(compiled64.drive.py_func)
_two_prod, _two_sum = VOCABULARY["two_prod"], VOCABULARY["two_sum"]


@loop
def _logit(x: Any, coef: Any, ones: Any) -> Any:
    h = c = 0.0
    for j in range(x.size):
        p, e = _two_prod(x[j], coef[j])
        h, lost = _two_sum(h, p)
        c += lost + (e if abs(p) >= TINY else 0.0)
    if ones:
        h, lost = _two_sum(h, coef[x.size])
        c += lost
    return h + c


def _drive(data: Any, order: Any, coefficients: Any, numbers: Any, marks: Any) -> Any:
    """Go on with the batches; the place of the first one that is left, or the end."""
    X, targets, weights = data
    coef, penalty, total, z, t, r = coefficients
    first, rate, batch, ones = numbers
    nothing = np.empty(0)
    for start in range(first, order.size, batch):
        m = min(batch, order.size - start)
        for i in range(m):
            k = order[start + i]
            z[i] = _logit(X[k], coef, ones)
            t[i] = targets[k]
        if _evaluate(z[:m], t[:m], 0.0, nothing, r[:m], nothing, marks[:m]):
            return start
        total[:] = 0.0
        for i in range(m):
            k = order[start + i]
            x, residual = X[k], r[i] * (weights[k] / m)
            for j in range(x.size):
                total[j] += residual * x[j]
            if ones:
                total[x.size] += residual
        for j in range(coef.size):
            coef[j] -= rate * (total[j] + penalty[j] * coef[j])
    return order.size


_loaded: dict[Any, Any] = {}


def _load(dtype: np.dtype[Any]) -> Any:
    """The loop for features of a dtype, loaded, or compiled and kept for later processes."""
    if dtype not in _loaded:
        kind = types.float32 if dtype == np.float32 else types.float64
        read, written = types.Array(types.float64, 1, "C", readonly=True), types.Array(types.float64, 1, "C")
        data = types.Tuple([types.Array(kind, 2, "C", readonly=True), read, read])
        order = types.Array(types.int64, 1, "C", readonly=True)
        coefficients = types.Tuple([written, read, written, written, written, written])
        numbers = types.Tuple([types.int64, types.float64, types.int64, types.boolean])
        marks = types.Array(types.uint8, 1, "C")
        _loaded[dtype] = keep(
            loop(_drive), (data, order, coefficients, numbers, marks), (Path(__file__).parent,)
        )
    return _loaded[dtype]


class Steps:
    """The steps over some rows in some order; a call goes on from a place in it.

    Parameters
    ----------
    X : ndarray, shape (n, features)
        Features in C order, float64 or float32.
    targets, weights : ndarray of float64, shape (n,)
        As in ``Samples``.
    order : ndarray of int64
        The rows to visit.
    fit_intercept : bool
        Whether the last coefficient is an intercept.
    """

    def __init__(
        self,
        X: npt.NDArray[Any],
        targets: Floats,
        weights: Floats,
        order: npt.NDArray[np.int64],
        fit_intercept: bool,
    ) -> None:
        self._data = (np.asarray(X), np.ascontiguousarray(targets), np.ascontiguousarray(weights))
        self._order, self._ones = order, fit_intercept
        self._drive = _load(X.dtype)

    def __call__(self, coef: Floats, penalty: Floats, start: int, rate: float, batch_size: int) -> int:
        """Change ``coef`` by the steps from ``start`` on; where the first batch begins that is left."""
        size = min(batch_size, len(self._order))
        z, t, r = np.empty((3, size))
        arrays = (coef, penalty, np.empty_like(coef), z, t, r)
        numbers = (start, rate, batch_size, self._ones)
        return int(self._drive(self._data, self._order, arrays, numbers, np.empty(size, np.uint8)))
