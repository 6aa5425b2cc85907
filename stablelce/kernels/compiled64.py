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
from stablelce.kernels.compiled_rows import CHUNK, columns_of, lanes, rows_into_columns
from stablelce.kernels.compiled_vocabulary import compile_module, inlined, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS
from stablelce.kernels.table import SIGMOID_HIGH, SIGMOID_LOW, SOFTPLUS_HIGH, SOFTPLUS_LOW
from stablelce.kernels.table_layout import LIMIT

__all__ = ["drive"]

ROWS = np.stack([SOFTPLUS_HIGH, SOFTPLUS_LOW, SIGMOID_HIGH, SIGMOID_LOW], axis=1)

_PAIRS, _FINALS = compile_module(pairs), compile_module(finals)
_reduced, _increment = _PAIRS["reduced"], _PAIRS["increment"]
_softplus, _sigmoid = _PAIRS["softplus"], _PAIRS["sigmoid"]
_distance, _loss = _FINALS["distance"], _FINALS["loss"]
_gradient, _hessian = _FINALS["gradient"], _FINALS["hessian"]
LANES = lanes(4)
_take = rows_into_columns(4)

# -- a chunk: from logits to entries of the table, and what losses and gradients share -------------


@loop
def _reduce(z: Any, j: Any, r: Any) -> Any:
    """The entry next to |z|, the first where it is beyond the table; whether any is."""
    beyond = False
    for i in range(z.size):
        inside = abs(z[i]) <= LIMIT
        j[i], r[i] = _reduced(abs(z[i]) if inside else 0.0)
        beyond |= not inside
    return beyond


@loop
def _look_up(n: Any, j: Any, entries: Any) -> Any:
    for i in range(0, n, LANES):
        _take(ROWS, j, i, entries)


@loop
def _distances(z: Any, t: Any, fixed: Any, w: Any, w_low: Any) -> Any:
    if t.size:
        for i in range(z.size):
            w[i], w_low[i] = _distance(z[i], t[i])
    else:
        for i in range(z.size):
            w[i], w_low[i] = _distance(z[i], fixed)


@loop
def _increments(n: Any, p: Any, p_low: Any, r: Any, u: Any, u_low: Any, square: Any, square_low: Any) -> Any:
    for i in range(n):
        u[i], u_low[i], square[i], square_low[i] = _increment(p[i], p_low[i], r[i])


# -- a chunk: results, and whether any is undecided ------------------------------------------------


@inlined
def _ends(high: Any, low: Any, bound: Any) -> Any:
    """Both ends of the interval that holds the result, rounded; it is decided where they are equal."""
    return high + (low - bound), high + (low + bound)


@loop
def _losses(z: Any, w: Any, w_low: Any, of_entry: Any, of_increment: Any, out: Any) -> Any:
    s, s_low = of_entry[0], of_entry[1]
    u, u_low, square, square_low = of_increment[0], of_increment[1], of_increment[2], of_increment[3]
    undecided = False
    for i in range(out.size):
        d, d_low = _softplus(s[i], s_low[i], u[i], u_low[i], square[i], square_low[i])
        high, low, bound = _loss(abs(z[i]), w[i], w_low[i], d, d_low)
        lower, upper = _ends(high, low, bound)
        out[i] = lower
        undecided |= lower != upper
    return undecided


@loop
def _gradients(z: Any, w: Any, w_low: Any, of_entry: Any, of_increment: Any, out: Any) -> Any:
    p, p_low = of_entry[2], of_entry[3]
    u, u_low, square = of_increment[0], of_increment[1], of_increment[2]
    undecided = False
    for i in range(out.size):
        y, y_low = _sigmoid(p[i], p_low[i], u[i], u_low[i], square[i])
        high, low, bound = _gradient(w[i], w_low[i], y, y_low)
        lower, upper = _ends(high, low, bound)
        out[i] = lower if z[i] >= 0 else -lower
        undecided |= lower != upper
    return undecided


@loop
def _hessians(w: Any, of_entry: Any, of_increment: Any, out: Any) -> Any:
    p, p_low = of_entry[2], of_entry[3]
    u, u_low, square = of_increment[0], of_increment[1], of_increment[2]
    undecided = False
    for i in range(out.size):
        y, y_low = _sigmoid(p[i], p_low[i], u[i], u_low[i], square[i])
        high, low, bound = _hessian(y, y_low)
        lower, upper = _ends(high, low, bound)
        out[i] = lower
        undecided |= not ((lower == upper) & (w[i] - w[i] == 0))
    return undecided


@loop
def _mark(z: Any, w: Any, w_low: Any, of_entry: Any, of_increment: Any, wanted: Any, left: Any) -> Any:
    """Which elements of the chunk are undecided, in which of the wanted quantities."""
    s, s_low, p, p_low = of_entry[0], of_entry[1], of_entry[2], of_entry[3]
    u, u_low, square, square_low = of_increment[0], of_increment[1], of_increment[2], of_increment[3]
    for i in range(z.size):
        d, d_low = _softplus(s[i], s_low[i], u[i], u_low[i], square[i], square_low[i])
        y, y_low = _sigmoid(p[i], p_low[i], u[i], u_low[i], square[i])
        marks = 0
        high, low, bound = _loss(abs(z[i]), w[i], w_low[i], d, d_low)
        lower, upper = _ends(high, low, bound)
        marks |= 0 if lower == upper else LOSS
        high, low, bound = _gradient(w[i], w_low[i], y, y_low)
        lower, upper = _ends(high, low, bound)
        marks |= 0 if lower == upper else GRADIENT
        high, low, bound = _hessian(y, y_low)
        lower, upper = _ends(high, low, bound)
        marks |= 0 if (lower == upper) & (w[i] - w[i] == 0) else HESSIAN
        left[i] = wanted & (marks if abs(z[i]) <= LIMIT else wanted)


# -- the whole array -------------------------------------------------------------------------------


@loop
def drive(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians; ``left`` marks which are undecided, and the result says if any is.

    An output of no elements is not wanted. Without elements in ``t``, every target is ``fixed``. Outputs
    share no memory with inputs.
    """
    columns, made, entries = columns_of(3), columns_of(4), columns_of(4)
    r, w, w_low = columns[0], columns[1], columns[2]
    p, p_low = entries[2], entries[3]
    u, u_low, square, square_low = made[0], made[1], made[2], made[3]
    j = np.zeros(CHUNK, np.uint32)  # the last chunk is read up to a multiple of LANES
    left[:] = 0
    wanted = LOSS * (loss.size > 0) | GRADIENT * (gradient.size > 0) | HESSIAN * (hessian.size > 0)
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        logits = z[start:stop]
        undecided = _reduce(logits, j, r)
        _look_up(stop - start, j, entries)
        _distances(logits, t[start:stop], fixed, w, w_low)
        _increments(stop - start, p, p_low, r, u, u_low, square, square_low)
        undecided |= _losses(logits, w, w_low, entries, made, loss[start:stop])
        undecided |= _gradients(logits, w, w_low, entries, made, gradient[start:stop])
        if wanted & HESSIAN:
            undecided |= _hessians(w, entries, made, hessian[start:stop])
        if undecided:
            _mark(logits, w, w_low, entries, made, wanted, left[start:stop])
            some = True
    return some
