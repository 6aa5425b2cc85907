"""Logits x.w + b for predictions: the same sums in the same order as in the passes that fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training import rows
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.point import Point
from stablelce.training.scales import measure

__all__ = ["logits"]

Floats = npt.NDArray[np.float64]


def logits(X: Any, coef: Floats) -> Floats:
    """The logits of all rows, in double-word arithmetic and rounded once (see ``rows``).

    Parameters
    ----------
    X : ndarray or SparseRows, shape (n, features)
        Checked features.
    coef : ndarray of float64, shape (features + 1,)
        The coefficients, the intercept last.

    Returns
    -------
    ndarray of float64, shape (n,)
        The logits; beyond +-2^960 they are held there, where no probability can tell.
    """
    found = []
    for block in ArrayBlocks(X, np.zeros(X.shape[0])):
        point = Point.at(coef, measure(block), fit_intercept=True)
        with np.errstate(all="ignore"):
            found.append(rows.logits(rows.scaled(block, point).X, point))
    return np.concatenate(found)
