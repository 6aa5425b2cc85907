"""Adapter of statsmodels: Logit, and GLM with the binomial family.

Both are fitted to a matrix with a column of ones. Logit takes neither weights nor targets between 0 and 1;
GLM takes both, weights as ``freq_weights``. Neither has a penalty of the kind that is judged here. The
options go to the method ``fit``: ``method=bfgs``, ``maxiter=100``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import statsmodels
from statsmodels.discrete.discrete_model import Logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from stablelce.conformance.trainers.base import Floats, Trainer

__all__ = ["trainer"]


class _Logit:
    """Logit with the conventions that the suite knows."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = dict(options)

    def fit(self, X: Floats, y: Any) -> _Logit:
        self._keep(Logit(y, _design(X)).fit(**{"disp": 0, **self.options}))
        return self

    def _keep(self, results: Any) -> None:
        self.coef_, self.intercept_ = np.asarray(results.params)[:-1], np.asarray(results.params)[-1:]


class _GLM(_Logit):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> _GLM:
        model = GLM(y, _design(X), family=Binomial(), freq_weights=sample_weight)
        self._keep(model.fit(**self.options))
        return self

    fit_soft = fit


def _design(x: Floats) -> Floats:
    return np.column_stack([x, np.ones(len(x))])


def trainer(name: str, options: Mapping[str, Any]) -> Trainer:
    """Logit for ``statsmodels``, GLM for ``statsmodels:glm``."""
    glm = name.endswith(":glm")
    return Trainer(
        name=name,
        make=partial(_GLM if glm else _Logit, options),
        takes_weights=glm,
        options=dict(options),
        version=f"statsmodels {statsmodels.__version__}",
    )
