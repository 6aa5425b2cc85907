"""Adapter of the three textbook forms, ``numpy:naive``, ``numpy:logaddexp`` and ``numpy:fused``."""

from __future__ import annotations

import numpy as np

from stablelce import textbook
from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]


def subject(name: str) -> Subject:
    """Loss and gradient of one form; NumPy computes them in the dtype of the arrays."""
    form = name.removeprefix("numpy:")
    functions = {quantity: f"{form}_{quantity}" for quantity in ("loss", "gradient")}
    return Subject(
        name=name,
        functions={quantity: getattr(textbook, function) for quantity, function in functions.items()},
        formats=("float16", "bfloat16", "float32", "float64"),
        version=f"numpy {np.__version__}",
        imports=f"from stablelce.textbook import {', '.join(functions.values())}",
        expressions={quantity: f"{function}(z, t)" for quantity, function in functions.items()},
    )
