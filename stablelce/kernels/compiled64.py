"""The first stage for binary64: the kernels' source in loops that become vector instructions.

A chunk goes through several short loops, because one loop over all stages is one chain of dependent
operations, longer than what a processor looks ahead: short loops let it work on several elements at once.
The last ones only note whether any element of the chunk is undecided; where one is, they run once more and
mark which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs
from stablelce.kernels.compiled_longer import settle
from stablelce.kernels.compiled_rows import CHUNK, columns_of, lanes, rows_into_columns
from stablelce.kernels.compiled_settling import ROOM, collect
from stablelce.kernels.compiled_vocabulary import compile_module, inlined, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW

__all__ = ["drive"]

NORMAL = 636.0
"""The largest a for this stage. From 639 on, far inside the table, terms of the bounds are subnormal, then
low words, and some processors take a hundred times as long for a vector with one of them: the next stage has
none."""

ROWS = np.stack([SOFTPLUS_HIGH, SOFTPLUS_LOW, SIGMOID_HIGH, SIGMOID_LOW], axis=1)

_PAIRS, _FINALS = compile_module(pairs), compile_module(finals)
_reduced, _increment = _PAIRS["reduced"], _PAIRS["increment"]
_softplus, _sigmoid = _PAIRS["softplus"], _PAIRS["sigmoid"]
_distance, _loss = _FINALS["distance"], _FINALS["loss"]
_gradient, _hessian = _FINALS["gradient"], _FINALS["hessian"]
LANES = lanes(4)
_take = rows_into_columns(4)

# -- a chunk: from logits to softplus(-a) and sigmoid(-a) ------------------------------------------


@loop
def _reduce(z: Any, a: Any, j: Any, r: Any) -> Any:
    """a = |z|, 0 where it is beyond this stage; whether any is."""
    beyond = False
    for i in range(z.size):
        size = abs(z[i])
        inside = size <= NORMAL
        a[i] = size if inside else 0.0
        j[i], r[i] = _reduced(a[i])
        beyond |= not inside
    return beyond


@loop
def _distances(z: Any, t: Any, fixed: Any, w: Any, w_low: Any) -> Any:
    if t.size:
        for i in range(z.size):
            w[i], w_low[i] = _distance(z[i], t[i])
    else:
        for i in range(z.size):
            w[i], w_low[i] = _distance(z[i], fixed)


@loop
def _make_pairs(n: Any, j: Any, r: Any, entries: Any, columns: Any) -> Any:
    for i in range(0, n, LANES):
        _take(ROWS, j, i, entries)
    s, s_low, p, p_low = entries[0], entries[1], entries[2], entries[3]
    u, u_low, square, square_low, d, d_low, y, y_low = columns
    for i in range(n):
        u[i], u_low[i], square[i], square_low[i] = _increment(p[i], p_low[i], r[i])
    for i in range(n):
        d[i], d_low[i] = _softplus(s[i], s_low[i], u[i], u_low[i], square[i], square_low[i])
    for i in range(n):
        y[i], y_low[i] = _sigmoid(p[i], p_low[i], u[i], u_low[i], square[i])


# -- a chunk: results, and whether any is undecided ------------------------------------------------


@inlined
def _ends(high: Any, low: Any, bound: Any) -> Any:
    """Both ends of the interval that holds the result, rounded; it is decided where they are equal."""
    return high + (low - bound), high + (low + bound)


@loop
def _losses(a: Any, w: Any, w_low: Any, d: Any, d_low: Any, out: Any) -> Any:
    undecided = False
    for i in range(out.size):
        high, low, bound = _loss(a[i], w[i], w_low[i], d[i], d_low[i])
        lower, upper = _ends(high, low, bound)
        out[i] = lower
        undecided |= lower != upper
    return undecided


@loop
def _gradients(z: Any, w: Any, w_low: Any, y: Any, y_low: Any, out: Any) -> Any:
    undecided = False
    for i in range(out.size):
        high, low, bound = _gradient(w[i], w_low[i], y[i], y_low[i])
        lower, upper = _ends(high, low, bound)
        out[i] = lower if z[i] >= 0 else -lower
        undecided |= lower != upper
    return undecided


@loop
def _hessians(w: Any, y: Any, y_low: Any, out: Any) -> Any:
    undecided = False
    for i in range(out.size):
        high, low, bound = _hessian(y[i], y_low[i])
        lower, upper = _ends(high, low, bound)
        out[i] = lower
        undecided |= not ((lower == upper) & (w[i] - w[i] == 0))
    return undecided


@loop
def _mark(z: Any, wanted: Any, parts: Any, left: Any) -> Any:
    """Which elements of the chunk are undecided, in which of the wanted quantities."""
    a, w, w_low, d, d_low, y, y_low = parts
    for i in range(z.size):
        marks = 0
        high, low, bound = _loss(a[i], w[i], w_low[i], d[i], d_low[i])
        lower, upper = _ends(high, low, bound)
        marks |= 0 if lower == upper else LOSS
        high, low, bound = _gradient(w[i], w_low[i], y[i], y_low[i])
        lower, upper = _ends(high, low, bound)
        marks |= 0 if lower == upper else GRADIENT
        high, low, bound = _hessian(y[i], y_low[i])
        lower, upper = _ends(high, low, bound)
        marks |= 0 if (lower == upper) & (w[i] - w[i] == 0) else HESSIAN
        left[i] = wanted & (marks if abs(z[i]) <= NORMAL else wanted)


# -- the whole array -------------------------------------------------------------------------------


@loop
def drive(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians; ``left`` marks which are undecided, and the result says if any is.

    What this stage leaves undecided has been through the next one.

    An output of no elements is not wanted. Without elements in ``t``, every target is ``fixed``. Outputs
    share no memory with inputs.
    """
    columns, entries = columns_of(12), columns_of(4)
    a, r, w, w_low = columns[0], columns[1], columns[2], columns[3]
    d, d_low, y, y_low = columns[8], columns[9], columns[10], columns[11]
    made = (columns[4], columns[5], columns[6], columns[7], d, d_low, y, y_low)
    j = np.zeros(CHUNK, np.uint32)  # the last chunk is read up to a multiple of LANES
    wanted = LOSS * (loss.size > 0) | GRADIENT * (gradient.size > 0) | HESSIAN * (hessian.size > 0)
    places, waiting = np.empty(ROOM, np.int64), 0
    left[:] = 0
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        logits = z[start:stop]
        undecided = _reduce(logits, a, j, r)
        _distances(logits, t[start:stop], fixed, w, w_low)
        _make_pairs(stop - start, j, r, entries, made)
        undecided |= _losses(a, w, w_low, d, d_low, loss[start:stop])
        undecided |= _gradients(logits, w, w_low, y, y_low, gradient[start:stop])
        undecided |= _hessians(w, y, y_low, hessian[start:stop])
        if undecided:
            marks = left[start:stop]
            _mark(logits, wanted, (a, w, w_low, d, d_low, y, y_low), marks)
            waiting = collect(marks, start, places, waiting)
            if waiting > CHUNK:
                some |= settle(z, t, fixed, loss, gradient, hessian, left, places[:waiting])
                waiting = 0
    if waiting:
        some |= settle(z, t, fixed, loss, gradient, hessian, left, places[:waiting])
    return some
