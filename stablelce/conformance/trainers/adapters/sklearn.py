"""Adapter of scikit-learn's LogisticRegression, by solver, and of SGDClassifier.

Its objective is C * sum_i s_i L_i + |w|^2 / 2; ``C=inf`` is no penalty, and the default here, as in ours.
liblinear takes no infinite C and penalises the intercept as a coefficient like others: its C stays 1 unless
given. SGDClassifier with ``penalty=None`` and a constant rate takes, in ``partial_fit``, the step
w <- w - rate*(y-t)*x for one row after the other, so its steps can be judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LogisticRegression, SGDClassifier

from stablelce.conformance.trainers.base import Floats, Trainer

__all__ = ["trainer"]

SEEDED = ("liblinear", "sag", "saga")
"""Solvers that visit rows in an order drawn by ``random_state``."""


def trainer(name: str, options: Mapping[str, Any]) -> Trainer:
    """The estimator for ``sklearn:SOLVER``, or ``sklearn:sgd``."""
    solver = name.partition(":")[2]
    if solver == "sgd":
        return _sgd(name, options)
    given: dict[str, Any] = {"solver": solver}
    if solver != "liblinear":
        given["C"] = math.inf
    if solver in SEEDED:
        given["random_state"] = 0
    given |= options
    return Trainer(
        name=name,
        make=partial(LogisticRegression, **given),
        options=given,
        version=f"scikit-learn {sklearn.__version__}",
    )


def _sgd(name: str, options: Mapping[str, Any]) -> Trainer:
    given: dict[str, Any] = {"loss": "log_loss", "penalty": None, "random_state": 0, **options}

    def rows(x: Floats, y: npt.NDArray[np.int64], rate: float, count: int) -> tuple[Any, Any]:
        constant = {"learning_rate": "constant", "eta0": rate, "shuffle": False}
        model = SGDClassifier(**(given | constant))
        model.partial_fit(x[:count], y[:count], classes=[0, 1])
        return model.coef_, model.intercept_

    return Trainer(
        name=name,
        make=partial(SGDClassifier, **given),
        steps=rows,
        order="rows",
        options=given,
        version=f"scikit-learn {sklearn.__version__}",
    )
