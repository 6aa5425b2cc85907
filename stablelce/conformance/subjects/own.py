"""Adapter of this library, called by its public name as a stranger would."""

from __future__ import annotations

import stablelce
from stablelce.conformance.subjects.base import KEYWORDS, ONE_ARGUMENT, QUANTITIES, WEIGHTED, Subject

__all__ = ["subject"]


def subject(name: str) -> Subject:
    """The public functions of the installed ``stablelce``, in all four formats."""
    offered = (*QUANTITIES, "loss_and_gradient")
    return Subject(
        name=name,
        functions={quantity: getattr(stablelce, quantity) for quantity in offered},
        formats=("float16", "bfloat16", "float32", "float64"),
        keywords=frozenset(KEYWORDS),
        version=stablelce.__version__,
        imports="import stablelce as lce",
        expressions={
            **{q: f"lce.{q}(z)" if q in ONE_ARGUMENT else f"lce.{q}(z, t)" for q in offered},
            **{f"{q}, {key}": f"lce.{q}(z, t, {key}=w)" for q in WEIGHTED for key in KEYWORDS},
        },
    )
