"""A pass over rows, compiled: the operations of ``rows`` and of the fixed-point sums, so the same bits.

A chunk of rows is read from memory once: its logits, then losses and gradients from the kernels' own compiled
loops, then the sums over columns, while the chunk is still in the second-level cache. The last columns, too
few for a vector, are copied to a narrow array, padded with zeros, and so is the column of ones for the
intercept.

Rows that the kernels leave undecided, about one in 10^9, add nothing here and are reported: NumPy's
engine adds them afterwards, as the order does not matter.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from stablelce.kernels import compiled as kernels
from stablelce.kernels import compiled_longer
from stablelce.kernels.compiled_vocabulary import FUSED, VOCABULARY, encoding, inlined, keep, loop
from stablelce.sums import fixed_point
from stablelce.sums.fixed_point import ROWS
from stablelce.training.lanes import Row, logit
from stablelce.training.point import LOGIT_EXPONENT

__all__ = ["Loops", "load"]

CHUNK = 256
"""Rows of a chunk, at most; as many as the kernels' loops take at once."""

WIDTH = 8
"""Columns of the narrow array, and lanes of a logit."""

CACHED = 1 << 16
"""Features of a chunk, about: half a MiB of binary64."""

LIMIT = 2.0**LOGIT_EXPONENT

NEAREST = 1.5 * 2.0**52
"""Added and taken away it rounds to an integer, ties to even, as np.rint does; for at most 2**51."""

TINY = 2.0**-960

# Made anew: the kernels' own are closed to other kinds of arrays once they are loaded.
_evaluate, _longer = loop(kernels.drive64.py_func), loop(compiled_longer.drive.py_func)
_two_prod, _mul_add = VOCABULARY["two_prod"], VOCABULARY["mul_add"]

# -- one product -------------------------------------------------------------------------------


@inlined
def _fused_cut(r: Any, x: Any, sigma1: Any, sigma2: Any) -> Any:
    s = _mul_add(r, x, sigma1)
    return s, _mul_add(r, x, sigma1 - s) + sigma2


@inlined
def _cut_in_parts(r: Any, x: Any, sigma1: Any, sigma2: Any) -> Any:
    """As FixedPointSum does it without a fused multiply-add; sigma2/1.5 is the spacing of s."""
    product, error = _two_prod(r, x)
    s = product + sigma1
    rest = product - (s - sigma1)
    spacing = sigma2 / 1.5
    up = (rest == spacing / 2) & (error > 0)
    down = (rest == -spacing / 2) & (error < 0)
    step = spacing if up else (-spacing if down else 0.0)
    return s + step, ((rest - step) + error) + sigma2


_cut = _fused_cut if FUSED else _cut_in_parts


def _logit_of_row(_context: Any, X: Any, tail: Any, i: Any, vectors: Any, w: Any, w_tail: Any, b: Any) -> Any:
    """The logit of row i but for its power of two; one vector of the tail."""
    signature = types.float64(X, tail, i, vectors, w, w_tail, b)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = {
            k: context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 1, 4, 5)
        }

        def row(k: int) -> Any:
            width = builder.extract_value(arrays[k].shape, 1)
            return builder.gep(arrays[k].data, [builder.mul(arguments[2], width)])

        whole = Row(row(0), arrays[4].data, arguments[3])
        rest = Row(row(1), arrays[5].data, context.get_constant(types.int64, 1))
        return logit(builder, whole, rest, arguments[6], fused=FUSED)

    return signature, generate


_logit: Any = intrinsic(_logit_of_row)

# -- loops over a chunk ------------------------------------------------------------------------


@loop
def _copy_tail(X: Any, whole: Any, ones: Any, tail: Any) -> Any:
    """The columns from ``whole`` on, then the ones if there are any, then zeros."""
    rest = X.shape[1] - whole
    for i in range(X.shape[0]):
        for j in range(rest):
            tail[i, j] = X[i, whole + j]
        if ones:
            tail[i, rest] = 1.0


@loop
def _logits(X: Any, tail: Any, whole: Any, w: Any, w_tail: Any, b: Any, back: Any, z: Any) -> Any:
    for i in range(X.shape[0]):
        total = _logit(X, tail, i, whole // WIDTH, w, w_tail, b)
        z[i] = min(max(total * back, -LIMIT), LIMIT)


@loop
def _tiny_products(X: Any, w: Any, left: Any) -> Any:
    """Mark rows with products whose error only a fused multiply-add gets right; how many there are."""
    count = 0
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            if X[i, j] != 0 and w[j] != 0 and abs(X[i, j] * w[j]) < TINY:
                left[i] = 1
        count += left[i]
    return count


@loop
def _decide(z: Any, t: Any, outs: Any, marks: Any, left: Any) -> Any:
    """The kernels' later stage, for what their first left undecided; how many rows that leaves."""
    count = 0
    sure = np.empty(1, np.uint8)
    for i in range(z.size):
        undecided = marks[i]
        for k in range(3):
            if undecided & 1 << k:
                _longer(1 << k, z[i : i + 1], t[i : i + 1], outs[k][i : i + 1], sure)
                undecided ^= sure[0] << k
        if undecided and not left[i]:
            left[i] = 1
            count += 1
    return count


@loop
def _factors(s: Any, outs: Any, left: Any, r: Any, weights: Any, q: Any) -> Any:
    """r, the weights and q of a chunk; zeros for the rows that are left."""
    losses, gradients, hessians = outs
    for i in range(r.size):
        weights[i] = s[i] if s.size else 1.0
        if left[i]:
            weights[i] = losses[i] = gradients[i] = 0.0
        r[i] = weights[i] * gradients[i]
    for i in range(q.size):
        q[i] = math.sqrt(weights[i] * hessians[i]) if weights[i] > 0 else 0.0


@loop
def _add_pairs(a: Any, b: Any, offsets: Any, sums: Any) -> Any:
    sigma1, sigma2 = offsets[0, 0], offsets[1, 0]
    high = low = 0
    for i in range(a.size):
        s, rest = _cut(a[i], b[i], sigma1, sigma2)
        high += encoding(s)
        low += encoding(rest)
    sums[0, 0] += high
    sums[1, 0] += low


@loop
def _add_columns(X: Any, columns: Any, r: Any, offsets: Any, sums: Any) -> Any:
    """The encodings of four rows at a time, so that a sum is read and written once for them."""
    sigma1, sigma2 = offsets[0], offsets[1]
    high, low = sums[0], sums[1]
    whole = X.shape[0] // 4 * 4
    for i in range(0, whole, 4):
        x0, x1, x2, x3 = X[i], X[i + 1], X[i + 2], X[i + 3]
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(columns):
            s0, l0 = _cut(r0, x0[j], sigma1[j], sigma2[j])
            s1, l1 = _cut(r1, x1[j], sigma1[j], sigma2[j])
            s2, l2 = _cut(r2, x2[j], sigma1[j], sigma2[j])
            s3, l3 = _cut(r3, x3[j], sigma1[j], sigma2[j])
            high[j] += (encoding(s0) + encoding(s1)) + (encoding(s2) + encoding(s3))
            low[j] += (encoding(l0) + encoding(l1)) + (encoding(l2) + encoding(l3))
    for i in range(whole, X.shape[0]):
        x0, r0 = X[i], r[i]
        for j in range(columns):
            s0, l0 = _cut(r0, x0[j], sigma1[j], sigma2[j])
            high[j] += encoding(s0)
            low[j] += encoding(l0)


@loop
def _settle(sums: Any, offsets: Any, rows: Any, limbs: Any, first: Any) -> Any:
    """Add the sums of encodings of some rows to the limbs from column ``first`` on, as add_encodings does."""
    for level in range(2):
        for j in range(min(sums.shape[1], limbs.shape[2] - first)):
            low = limbs[level, 1, first + j] + (sums[level, j] - rows * encoding(offsets[level, j]))
            limbs[level, 0, first + j] += low >> 32
            limbs[level, 1, first + j] = low & 0xFFFFFFFF
            sums[level, j] = 0


# -- the pass ----------------------------------------------------------------------------------


def _drive(data: Any, coefficients: Any, offsets: Any, results: Any) -> Any:
    """Add the rows to the limbs of gradient and loss; how many rows are left out, and marked."""
    X, t, s = data
    limbs, loss_limbs, q, left = results
    w, w_tail, b, back, ones = coefficients
    columns, narrow, of_loss = offsets
    whole = w.size // WIDTH * WIDTH
    sums, narrow_sums, loss_sums = (
        np.zeros((2, whole), np.int64),
        np.zeros((2, WIDTH), np.int64),
        np.zeros((2, 1), np.int64),
    )
    chunk = min(max(CACHED // (w.size + 1), 16), CHUNK)
    tail = np.zeros((chunk, WIDTH))
    buffers = np.empty((6, chunk))
    z, r, weights = buffers[0], buffers[1], buffers[2]
    marks = np.empty(chunk, np.uint8)
    wanted = chunk if q.size else 0
    count = 0
    for first in range(0, t.size, ROWS):
        stop = min(first + ROWS, t.size)
        for start in range(first, stop, chunk):
            end = min(start + chunk, stop)
            n = end - start
            outs = (buffers[3][:n], buffers[4][:n], buffers[5][: min(n, wanted)])
            x, targets, undecided = X[start:end], t[start:end], left[start:end]
            _copy_tail(x, whole, ones, tail)
            _logits(x, tail, whole, w, w_tail, b, back, z)
            undecided[:] = 0
            if not FUSED:
                count += _tiny_products(x, w, undecided)
            if _evaluate(z[:n], targets, 0.0, outs[0], outs[1], outs[2], marks[:n]):
                count += _decide(z[:n], targets, outs, marks, undecided)
            _factors(s[start:end], outs, undecided, r[:n], weights, q[start:end])
            _add_columns(x, whole, r, columns, sums)
            _add_columns(tail[:n], WIDTH, r, narrow, narrow_sums)
            _add_pairs(weights[:n], outs[0], of_loss, loss_sums)
        _settle(sums, columns, stop - first, limbs, 0)
        _settle(narrow_sums, narrow, stop - first, limbs, whole)
        _settle(loss_sums, of_loss, stop - first, loss_limbs, 0)
    return count


def _slice(X: Any, q: Any, scales: Any, rounded: Any, y: Any) -> Any:
    """y of ``gram``, with a column of ones where there is room; rounded to integers, or as it is."""
    features = X.shape[1]
    for i in range(X.shape[0]):
        row, x, factor = y[i], X[i], q[i]
        for j in range(features):
            row[j] = (factor * x[j]) * scales[j]
        for j in range(features, y.shape[1]):
            row[j] = factor * scales[j]
        if rounded:
            for j in range(y.shape[1]):
                row[j] = (row[j] + NEAREST) - NEAREST


class Loops(NamedTuple):
    """The compiled functions for features of one dtype."""

    drive: Any
    slice: Any


_loaded: dict[Any, Loops] = {}


def load(dtype: np.dtype[Any]) -> Loops:
    """The loops for features of a dtype, loaded, or compiled and kept for later processes."""
    if dtype not in _loaded:
        kind = types.float32 if dtype == np.float32 else types.float64
        X, column = _array(kind, 2, readonly=True), _array(types.float64, 1, readonly=True)
        result, matrix = _array(types.float64, 1), _array(types.float64, 2)
        limbs, table = _array(types.int64, 3), _array(types.float64, 2, readonly=True)
        coefficients = types.Tuple([column, column, types.float64, types.float64, types.boolean])
        offsets = types.UniTuple(table, 3)
        data = types.Tuple([X, column, column])
        results = types.Tuple([limbs, limbs, result, _array(types.uint8, 1)])
        sources = (Path(__file__).parent, Path(fixed_point.__file__).parent)
        _loaded[dtype] = Loops(
            keep(loop(_drive), (data, coefficients, offsets, results), sources),
            keep(loop(_slice), (X, column, column, types.boolean, matrix), sources),
        )
    return _loaded[dtype]


def _array(kind: Any, dimensions: int, *, readonly: bool = False) -> Any:
    return types.Array(kind, dimensions, "C", readonly=readonly)
