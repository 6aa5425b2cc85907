"""Logistic cross-entropy of logits: a reference implementation, and a suite that checks others.

The public names are loaded when they are first used; importing the package loads nothing of it, and no
package but NumPy is needed for the functions. ``audit`` and ``certify`` need the extra ``suite``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stablelce.certificate import NoUniqueOptimumError, certify
    from stablelce.conformance import audit
    from stablelce.functions import (
        FlushToZeroWarning,
        gradient,
        hessian,
        log_sigmoid,
        loss,
        loss_and_gradient,
        sigmoid,
        softplus,
    )
    from stablelce.kernels import engine, warmup
    from stablelce.training._sklearn import ConvergenceWarning
    from stablelce.training.estimator import LogisticRegression

__version__ = "0.1.0"

__all__ = [
    "ConvergenceWarning",
    "FlushToZeroWarning",
    "LogisticRegression",
    "NoUniqueOptimumError",
    "__version__",
    "audit",
    "certify",
    "engine",
    "gradient",
    "hessian",
    "log_sigmoid",
    "loss",
    "loss_and_gradient",
    "sigmoid",
    "softplus",
    "warmup",
]


_HOMES = {
    "ConvergenceWarning": "stablelce.training._sklearn",
    "LogisticRegression": "stablelce.training.estimator",
    "NoUniqueOptimumError": "stablelce.certificate",
    "audit": "stablelce.conformance",
    "certify": "stablelce.certificate",
    "engine": "stablelce.kernels",
    "warmup": "stablelce.kernels",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "stablelce.functions")
    try:
        module = importlib.import_module(home)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] == __name__:
            raise
        raise ImportError(
            f"stablelce.{name} needs the package {error.name}: pip install 'stablelce[suite]'."
        ) from None
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
