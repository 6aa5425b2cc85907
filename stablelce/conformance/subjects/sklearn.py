"""Adapter of scikit-learn's HalfBinomialLoss, the loss behind LogisticRegression and gradient boosting.

``sklearn`` is judged by its separate functions, ``sklearn:loss_gradient`` by the one that solvers call, which
computes both in another way.

Its methods take ``y_true`` (the target) before ``raw_prediction`` (the logit). They are compiled for one
axis of samples: both arrays C-contiguous, 1-d, of one dtype, float32 or float64; anything else is refused.
The glue therefore broadcasts, flattens and copies where it must, and gives the result its shape back; it
touches no value and no dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn._loss import HalfBinomialLoss

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]


def _over_samples(method: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """The method of ``(y_true, raw_prediction)`` as a function of logits and targets of any shape."""

    def function(z: Any, t: Any) -> Any:
        logits, targets = np.broadcast_arrays(z, t)
        result = method(
            y_true=np.ascontiguousarray(targets).ravel(), raw_prediction=np.ascontiguousarray(logits).ravel()
        )
        if isinstance(result, tuple):
            return tuple(part.reshape(logits.shape) for part in result)
        return result.reshape(logits.shape)

    return function


def subject(name: str) -> Subject:
    """Loss, gradient, both in one pass, and the second derivative."""
    half_binomial = HalfBinomialLoss()
    gradient_hessian = _over_samples(half_binomial.gradient_hessian)
    inputs = "y_true=np.ravel(t), raw_prediction=np.ravel(z)"
    functions = {
        "loss": _over_samples(half_binomial.loss),
        "gradient": _over_samples(half_binomial.gradient),
        "hessian": lambda z, t: gradient_hessian(z, t)[1],
        "loss_and_gradient": _over_samples(half_binomial.loss_gradient),
    }
    expressions = {
        "loss": f"HalfBinomialLoss().loss({inputs})",
        "gradient": f"HalfBinomialLoss().gradient({inputs})",
        "hessian": f"HalfBinomialLoss().gradient_hessian({inputs})[1]",
        "loss_and_gradient": f"HalfBinomialLoss().loss_gradient({inputs})",
    }
    judged = ["loss_and_gradient"] if name == "sklearn:loss_gradient" else list(functions)
    return Subject(
        name=name,
        functions={offer: functions[offer] for offer in judged},
        formats=("float32", "float64"),
        version=sklearn.__version__,
        imports="import numpy as np\nfrom sklearn._loss import HalfBinomialLoss",
        expressions={offer: expressions[offer] for offer in judged},
    )
