"""Adapter of statsmodels' Logit: log-likelihood per observation, derivatives in the linear predictor.

A model is a target and features; here the features of an observation are the logit and a 1, and the
parameters 1 and 0, so that the linear predictor 1*z + 0*1 is the logit, exactly. The log-likelihood is that
of a label 0 or 1: soft targets are no part of it. What statsmodels computes it computes in binary64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import statsmodels
from statsmodels.discrete.discrete_model import Logit

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]

_PARAMETERS = np.array([1.0, 0.0])


def _of_model(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Minus a method of the model, which speaks of the log-likelihood, at arrays of any shape."""

    def function(z: Any, t: Any) -> Any:
        logits, targets = np.broadcast_arrays(z, t)
        if not logits.size:  # no observations, no model
            return np.empty(logits.shape)
        features = np.column_stack([logits.ravel(), np.ones(logits.size)])
        return -method(Logit(targets.ravel(), features), _PARAMETERS).reshape(logits.shape)

    return function


def subject(name: str) -> Subject:
    """Loss, gradient, second derivative and the distribution function, which is the sigmoid."""
    model = "Logit(t, np.column_stack([z, np.ones(len(z))]))"
    methods = {"loss": "loglikeobs", "gradient": "score_factor", "hessian": "hessian_factor"}
    return Subject(
        name=name,
        functions={
            **{quantity: _of_model(getattr(Logit, method)) for quantity, method in methods.items()},
            "sigmoid": lambda z: Logit.cdf(None, z),
        },
        formats=("float64",),
        soft_targets=False,
        version=statsmodels.__version__,
        imports="import numpy as np\nfrom statsmodels.discrete.discrete_model import Logit",
        expressions={
            **{quantity: f"-{model}.{method}([1.0, 0.0])" for quantity, method in methods.items()},
            "sigmoid": "Logit.cdf(None, z)",
        },
    )
