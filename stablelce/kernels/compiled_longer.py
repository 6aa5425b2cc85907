"""The stage ``longer`` compiled, for the elements that the first one leaves undecided."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels import longer
from stablelce.kernels.compiled_settling import settling
from stablelce.kernels.compiled_vocabulary import compile_module, loop
from stablelce.kernels.longer import LAST

__all__ = ["settle"]

_LONGER = compile_module(longer, early=False)
_distance, _parts, _loss_of, _gradient_of = (
    _LONGER[name] for name in ("distance", "parts", "loss_of", "gradient_of")
)
_loss, _gradient, _hessian = _LONGER["loss"], _LONGER["gradient"], _LONGER["hessian"]


@loop
def _both(z: Any, t: Any) -> Any:
    losses, gradients = np.empty(z.size), np.empty(z.size)
    sure, sure_gradient = np.empty(z.size, np.bool_), np.empty(z.size, np.bool_)
    for i in range(z.size):
        w, w_low = _distance(z[i], t[i])
        made = _parts(abs(z[i]))
        losses[i], sure[i] = _loss_of(made, w, w_low)
        value, sure_gradient[i] = _gradient_of(made, w, w_low)
        gradients[i] = value if z[i] >= 0 else -value
    return losses, sure, gradients, sure_gradient


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


settle = settling(_both, _losses, _gradients, _hessians, LAST)
"""Of what the first stage for binary64 leaves; beyond the limit softplus(-a) and sigmoid(-a) round to 0."""
