"""The first stage compiled: the kernels' source in loops that the compiler turns into vector instructions.

A chunk goes through several short loops, because one loop over all stages is one chain of dependent
operations, longer than what a processor looks ahead: short loops let it work on several elements at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs, plain
from stablelce.kernels.compiled_vocabulary import compile_module, loop
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW
from stablelce.kernels.table_layout import LIMIT

__all__ = ["CHUNK", "GRADIENT", "HESSIAN", "LOSS", "drive32", "drive64", "outside32", "outside64"]

CHUNK = 256
"""Elements per chunk: a dozen columns of binary64 stay in the second-level cache."""

LOSS, GRADIENT, HESSIAN = 1, 2, 4
"""Bits of the quantities wanted, and of those left undecided."""

_PAIRS, _PLAIN, _FINALS = compile_module(pairs), compile_module(plain), compile_module(finals)
_reduced, _increment, _softplus, _sigmoid = (
    _PAIRS[name] for name in ("reduced", "increment", "softplus", "sigmoid")
)
_from_entry = _PLAIN["from_entry"]
_distance, _loss, _gradient, _hessian = (_FINALS[n] for n in ("distance", "loss", "gradient", "hessian"))
_plain_loss, _plain_gradient, _plain_hessian = (
    _FINALS[n] for n in ("plain_loss", "plain_gradient", "plain_hessian")
)

# -- loops over one chunk ----------------------------------------------------------------------


@loop
def _load(z: Any, t: Any, fixed: Any, columns: Any) -> Any:
    """The chunk in binary64, as results may be written over it; a = |z|, 0 where it is beyond the table."""
    zs, ts, a = columns[0], columns[1], columns[2]
    for i in range(z.size):
        zs[i] = z[i]
        size = abs(zs[i])
        a[i] = size if size <= LIMIT else 0.0
    for i in range(z.size):
        ts[i] = t[i] if t.size else fixed


@loop
def _reduce(n: Any, a: Any, j: Any, r: Any) -> Any:
    for i in range(n):
        j[i], r[i] = _reduced(a[i])


@loop
def _make_pairs(n: Any, j: Any, r: Any, columns: Any) -> Any:
    u, u_low, square, square_low, d, d_low, y, y_low = columns
    for i in range(n):
        k = j[i]
        u[i], u_low[i], square[i], square_low[i] = _increment(SIGMOID_HIGH[k], SIGMOID_LOW[k], r[i])
    for i in range(n):
        k = j[i]
        d[i], d_low[i] = _softplus(
            SOFTPLUS_HIGH[k], SOFTPLUS_LOW[k], u[i], u_low[i], square[i], square_low[i]
        )
    for i in range(n):
        k = j[i]
        y[i], y_low[i] = _sigmoid(SIGMOID_HIGH[k], SIGMOID_LOW[k], u[i], u_low[i], square[i])


@loop
def _losses64(z: Any, t: Any, a: Any, d: Any, d_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _loss(a[i], w, w_low, d[i], d_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@loop
def _gradients64(z: Any, t: Any, y: Any, y_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _gradient(w, w_low, y[i], y_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower if z[i] >= 0 else -lower
        left[i] |= GRADIENT * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@loop
def _hessians64(z: Any, t: Any, y: Any, y_low: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        high, low, bound = _hessian(y[i], y_low[i])
        lower, upper = high + (low - bound), high + (low + bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (t[i] - t[i] == 0)))


@loop
def drive64(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians of binary64 arrays; ``left`` says which are left undecided.

    An output of no elements is not wanted. Without elements in ``t``, every target is ``fixed``.
    """
    columns = np.empty((12, CHUNK))
    zs, ts, a, r = columns[0], columns[1], columns[2], columns[3]
    d, d_low, y, y_low = columns[4], columns[5], columns[6], columns[7]
    parts = (columns[8], columns[9], columns[10], columns[11], d, d_low, y, y_low)
    j = np.empty(CHUNK, np.uint32)
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        undecided = left[start:stop]
        undecided[:] = 0
        _load(z[start:stop], t[start:stop], fixed, (zs, ts, a))
        _reduce(stop - start, a, j, r)
        _make_pairs(stop - start, j, r, parts)
        _losses64(zs, ts, a, d, d_low, loss[start:stop], undecided)
        _gradients64(zs, ts, y, y_low, gradient[start:stop], undecided)
        _hessians64(zs, ts, y, y_low, hessian[start:stop], undecided)
        some |= undecided.any()
    return some


@loop
def _make_plain(n: Any, j: Any, r: Any, d: Any, y: Any) -> Any:
    for i in range(n):
        k = j[i]
        d[i], y[i] = _from_entry(SOFTPLUS_HIGH[k], SIGMOID_HIGH[k], r[i])


@loop
def _losses32(z: Any, t: Any, a: Any, d: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w = 1.0 - t[i] if z[i] >= 0 else t[i]
        value, bound = _plain_loss(a[i], w, d[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@loop
def _gradients32(z: Any, t: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        w = 1.0 - t[i] if z[i] >= 0 else t[i]
        value, bound = _plain_gradient(w, y[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower if z[i] >= 0 else -lower
        # Zeros are equal whatever their signs, so the sign of a result that rounds to zero is left open.
        sure = (lower == upper) & (abs(z[i]) <= LIMIT) & ((lower != 0) | (w == 0))
        left[i] |= GRADIENT * (1 - sure)


@loop
def _hessians32(z: Any, t: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        value, bound = _plain_hessian(y[i])
        lower, upper = np.float32(value - bound), np.float32(value + bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (t[i] - t[i] == 0)))


@loop
def drive32(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """The same for binary32 arrays, computed in binary64."""
    columns = np.empty((6, CHUNK))
    zs, ts, a, r, d, y = columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]
    j = np.empty(CHUNK, np.uint32)
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        undecided = left[start:stop]
        undecided[:] = 0
        _load(z[start:stop], t[start:stop], fixed, (zs, ts, a))
        _reduce(stop - start, a, j, r)
        _make_plain(stop - start, j, r, d, y)
        _losses32(zs, ts, a, d, loss[start:stop], undecided)
        _gradients32(zs, ts, y, gradient[start:stop], undecided)
        _hessians32(zs, ts, y, hessian[start:stop], undecided)
        some |= undecided.any()
    return some


def _outside(t: Any) -> Any:
    """Whether any target lies outside [0, 1]; NaN does not."""
    found = False
    for i in range(t.size):
        found |= (t[i] < 0) | (t[i] > 1)
    return found


outside32, outside64 = loop(_outside), loop(_outside)
