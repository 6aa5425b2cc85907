"""The correctly rounded optimum, proved: what the certificate makes of a good start."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.training.solvers.state import Floats

__all__ = ["exact_coefficients"]


def exact_coefficients(
    rows: Any, targets: Floats, weights: Floats | None, *, l2: float, fit_intercept: bool, start: Floats
) -> Floats:
    """Every coefficient the float nearest to that of the exact optimum, the intercept last.

    Parameters
    ----------
    rows : ndarray or SparseRows
        Features; sparse ones are made dense.
    targets, weights, l2, fit_intercept
        The objective.
    start : ndarray
        Coefficients near the optimum, if there is one.

    Raises
    ------
    NoUniqueOptimumError
        There is no optimum, or more than one; the error carries the proof.
    """
    from stablelce.certificate import exact_optimum

    found = exact_optimum(
        np.asarray(rows[:]), targets, s=weights, l2=l2, fit_intercept=fit_intercept, start=start
    )
    return np.append(found.coef, found.intercept) if fit_intercept else np.array(found.coef)
