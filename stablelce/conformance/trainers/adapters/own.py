"""Adapter of this library's estimator, called by its public name as a stranger would."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import stablelce
from stablelce.conformance.trainers.base import Floats, Order, Trainer

__all__ = ["trainer"]


def trainer(name: str, options: Mapping[str, Any]) -> Trainer:
    """``stablelce.LogisticRegression``, with the solver after the colon.

    Its steps are those of "gd", or of "sgd" for that solver.
    """
    solver = name.partition(":")[2]
    if solver:
        options = {"solver": solver, **({"random_state": 0} if solver == "sgd" else {}), **options}
    shared = {key: options[key] for key in ("l2", "fit_intercept") if key in options}
    order: Order = "rows" if options.get("solver") == "sgd" else "batch"

    def batch(x: Floats, y: npt.NDArray[np.int64], rate: float, count: int) -> tuple[Any, Any]:
        model = stablelce.LogisticRegression(solver="gd", rate=rate, max_iter=count, tol=0.0, **shared)
        model.fit(x, y)
        return model.coef_, model.intercept_

    def rows(x: Floats, y: npt.NDArray[np.int64], rate: float, count: int) -> tuple[Any, Any]:
        model = stablelce.LogisticRegression(solver="sgd", rate=rate, batch_size=1, **shared)
        model.partial_fit(x[:count], y[:count], classes=[0, 1])
        return model.coef_, model.intercept_

    return Trainer(
        name=name,
        make=partial(stablelce.LogisticRegression, **options),
        steps=rows if order == "rows" else batch,
        order=order,
        options=dict(options),
        version=stablelce.__version__,
    )
