"""The first stage for binary32, computed in binary64, in loops that become vector instructions.

As in ``compiled64`` a chunk goes through short loops. The last ones apply a quick test, which says no too
often: where it fails, the chunk takes the test of the bounds, which marks what is undecided.

The quick test looks at the encoding of the binary64 value. Its last 29 bits are what binary32 has not; in
units of the last place, midpoints of binary32 are where they are 2^28. Bounds of the error are below 256 of
those units: for value v >= 2^-126 the loss has (2^-50 + 2^-51) v <= 12 units, as v is below 2^53 of them, the
hessian 20, and the gradient w - y, with (2^-50 + 2^-51) y + 2^-51 |v|, has 196 where y <= 16 |v|. So where
these bits differ from 2^28 by more than 256, v rounds as the exact value does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, plain
from stablelce.kernels.compiled_rows import CHUNK, columns_of, lanes, rows_into_columns
from stablelce.kernels.compiled_vocabulary import compile_module, encoding, inlined, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS
from stablelce.kernels.table import SIGMOID_HIGH, SOFTPLUS_HIGH
from stablelce.kernels.table_layout import LIMIT

__all__ = ["drive"]

ROWS = np.stack([SOFTPLUS_HIGH, SIGMOID_HIGH], axis=1)

LEAST = 2.0**-126
"""The least normal number of binary32."""

NEAR = 256
"""Units of the last place of binary64 within which a midpoint of binary32 is too close."""

_PLAIN, _FINALS = compile_module(plain), compile_module(finals)
_reduced, _from_entry = _PLAIN["reduced"], _PLAIN["from_entry"]
_loss, _gradient, _hessian = (_FINALS[n] for n in ("plain_loss", "plain_gradient", "plain_hessian"))
LANES = lanes(2)
_take = rows_into_columns(2)

# -- a chunk: from logits to softplus(-a) and sigmoid(-a) ------------------------------------------


@loop
def _reduce(z: Any, a: Any, j: Any, r: Any) -> Any:
    """a = |z|, 0 where it is beyond the table; whether any is."""
    beyond = False
    for i in range(z.size):
        size = float(abs(z[i]))
        inside = size <= LIMIT
        a[i] = size if inside else 0.0
        j[i], r[i] = _reduced(a[i])
        beyond |= not inside
    return beyond


@loop
def _distances(z: Any, t: Any, fixed: Any, w: Any) -> Any:
    if t.size:
        for i in range(z.size):
            w[i] = 1.0 - t[i] if z[i] >= 0 else float(t[i])
    else:
        for i in range(z.size):
            w[i] = 1.0 - fixed if z[i] >= 0 else fixed


@loop
def _make_plain(n: Any, j: Any, r: Any, entries: Any, d: Any, y: Any) -> Any:
    for i in range(0, n, LANES):
        _take(ROWS, j, i, entries)
    s, p = entries[0], entries[1]
    for i in range(n):
        d[i], y[i] = _from_entry(s[i], p[i], r[i])


# -- a chunk: results, and whether any may be undecided --------------------------------------------


@inlined
def _near_midpoint(value: Any) -> Any:
    return ((encoding(value) + (2**28 + NEAR)) & (2**29 - 1)) <= 2 * NEAR


@loop
def _losses(a: Any, w: Any, d: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        value, _ = _loss(a[i], w[i], d[i])
        out[i] = value
        doubtful |= _near_midpoint(value) | (not value >= LEAST)
    return doubtful


@loop
def _gradients(z: Any, w: Any, y: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        value, _ = _gradient(w[i], y[i])
        out[i] = value if z[i] >= 0 else -value
        size = abs(value)
        doubtful |= _near_midpoint(value) | (not size >= 0.0625 * y[i] + LEAST)
    return doubtful


@loop
def _hessians(w: Any, y: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        value, _ = _hessian(y[i])
        out[i] = value
        doubtful |= _near_midpoint(value) | (not value >= LEAST) | (w[i] - w[i] != 0)
    return doubtful


# -- a chunk with doubtful elements: both ends of the interval that holds the result ---------------


@inlined
def _ends(value: Any, bound: Any) -> Any:
    return np.float32(value - bound), np.float32(value + bound)


@loop
def _losses_marked(z: Any, a: Any, w: Any, d: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        value, bound = _loss(a[i], w[i], d[i])
        lower, upper = _ends(value, bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@loop
def _gradients_marked(z: Any, w: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        value, bound = _gradient(w[i], y[i])
        lower, upper = _ends(value, bound)
        out[i] = lower if z[i] >= 0 else -lower
        # Zeros are equal whatever their signs, so the sign of a result that rounds to zero is left open.
        sure = (lower == upper) & (abs(z[i]) <= LIMIT) & ((lower != 0) | (w[i] == 0))
        left[i] |= GRADIENT * (1 - sure)


@loop
def _hessians_marked(z: Any, w: Any, y: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        value, bound = _hessian(y[i])
        lower, upper = _ends(value, bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (w[i] - w[i] == 0)))


# -- the whole array -------------------------------------------------------------------------------


@loop
def drive(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians, as :func:`stablelce.kernels.compiled64.drive`."""
    columns, entries = columns_of(5), columns_of(2)
    a, r, w, d, y = columns[0], columns[1], columns[2], columns[3], columns[4]
    j = np.zeros(CHUNK, np.uint32)  # the last chunk is read up to a multiple of LANES
    some = False
    for start in range(0, z.size, CHUNK):
        stop = min(start + CHUNK, z.size)
        logits, marks = z[start:stop], left[start:stop]
        losses, gradients, hessians = loss[start:stop], gradient[start:stop], hessian[start:stop]
        doubtful = _reduce(logits, a, j, r)
        _distances(logits, t[start:stop], fixed, w)
        _make_plain(stop - start, j, r, entries, d, y)
        doubtful |= _losses(a, w, d, losses)
        doubtful |= _gradients(logits, w, y, gradients)
        doubtful |= _hessians(w, y, hessians)
        marks[:] = 0
        if doubtful:
            _losses_marked(logits, a, w, d, losses, marks)
            _gradients_marked(logits, w, y, gradients, marks)
            _hessians_marked(logits, w, y, hessians, marks)
            some |= marks.any()
    return some
