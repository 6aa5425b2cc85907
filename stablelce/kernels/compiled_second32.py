"""The second stage for binary32, compiled: pairs of binary64 for what one binary64 number leaves undecided.

In numbers these are soft targets next to sigmoid(z), where w - y loses most of its 50 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs
from stablelce.kernels.compiled_rows import places_of
from stablelce.kernels.compiled_vocabulary import compile_module, inlined, loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS
from stablelce.kernels.table_layout import LIMIT

__all__ = ["settle"]

_PAIRS, _FINALS = compile_module(pairs), compile_module(finals)
_pairs, _two_sum = _PAIRS["pairs"], _FINALS["two_sum"]
_distance, _loss = _FINALS["distance"], _FINALS["loss"]
_gradient, _hessian = _FINALS["gradient"], _FINALS["hessian"]


@inlined
def _decided(high: Any, low: Any, bound: Any) -> Any:
    """The sum rounded to binary32, and whether both ends of its interval round alike.

    The two roundings of an end to binary64 are covered by 2^-51 of the sum. Zeros are equal whatever their
    signs, so a result that rounds to zero is left open.
    """
    value, rest = _two_sum(high, low)
    bound = bound + 2.0**-51 * abs(value)
    lower, upper = np.float32(value + (rest - bound)), np.float32(value + (rest + bound))
    return lower, (lower == upper) & (lower != 0)


@loop
def settle(z: Any, t: Any, fixed: Any, losses: Any, gradients: Any, hessians: Any, left: Any) -> Any:
    """Write the results that are marked as undecided, and unmark them; whether any are left.

    Those are left that this stage cannot decide, or must not: targets outside [0, 1], logits beyond the
    table.
    """
    some = False
    for i in places_of(left):
        a, target = float(abs(z[i])), float(t[i]) if t.size else fixed
        if a <= LIMIT and target >= 0 and target <= 1:
            d, d_low, y, y_low = _pairs(a)
            w, w_low = _distance(float(z[i]), target)
            if left[i] & LOSS:
                high, low, bound = _loss(a, w, w_low, d, d_low)
                value, sure = _decided(high, low, bound)
                if sure:
                    losses[i], left[i] = value, left[i] ^ LOSS
            if left[i] & GRADIENT:
                high, low, bound = _gradient(w, w_low, y, y_low)
                value, sure = _decided(high, low, bound)
                if sure:
                    gradients[i], left[i] = value if z[i] >= 0 else -value, left[i] ^ GRADIENT
            if left[i] & HESSIAN:
                high, low, bound = _hessian(y, y_low)
                value, sure = _decided(high, low, bound)
                if sure:
                    hessians[i], left[i] = value, left[i] ^ HESSIAN
        some |= left[i] != 0
    return some
