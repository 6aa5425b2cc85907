"""The sieve compiled: the kernels' own source in loops over chunks, as ``compiled`` has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs
from stablelce.kernels.compiled_vocabulary import compile_module, loop
from stablelce.kernels.search import near
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW

__all__ = ["sieve"]

CHUNK = 256

_PAIRS, _FINALS, _NEAR = compile_module(pairs), compile_module(finals), compile_module(near)
_reduced, _increment, _softplus, _sigmoid = (
    _PAIRS[name] for name in ("reduced", "increment", "softplus", "sigmoid")
)
_distance, _loss, _gradient, _hessian = (_FINALS[n] for n in ("distance", "loss", "gradient", "hessian"))
_near32, _near64 = _NEAR["near32"], _NEAR["near64"]


@loop
def _make_pairs(a: Any, j: Any, r: Any, columns: Any) -> Any:
    u, u_low, square, square_low, d, d_low, y, y_low = columns
    for i in range(a.size):
        j[i], r[i] = _reduced(a[i])
    for i in range(a.size):
        k = j[i]
        u[i], u_low[i], square[i], square_low[i] = _increment(SIGMOID_HIGH[k], SIGMOID_LOW[k], r[i])
    for i in range(a.size):
        k = j[i]
        d[i], d_low[i] = _softplus(
            SOFTPLUS_HIGH[k], SOFTPLUS_LOW[k], u[i], u_low[i], square[i], square_low[i]
        )
    for i in range(a.size):
        k = j[i]
        y[i], y_low[i] = _sigmoid(SIGMOID_HIGH[k], SIGMOID_LOW[k], u[i], u_low[i], square[i])


@loop
def _losses(a: Any, t: Any, sign: Any, soft: Any, d: Any, d_low: Any, highs: Any, lows: Any) -> Any:
    for i in range(a.size):
        w, w_low = _distance(sign, soft * t[i])
        highs[i], lows[i], _ = _loss(a[i], w, w_low, d[i], d_low[i])


@loop
def _gradients(t: Any, sign: Any, soft: Any, y: Any, y_low: Any, highs: Any, lows: Any) -> Any:
    for i in range(t.size):
        w, w_low = _distance(sign, soft * t[i])
        highs[i], lows[i], _ = _gradient(w, w_low, y[i], y_low[i])


@loop
def _hessians(n: Any, y: Any, y_low: Any, highs: Any, lows: Any) -> Any:
    for i in range(n):
        highs[i], lows[i], _ = _hessian(y[i], y_low[i])


@loop
def _mark(bit: Any, threshold: Any, narrow: Any, highs: Any, lows: Any, marks: Any) -> Any:
    if narrow:
        for i in range(marks.size):
            marks[i] |= _near32(highs[i], lows[i], threshold) << bit
    else:
        for i in range(marks.size):
            marks[i] |= _near64(highs[i], lows[i], threshold) << bit


@loop
def sieve(a: Any, t: Any, threshold: Any, narrow: Any, marks: Any) -> Any:
    """Set the marks of an array, as ``sieve.sieve``, in the order of ``functions.FUNCTIONS``."""
    columns = np.empty((11, CHUNK))
    d, d_low, y, y_low = columns[4], columns[5], columns[6], columns[7]
    parts = (columns[0], columns[1], columns[2], columns[3], d, d_low, y, y_low)
    r, highs, lows = columns[8], columns[9], columns[10]
    j = np.empty(CHUNK, np.uint32)
    for start in range(0, a.size, CHUNK):
        b, s = a[start : start + CHUNK], t[start : start + CHUNK]
        found = marks[start : start + CHUNK]
        found[:] = 0
        _make_pairs(b, j, r, parts)
        for soft in range(2):
            for side in range(2):
                sign = 2.0 * side - 1.0
                _losses(b, s, sign, float(soft), d, d_low, highs, lows)
                _mark(5 * soft + side, threshold, narrow, highs, lows, found)
                _gradients(s, sign, float(soft), y, y_low, highs, lows)
                _mark(5 * soft + 2 + side, threshold, narrow, highs, lows, found)
        _hessians(b.size, y, y_low, highs, lows)
        _mark(4, threshold, narrow, highs, lows, found)
