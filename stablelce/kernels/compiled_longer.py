"""The stage ``longer`` compiled, for the elements that the first one leaves undecided."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import longer
from stablelce.kernels.compiled_settling import any_left, gather, scatter
from stablelce.kernels.compiled_vocabulary import compile_module, loop
from stablelce.kernels.longer import LAST
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS

__all__ = ["settle"]

_LONGER = compile_module(longer, early=False)
_distance, _loss, _gradient, _hessian = (_LONGER[n] for n in ("distance", "loss", "gradient", "hessian"))


@loop
def _losses(z: Any, t: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        w, w_low = _distance(z[i], t[i])
        values[i], sure[i] = _loss(abs(z[i]), w, w_low)
    return values, sure


@loop
def _gradients(z: Any, t: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        w, w_low = _distance(z[i], t[i])
        value, sure[i] = _gradient(abs(z[i]), w, w_low)
        values[i] = value if z[i] >= 0 else -value
    return values, sure


@loop
def _hessians(z: Any) -> Any:
    values, sure = np.empty(z.size), np.empty(z.size, np.bool_)
    for i in range(z.size):
        values[i], sure[i] = _hessian(abs(z[i]))
    return values, sure


@loop
def settle(
    z: Any, t: Any, fixed: Any, losses: Any, gradients: Any, hessians: Any, left: Any, places: Any
) -> Any:
    """Write the results that are marked as undecided at those places, and unmark them; whether any are left.

    Those are left that this stage cannot decide, or must not: targets outside [0, 1], logits whose
    results are zero.
    """
    if losses.size:
        logits, targets, chosen = gather(LOSS, LAST, z, t, fixed, left, places)
        values, sure = _losses(logits, targets)
        scatter(LOSS, values, sure, chosen, losses, left)
    if gradients.size:
        logits, targets, chosen = gather(GRADIENT, LAST, z, t, fixed, left, places)
        values, sure = _gradients(logits, targets)
        scatter(GRADIENT, values, sure, chosen, gradients, left)
    if hessians.size:
        logits, targets, chosen = gather(HESSIAN, LAST, z, t, fixed, left, places)
        values, sure = _hessians(logits)
        scatter(HESSIAN, values, sure, chosen, hessians, left)
    return any_left(left, places)
