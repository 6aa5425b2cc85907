"""What is provably true of a logistic regression's optimum: enclosures of it, and proofs that there is none.

:func:`certify` and :func:`certify_point` bound how far given coefficients are from the exact optimum;
:func:`exact_optimum` finds it, correctly rounded. The proofs are in ``krawczyk.py`` (there is a unique
optimum, and it lies in this box) and ``separation.py`` (there is none). Names are loaded when they are first
used: only the balls need python-flint.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stablelce.certificate.errors import NotProvedError, NoUniqueOptimumError
    from stablelce.certificate.models import certify
    from stablelce.certificate.optimum import Optimum, exact_optimum
    from stablelce.certificate.point import Certificate, certify_point
    from stablelce.certificate.weights import class_weights, effective_weights

__all__ = [
    "Certificate",
    "NoUniqueOptimumError",
    "NotProvedError",
    "Optimum",
    "certify",
    "certify_point",
    "class_weights",
    "effective_weights",
    "exact_optimum",
]

_HOMES = {
    "Certificate": "point",
    "NoUniqueOptimumError": "errors",
    "NotProvedError": "errors",
    "Optimum": "optimum",
    "certify": "models",
    "certify_point": "point",
    "class_weights": "weights",
    "effective_weights": "weights",
    "exact_optimum": "optimum",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "flint":
            raise
        raise ImportError(
            f"stablelce.certificate.{name} needs the package python-flint: pip install 'stablelce[suite]'."
        ) from None
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
