"""The stage ``longer`` compiled, for the elements that the first one leaves undecided."""

from __future__ import annotations

from typing import Any

from stablelce.kernels import longer
from stablelce.kernels.compiled_vocabulary import compile_module, loop

__all__ = ["drive"]

_LONGER = compile_module(longer, early=False)
_distance, _loss, _gradient, _hessian = (_LONGER[n] for n in ("distance", "loss", "gradient", "hessian"))


@loop
def _losses(z: Any, t: Any, out: Any, sure: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        out[i], sure[i] = _loss(abs(z[i]), w, w_low)


@loop
def _gradients(z: Any, t: Any, out: Any, sure: Any) -> Any:
    for i in range(out.size):
        w, w_low = _distance(z[i], t[i])
        value, sure[i] = _gradient(abs(z[i]), w, w_low)
        out[i] = value if z[i] >= 0 else -value


@loop
def _hessians(z: Any, out: Any, sure: Any) -> Any:
    for i in range(out.size):
        out[i], sure[i] = _hessian(abs(z[i]))


@loop
def drive(quantity: Any, z: Any, t: Any, out: Any, sure: Any) -> Any:
    """Losses (1), gradients (2) or hessians (4) at finite z and t in [0, 1], and where they are decided."""
    if quantity == 1:
        _losses(z, t, out, sure)
    elif quantity == 2:
        _gradients(z, t, out, sure)
    else:
        _hessians(z, out, sure)
