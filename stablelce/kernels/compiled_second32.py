"""The second stage for binary32, compiled: pairs of binary64 for what one binary64 number leaves undecided.

In numbers these are soft targets next to sigmoid(z), where w - y loses most of its 50 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import finals, pairs
from stablelce.kernels.compiled_settling import settling
from stablelce.kernels.compiled_vocabulary import compile_module, inlined, loop
from stablelce.kernels.table_layout import LIMIT

__all__ = ["settle"]

_PAIRS, _FINALS = compile_module(pairs, early=False), compile_module(finals, early=False)
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
def _both(z: Any, t: Any) -> Any:
    losses, gradients = np.empty(z.size), np.empty(z.size)
    sure, sure_gradient = np.empty(z.size, np.bool_), np.empty(z.size, np.bool_)
    for i in range(z.size):
        d, d_low, y, y_low = _pairs(abs(z[i]))
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _loss(abs(z[i]), w, w_low, d, d_low)
        losses[i], sure[i] = _decided(high, low, bound)
        high, low, bound = _gradient(w, w_low, y, y_low)
        value, sure_gradient[i] = _decided(high, low, bound)
        gradients[i] = value if z[i] >= 0 else -value
    return losses, sure, gradients, sure_gradient


@loop
def _losses(z: Any, t: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        d, d_low, _, _ = _pairs(abs(z[i]))
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _loss(abs(z[i]), w, w_low, d, d_low)
        values[i], sure[i] = _decided(high, low, bound)
    return values, sure


@loop
def _gradients(z: Any, t: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        _, _, y, y_low = _pairs(abs(z[i]))
        w, w_low = _distance(z[i], t[i])
        high, low, bound = _gradient(w, w_low, y, y_low)
        value, sure[i] = _decided(high, low, bound)
        values[i] = value if z[i] >= 0 else -value
    return values, sure


@loop
def _hessians(z: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        _, _, y, y_low = _pairs(abs(z[i]))
        high, low, bound = _hessian(y, y_low)
        values[i], sure[i] = _decided(high, low, bound)
    return values, sure


settle = settling(_both, _losses, _gradients, _hessians, LIMIT)
"""Of what the first stage for binary32 leaves; the limit is that of the table."""
