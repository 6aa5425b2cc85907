"""Adapter of JAX: the stable formula in jax.numpy, plain autodiff through it, and the functions of jax.nn.

JAX itself has no cross-entropy of one logit. Loss here is what its users write::

    max(z, 0) - z*t + log1p(exp(-abs(z)))

gradient and hessian are what `jax.grad` makes of that. Every function is compiled by `jax.jit`, as it is in
training, with 64-bit types switched on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from stablelce.conformance.subjects.base import Subject

__all__ = ["compiled", "described", "elementwise_derivative", "subject"]

jax.config.update("jax_enable_x64", True)

IMPORTS = """\
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
"""

_DEFINITIONS = """\
def loss(z, t): return jnp.maximum(z, 0) - z * t + jnp.log1p(jnp.exp(-jnp.abs(z)))
def slope(f): return jax.grad(lambda z, t: f(z, t).sum())"""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under `jax.jit`, from arrays of NumPy to arrays of NumPy."""
    jitted = jax.jit(function)
    return lambda *arrays: np.asarray(jitted(*map(jnp.asarray, arrays)))


def elementwise_derivative(function: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative in z of a function of (z, t), as reverse mode computes it for the sum."""

    def derivative(z: Any, t: Any) -> Any:
        z, t = jnp.broadcast_arrays(z, t)  # otherwise the axes that z is stretched along would be summed
        return jax.grad(lambda logits: function(logits, t).sum())(z)

    return derivative


def described() -> dict[str, Any]:
    """What the subjects that compute with JAX have in common: formats, compilation, device, literals."""
    return {
        "formats": ("float16", "bfloat16", "float32", "float64"),
        "compiles": True,
        "device": str(jax.devices()[0]),
        "array": "jnp.array({values}, dtype=jnp.{format})",
        "convert": "jnp.asarray(a)",
    }


def _loss(z: Any, t: Any) -> Any:
    return jnp.maximum(z, 0) - z * t + jnp.log1p(jnp.exp(-jnp.abs(z)))


def subject(name: str) -> Subject:
    """The stable formula with its first and second derivative, and three functions of `jax.nn`."""
    gradient = elementwise_derivative(_loss)
    return Subject(
        name=name,
        functions={
            "loss": compiled(_loss),
            "gradient": compiled(gradient),
            "hessian": compiled(elementwise_derivative(gradient)),
            "sigmoid": compiled(jax.nn.sigmoid),
            "log_sigmoid": compiled(jax.nn.log_sigmoid),
            "softplus": compiled(jax.nn.softplus),
        },
        version=jax.__version__,
        imports=f"{IMPORTS}{_DEFINITIONS}",
        expressions={
            "loss": "jax.jit(loss)(z, t)",
            "gradient": "jax.jit(slope(loss))(z, t)",
            "hessian": "jax.jit(slope(slope(loss)))(z, t)",
            "sigmoid": "jax.jit(jax.nn.sigmoid)(z)",
            "log_sigmoid": "jax.jit(jax.nn.log_sigmoid)(z)",
            "softplus": "jax.jit(jax.nn.softplus)(z)",
        },
        **described(),
    )
