"""Adapter of SciPy: its sigmoid functions, and the cross-entropy that people write with them.

SciPy has no cross-entropy. Loss and gradient here are the composition found in tutorials and answers::

    loss = -(t*log_expit(z)) - (1 - t)*log_expit(-z)        gradient = expit(z) - t

so their findings concern that composition; those of sigmoid, log_sigmoid and softplus concern SciPy itself.
The functions are ufuncs: any shape, broadcasting included, needs no glue. ``expit`` and ``log_expit`` turn
float16 into float64, hence float32 and float64 are what is offered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy
from scipy import special

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]


def _loss(z: Any, t: Any) -> Any:
    return -(t * special.log_expit(z)) - (1 - t) * special.log_expit(-z)


def _gradient(z: Any, t: Any) -> Any:
    return special.expit(z) - t


def subject(name: str) -> Subject:
    """The composed loss and gradient, and SciPy's functions by their own names here."""
    functions: dict[str, Callable[..., Any]] = {
        "loss": _loss,
        "gradient": _gradient,
        "sigmoid": special.expit,
        "log_sigmoid": special.log_expit,
    }
    expressions = {
        "loss": "-(t * log_expit(z)) - (1 - t) * log_expit(-z)",
        "gradient": "expit(z) - t",
        "sigmoid": "expit(z)",
        "log_sigmoid": "log_expit(z)",
    }
    imported = ["expit", "log_expit"]
    if hasattr(special, "softplus"):  # since SciPy 1.17
        functions["softplus"] = special.softplus
        expressions["softplus"] = "softplus(z)"
        imported.append("softplus")
    return Subject(
        name=name,
        functions=functions,
        formats=("float32", "float64"),
        version=scipy.__version__,
        imports=f"from scipy.special import {', '.join(imported)}",
        expressions=expressions,
    )
