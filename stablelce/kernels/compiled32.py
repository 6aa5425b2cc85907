"""The first stage for binary32, computed in binary64, in loops that become vector instructions.

A chunk goes through three loops: reduction, table, and from there to the results. To store what the results
are made of, and read it again, would take as long as a third of the arithmetic. The last loop applies a quick
test, which says no too often: where it fails, the chunk takes the test of the bounds, which marks what is
undecided.

The quick test looks at the encoding of the binary64 value. Its last 29 bits are what binary32 has not; in
units of the last place, midpoints of binary32 are where they are 2^28. A value v >= 2^-126 that is further
from one than its bound rounds as the exact value does. |v| is below 2^53 units, so bounds are below

* loss, (2^-50 + 2^-51) v: 12 units;
* hessian, (2^-49 + 2^-51) v: 20 units;
* gradient w - y, (2^-50 + 2^-51) y + 2^-51 |v|: 12 * 512 + 4 units where y <= 512 |v|.

Hard targets have y <= |v|; a wider margin for the gradient is there for soft ones, which would fail at
y <= 16 |v| once in thirty.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, plain
from stablelce.kernels.compiled_rows import CHUNK, columns_of, lanes, rows_into_columns
from stablelce.kernels.compiled_second32 import settle
from stablelce.kernels.compiled_settling import ROOM, collect
from stablelce.kernels.compiled_vocabulary import VOCABULARY, compile_module, encoding, inlined, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS
from stablelce.kernels.table import SIGMOID_HIGH, SOFTPLUS_HIGH
from stablelce.kernels.table_layout import LIMIT

__all__ = ["drive"]

ROWS = np.stack([SOFTPLUS_HIGH, SIGMOID_HIGH], axis=1)

LEAST = 2.0**-126
"""The least normal number of binary32."""

NEAR = 32
"""Units of the last place of binary64 within which a midpoint of binary32 is too close."""

NEAR_GRADIENT = 2**13
"""The same for the gradient, where it is at least y/512."""

_PLAIN, _FINALS = compile_module(plain), compile_module(finals)
_reduced, _from_entry = _PLAIN["reduced"], _PLAIN["from_entry"]
_mul_add = VOCABULARY["mul_add"]
_loss, _gradient, _hessian = (_FINALS[n] for n in ("plain_loss", "plain_gradient", "plain_hessian"))
LANES = lanes(2)
_take = rows_into_columns(2)

# -- a chunk: from logits to entries of the table, and distances from them --------------------------


@loop
def _reduce(z: Any, j: Any, r: Any) -> Any:
    """The entry next to |z|, the first where it is beyond the table; whether any is."""
    beyond = False
    for i in range(z.size):
        inside = abs(z[i]) <= np.float32(LIMIT)
        j[i], r[i] = _reduced(float(abs(z[i]) if inside else np.float32(0)))
        beyond |= not inside
    return beyond


@loop
def _look_up(n: Any, j: Any, entries: Any) -> Any:
    for i in range(0, n, LANES):
        _take(ROWS, j, i, entries)


@loop
def _distances(z: Any, t: Any, fixed: Any, w: Any) -> Any:
    if t.size:
        for i in range(z.size):
            w[i] = 1.0 - t[i] if z[i] >= 0 else float(t[i])
    else:
        for i in range(z.size):
            w[i] = 1.0 - fixed if z[i] >= 0 else fixed


# -- a chunk: results, and whether any may be undecided --------------------------------------------


@inlined
def _near_midpoint(value: Any, margin: Any) -> Any:
    return ((encoding(value) + (2**28 + margin)) & (2**29 - 1)) <= 2 * margin


@inlined
def _doubtful_gradient(value: Any, y: Any) -> Any:
    return _near_midpoint(value, NEAR_GRADIENT) | (not abs(value) >= _mul_add(y, 2.0**-9, LEAST))


@loop
def _losses_and_gradients(z: Any, t: Any, s: Any, p: Any, r: Any, losses: Any, gradients: Any) -> Any:
    doubtful = False
    for i in range(z.size):
        w = 1.0 - t[i] if z[i] >= 0 else float(t[i])
        d, y = _from_entry(s[i], p[i], r[i])
        loss, _ = _loss(float(abs(z[i])), w, d)
        gradient, _ = _gradient(w, y)
        losses[i] = loss
        gradients[i] = gradient if z[i] >= 0 else -gradient
        # For t in [0, 1] the gradient's test holds for y >= 2^-126 or w > y alone, where the loss d + a*w,
        # d >= y, is normal. The loss has one for infinite targets: a*w = 0*inf may be a NaN of either sign.
        doubtful |= _near_midpoint(loss, NEAR) | (not loss >= LEAST) | _doubtful_gradient(gradient, y)
    return doubtful


@loop
def _losses(z: Any, w: Any, s: Any, p: Any, r: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        d, _ = _from_entry(s[i], p[i], r[i])
        value, _ = _loss(float(abs(z[i])), w[i], d)
        out[i] = value
        doubtful |= _near_midpoint(value, NEAR) | (not value >= LEAST)
    return doubtful


@loop
def _gradients(z: Any, w: Any, s: Any, p: Any, r: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        _, y = _from_entry(s[i], p[i], r[i])
        value, _ = _gradient(w[i], y)
        out[i] = value if z[i] >= 0 else -value
        doubtful |= _doubtful_gradient(value, y)
    return doubtful


@loop
def _hessians(w: Any, s: Any, p: Any, r: Any, out: Any) -> Any:
    doubtful = False
    for i in range(out.size):
        _, y = _from_entry(s[i], p[i], r[i])
        value, _ = _hessian(y)
        out[i] = value
        doubtful |= _near_midpoint(value, NEAR) | (not value >= LEAST) | (w[i] - w[i] != 0)
    return doubtful


# -- a chunk with doubtful elements: both ends of the interval that holds the result ---------------


@inlined
def _ends(value: Any, bound: Any) -> Any:
    return np.float32(value - bound), np.float32(value + bound)


@loop
def _losses_marked(z: Any, w: Any, s: Any, p: Any, r: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        d, _ = _from_entry(s[i], p[i], r[i])
        value, bound = _loss(float(abs(z[i])), w[i], d)
        lower, upper = _ends(value, bound)
        out[i] = lower
        left[i] |= LOSS * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT)))


@loop
def _gradients_marked(z: Any, w: Any, s: Any, p: Any, r: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        _, y = _from_entry(s[i], p[i], r[i])
        value, bound = _gradient(w[i], y)
        lower, upper = _ends(value, bound)
        out[i] = lower if z[i] >= 0 else -lower
        # Zeros are equal whatever their signs, so the sign of a result that rounds to zero is left open.
        sure = (lower == upper) & (abs(z[i]) <= LIMIT) & ((lower != 0) | (w[i] == 0))
        left[i] |= GRADIENT * (1 - sure)


@loop
def _hessians_marked(z: Any, w: Any, s: Any, p: Any, r: Any, out: Any, left: Any) -> Any:
    for i in range(out.size):
        _, y = _from_entry(s[i], p[i], r[i])
        value, bound = _hessian(y)
        lower, upper = _ends(value, bound)
        out[i] = lower
        left[i] |= HESSIAN * (1 - ((lower == upper) & (abs(z[i]) <= LIMIT) & (w[i] - w[i] == 0)))


# -- the whole array -------------------------------------------------------------------------------


@loop
def drive(z: Any, t: Any, fixed: Any, loss: Any, gradient: Any, hessian: Any, left: Any) -> Any:
    """Losses, gradients and hessians, as :func:`stablelce.kernels.compiled64.drive`."""
    columns, entries = columns_of(2), columns_of(2)
    r, w, s, p = columns[0], columns[1], entries[0], entries[1]
    j = np.zeros(CHUNK, np.uint32)  # the last chunk is read up to a multiple of LANES
    places, waiting = np.empty(ROOM, np.int64), 0
    left[:] = 0
    usual = t.size > 0 and loss.size > 0 and gradient.size > 0 and hessian.size == 0
    some = False
    for start in range(0, z.size, CHUNK):
        # A slice costs as much as a dozen elements, so that none is made that is not needed.
        stop = min(start + CHUNK, z.size)
        logits, targets = z[start:stop], t[start:stop]
        losses, gradients = loss[start:stop], gradient[start:stop]
        doubtful = _reduce(logits, j, r)
        _look_up(stop - start, j, entries)
        if usual:
            doubtful |= _losses_and_gradients(logits, targets, s, p, r, losses, gradients)
        else:
            _distances(logits, targets, fixed, w)
            doubtful |= _losses(logits, w, s, p, r, losses)
            doubtful |= _gradients(logits, w, s, p, r, gradients)
            doubtful |= _hessians(w, s, p, r, hessian[start:stop])
        if doubtful:
            marks = left[start:stop]
            _distances(logits, targets, fixed, w)
            _losses_marked(logits, w, s, p, r, losses, marks)
            _gradients_marked(logits, w, s, p, r, gradients, marks)
            _hessians_marked(logits, w, s, p, r, hessian[start:stop], marks)
            waiting = collect(marks, start, places, waiting)
            if waiting > CHUNK:
                some |= settle(z, t, fixed, loss, gradient, hessian, left, places[:waiting])
                waiting = 0
    if waiting:
        some |= settle(z, t, fixed, loss, gradient, hessian, left, places[:waiting])
    return some
