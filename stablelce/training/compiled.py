"""A pass over rows, compiled: the operations of ``rows`` and of the fixed-point sums, so the same bits.

A chunk of rows is read from memory once, into an array of binary64 that stays in the second-level cache: with
a column of ones for the intercept, and columns of zeros up to a whole number of vectors. Then come its
logits, losses and gradients from the kernels' own compiled loops, and the sums over columns.

Rows that the compiled stages of the kernels leave undecided add nothing here and are reported: NumPy's
engine adds them afterwards, as the order does not matter. Ordinary logits leave next to none; those beyond
the kernels' table, |z| > 690, leave many.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from stablelce.kernels import compiled64
from stablelce.kernels.compiled_vocabulary import FUSED, VOCABULARY, encoding, inlined, keep, loop
from stablelce.sums import fixed_point
from stablelce.sums.fixed_point import ROWS
from stablelce.training.gram import BITS
from stablelce.training.lanes import LANES, Part, logit
from stablelce.training.point import LOGIT_EXPONENT

__all__ = ["load"]

CHUNK = 256
"""Rows of a chunk, at most; as many as the kernels' loops take at once."""

CACHED = 1 << 15
"""Features of a chunk, about: 256 KiB of binary64."""

LIMIT = 2.0**LOGIT_EXPONENT

NEAREST = 1.5 * 2.0**52
"""Added and taken away it rounds to an integer, ties to even, as np.rint does; for at most 2**51."""

TINY = 2.0**-960

SLICE = 2.0**BITS

# Made anew: the kernels' own is closed to other kinds of arrays once it is loaded.
_evaluate = loop(compiled64.drive.py_func)
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


def _logit_of_row(_context: Any, X: Any, x: Any, i: Any, w: Any, b: Any) -> Any:
    """The logit of row i but for its power of two: vectors from X, which are copied to x, then those of x."""
    signature = types.float64(X, x, i, w, b)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data, copy, coefficients = (
            context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 1, 3)
        )
        lanes = context.get_constant(types.int64, LANES)
        features, width = (builder.extract_value(array.shape, 1) for array in (data, copy))
        vectors = builder.udiv(features, lanes)
        whole = builder.mul(vectors, lanes)
        source, row = (
            builder.gep(array.data, [builder.mul(arguments[2], length)])
            for array, length in ((data, features), (copy, width))
        )
        rest = builder.sub(builder.udiv(width, lanes), vectors)
        parts = (
            Part(source, coefficients.data, vectors, row),
            Part(builder.gep(row, [whole]), builder.gep(coefficients.data, [whole]), rest),
        )
        return logit(builder, parts, arguments[4], fused=FUSED)

    return signature, generate


_logit: Any = intrinsic(_logit_of_row)

# -- loops over a chunk ------------------------------------------------------------------------


@loop
def _copy_rest(X: Any, ones: Any, x: Any) -> Any:
    """The features that fill no vector, and the ones if there are any; zeros beyond them stay."""
    features = X.shape[1]
    for i in range(X.shape[0]):
        for j in range(features // LANES * LANES, features):
            x[i, j] = X[i, j]
        if ones:
            x[i, features] = 1.0


@loop
def _logits(X: Any, x: Any, w: Any, b: Any, back: Any, z: Any) -> Any:
    for i in range(z.size):
        z[i] = min(max(_logit(X, x, i, w, b) * back, -LIMIT), LIMIT)


@loop
def _tiny_products(x: Any, w: Any, left: Any) -> Any:
    """Mark rows with products whose error only a fused multiply-add gets right; how many there are."""
    count = 0
    for i in range(left.size):
        for j in range(w.size):
            if x[i, j] != 0 and w[j] != 0 and abs(x[i, j] * w[j]) < TINY:
                left[i] = 1
        count += left[i]
    return count


@loop
def _leave(marks: Any, left: Any) -> Any:
    """Mark rows that the kernels' compiled stages left undecided; how many that adds."""
    count = 0
    for i in range(left.size):
        if marks[i] and not left[i]:
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
def _add_columns(x: Any, r: Any, offsets: Any, sums: Any) -> Any:
    """The encodings of four rows at a time, so that a sum is read and written once for them."""
    sigma1, sigma2 = offsets[0], offsets[1]
    high, low = sums[0], sums[1]
    whole = r.size // 4 * 4
    for i in range(0, whole, 4):
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(high.size):
            s0, l0 = _cut(r0, x0[j], sigma1[j], sigma2[j])
            s1, l1 = _cut(r1, x1[j], sigma1[j], sigma2[j])
            s2, l2 = _cut(r2, x2[j], sigma1[j], sigma2[j])
            s3, l3 = _cut(r3, x3[j], sigma1[j], sigma2[j])
            high[j] += (encoding(s0) + encoding(s1)) + (encoding(s2) + encoding(s3))
            low[j] += (encoding(l0) + encoding(l1)) + (encoding(l2) + encoding(l3))
    for i in range(whole, r.size):
        x0, r0 = x[i], r[i]
        for j in range(high.size):
            s0, l0 = _cut(r0, x0[j], sigma1[j], sigma2[j])
            high[j] += encoding(s0)
            low[j] += encoding(l0)


@loop
def _settle(sums: Any, offsets: Any, rows: Any, limbs: Any) -> Any:
    """Add the sums of encodings of some rows to the limbs, as add_encodings does, and start anew."""
    for level in range(2):
        for j in range(limbs.shape[2]):
            low = limbs[level, 1, j] + (sums[level, j] - rows * encoding(offsets[level, j]))
            limbs[level, 0, j] += low >> 32
            limbs[level, 1, j] = low & 0xFFFFFFFF
    sums[:] = 0


# -- the pass ----------------------------------------------------------------------------------


def _drive(data: Any, coefficients: Any, offsets: Any, results: Any) -> Any:
    """Add the rows to the limbs of gradient and loss; how many rows are left out, and marked."""
    X, t, s = data
    limbs, loss_limbs, q, left = results
    w, b, back, ones = coefficients
    columns, of_loss = offsets
    sums, loss_sums = np.zeros((2, w.size), np.int64), np.zeros((2, 1), np.int64)
    chunk = min(max(CACHED // (w.size + 1), 16), CHUNK)
    x = np.zeros((chunk, w.size))
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
            targets, undecided = t[start:end], left[start:end]
            undecided[:] = 0
            _copy_rest(X[start:end], ones, x)
            _logits(X[start:end], x, w, b, back, z[:n])
            if not FUSED:
                count += _tiny_products(x, w, undecided)
            if _evaluate(z[:n], targets, 0.0, outs[0], outs[1], outs[2], marks[:n]):
                count += _leave(marks, undecided)
            _factors(s[start:end], outs, undecided, r[:n], weights, q[start:end])
            _add_columns(x, r[:n], columns, sums)
            _add_pairs(weights[:n], outs[0], of_loss, loss_sums)
        _settle(sums, columns, stop - first, limbs)
        _settle(loss_sums, of_loss, stop - first, loss_limbs)
    return count


def _slice(X: Any, q: Any, scales: Any, a: Any, b: Any) -> Any:
    """A of ``gram``, and B where it has rows; with a column for the intercept where there is room."""
    features = X.shape[1]
    for i in range(X.shape[0]):
        row, x, factor = a[i], X[i], q[i]
        for j in range(features):
            row[j] = (factor * x[j]) * scales[j]
        for j in range(features, a.shape[1]):
            row[j] = factor * scales[j]
        if b.shape[0]:
            rest = b[i]
            for j in range(a.shape[1]):
                whole = (row[j] + NEAREST) - NEAREST
                rest[j] = ((row[j] - whole) * SLICE + NEAREST) - NEAREST
                row[j] = whole
        else:
            for j in range(a.shape[1]):
                row[j] = (row[j] + NEAREST) - NEAREST


def _squares(X: Any, s: Any, scales: Any, offsets: Any, limbs: Any) -> Any:
    """Add the squares of scaled features, times the weights, to limbs: as ``lipschitz.Squares`` does."""
    chunk = min(max(CACHED // (scales.size + 1), 16), CHUNK)
    high, low = np.empty((chunk, scales.size)), np.empty((chunk, scales.size))
    ones = np.ones(chunk)
    sums = np.zeros((2, scales.size), np.int64)
    for start in range(0, X.shape[0], chunk):
        end = min(start + chunk, X.shape[0])
        n = end - start
        for i in range(n):
            source, first, second = X[start + i], high[i], low[i]
            for j in range(scales.size):
                x = source[j] * scales[j]
                first[j], second[j] = _two_prod(x, x)
        weights = s[start:end] if s.size else ones[:n]
        _add_columns(high, weights, offsets, sums)
        _add_columns(low, weights, offsets, sums)
        _settle(sums, offsets, 2 * n, limbs)


def load(dtype: np.dtype[Any]) -> tuple[Any, Any, Any]:
    """The pass, the slices and the squares for features of a dtype: from the cache, or compiled."""
    kinds: Any = types
    kind = types.float32 if dtype == np.float32 else types.float64
    X, column = _array(kind, 2, readonly=True), _array(types.float64, 1, readonly=True)
    vector, matrix = _array(types.float64, 1), _array(types.float64, 2)
    limbs, table = _array(types.int64, 3), _array(types.float64, 2, readonly=True)
    data = kinds.Tuple([X, column, column])
    coefficients = kinds.Tuple([column, types.float64, types.float64, types.boolean])
    results = kinds.Tuple([limbs, limbs, vector, _array(types.uint8, 1)])
    signatures = {
        _drive: (data, coefficients, kinds.UniTuple(table, 2), results),
        _slice: (X, column, column, matrix, matrix),
        _squares: (X, column, column, table, limbs),
    }
    folders = (Path(__file__).parent, Path(fixed_point.__file__).parent)
    drive, cut, squares = (keep(loop(f), signature, folders) for f, signature in signatures.items())
    return drive, cut, squares


def _array(kind: Any, dimensions: int, *, readonly: bool = False) -> Any:
    return types.Array(kind, dimensions, "C", readonly=readonly)
