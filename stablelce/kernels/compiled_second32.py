"""The second stage for binary32, compiled: pairs of binary64 for what one binary64 number leaves undecided.

In numbers these are soft targets next to sigmoid(z), where w - y loses most of its 50 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs
from stablelce.kernels.compiled_vocabulary import compile_module, inlined, loop
from stablelce.kernels.marks import GRADIENT, LOSS
from stablelce.kernels.table_layout import LIMIT

__all__ = ["drive"]

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
def drive(quantity: Any, z: Any, t: Any, out: Any, sure: Any) -> Any:
    """Losses, gradients or hessians at finite z and t in [0, 1], by mark, and where they are decided."""
    for i in range(z.size):
        size = float(abs(z[i]))
        inside = size <= LIMIT
        a = size if inside else 0.0
        d, d_low, y, y_low = _pairs(a)
        w, w_low = _distance(float(z[i]), float(t[i]))
        if quantity == LOSS:
            high, low, bound = _loss(a, w, w_low, d, d_low)
        elif quantity == GRADIENT:
            high, low, bound = _gradient(w, w_low, y, y_low)
        else:
            high, low, bound = _hessian(y, y_low)
        value, decided = _decided(high, low, bound)
        out[i] = -value if quantity == GRADIENT and z[i] < 0 else value
        sure[i] = decided & inside
