"""Adapter of optax: `sigmoid_binary_cross_entropy`, and its derivatives by JAX.

Reverse mode goes through optax's own formula, two calls of `log_sigmoid`; nothing of it is replaced here.
"""

from __future__ import annotations

import optax

from stablelce.conformance.subjects.base import Subject
from stablelce.conformance.subjects.jax import IMPORTS, compiled, described, elementwise_derivative

__all__ = ["subject"]


def subject(name: str) -> Subject:
    """Loss, gradient and second derivative, compiled."""
    loss = optax.sigmoid_binary_cross_entropy
    gradient = elementwise_derivative(loss)
    return Subject(
        name=name,
        functions={
            "loss": compiled(loss),
            "gradient": compiled(gradient),
            "hessian": compiled(elementwise_derivative(gradient)),
        },
        version=optax.__version__,
        imports=f"{IMPORTS}from optax import sigmoid_binary_cross_entropy as loss\n"
        "def slope(f): return jax.grad(lambda z, t: f(z, t).sum())",
        expressions={
            "loss": "jax.jit(loss)(z, t)",
            "gradient": "jax.jit(slope(loss))(z, t)",
            "hessian": "jax.jit(slope(slope(loss)))(z, t)",
        },
        **described(),
    )
