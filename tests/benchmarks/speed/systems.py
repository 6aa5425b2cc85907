"""Loss and gradient of whole arrays in each system, as its users would call it, one thread each.

A system makes a call without arguments for given arrays, so that what is prepared once is not timed. Outputs
are preallocated where a system lets them be. Absent systems are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import stablelce as lce
from stablelce import textbook

__all__ = ["SYSTEMS", "Call", "available"]

Array = npt.NDArray[Any]
Call = Callable[[], object]


def own(z: Array, t: Array) -> Call:
    out = (np.empty_like(z), np.empty_like(z))
    return lambda: lce.loss_and_gradient(z, t, out=out)


def own_numpy(z: Array, t: Array) -> Call:
    out = (np.empty_like(z), np.empty_like(z))

    def call() -> None:
        with lce.engine("numpy"):
            lce.loss_and_gradient(z, t, out=out)

    return call


def logaddexp(z: Array, t: Array) -> Call:
    return lambda: (textbook.logaddexp_loss(z, t), textbook.logaddexp_gradient(z, t))


def fused(z: Array, t: Array) -> Call:
    return lambda: (textbook.fused_loss(z, t), textbook.fused_gradient(z, t))


def sklearn(z: Array, t: Array) -> Call:
    from sklearn._loss import HalfBinomialLoss

    loss, out = HalfBinomialLoss(), (np.empty_like(z), np.empty_like(z))
    return lambda: loss.loss_gradient(t, z, loss_out=out[0], gradient_out=out[1], n_threads=1)


def torch_eager(z: Array, t: Array) -> Call:
    import torch

    torch.set_num_threads(1)
    logits, targets = torch.from_numpy(z.copy()).requires_grad_(), torch.from_numpy(t)
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def call() -> None:
        logits.grad = None
        loss(logits, targets).backward()

    return call


def torch_compiled(z: Array, t: Array) -> Call:
    import torch

    torch.set_num_threads(1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits

    def plain(logits: Any, targets: Any) -> Any:
        return loss(logits, targets, reduction="none"), torch.sigmoid(logits) - targets

    both = torch.compile(plain, dynamic=True)
    logits, targets = torch.from_numpy(z), torch.from_numpy(t)
    return lambda: both(logits, targets)


def jax_compiled(z: Array, t: Array) -> Call:
    import jax

    jax.config.update("jax_enable_x64", True)
    numpy = jax.numpy

    def stable(logits: Any, targets: Any) -> Any:
        loss = numpy.maximum(logits, 0) - logits * targets + numpy.log1p(numpy.exp(-numpy.abs(logits)))
        return loss, jax.nn.sigmoid(logits) - targets

    both = jax.jit(stable)
    logits, targets = numpy.asarray(z), numpy.asarray(t)
    return lambda: jax.block_until_ready(both(logits, targets))


def optax_compiled(z: Array, t: Array) -> Call:
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    total = jax.jit(jax.value_and_grad(lambda z, t: optax.sigmoid_binary_cross_entropy(z, t).sum()))
    logits, targets = jax.numpy.asarray(z), jax.numpy.asarray(t)
    return lambda: jax.block_until_ready(total(logits, targets))


SYSTEMS: dict[str, Callable[[Array, Array], Call]] = {
    "stablelce": own,
    "stablelce, NumPy engine": own_numpy,
    "logaddexp formula, NumPy": logaddexp,
    "fused formula, NumPy": fused,
    "scikit-learn loss_gradient": sklearn,
    "torch eager, forward and backward": torch_eager,
    "torch.compile, loss and y-t": torch_compiled,
    "JAX jit, stable formula": jax_compiled,
    "optax value and gradient, jit": optax_compiled,
}
"""The first is what the others are compared with."""


def available() -> dict[str, Callable[[Array, Array], Call]]:
    """The systems that are installed."""
    found = {}
    for name, make in SYSTEMS.items():
        try:
            make(np.zeros(2), np.zeros(2))
        except ImportError:
            continue
        found[name] = make
    return found
