"""A guess, in float64, at which of Gordan's alternatives holds, and by what: it proves nothing.

Weights m >= 0 that bring the sums nearest to those of a solution of ``alternative``::

    minimise |sum_i m_i a_i|^2 + (1 - sum_i m_i)^2

With the residual r = (-sum_i m_i a_i, 1 - sum_i m_i) at the minimum, a_i.r + r_0 <= 0 for all rows, and
|r|^2 = r_0. So either r is 0 and m are weights of a combination that is zero, or -r meets every row strictly.
The active sets are those of C. Lawson and R. Hanson, *Solving Least Squares Problems* (1974), chapter 23.
"""

from __future__ import annotations

import numpy as np

from stablelce.certificate.problem import Floats

__all__ = ["nearest"]

_ROUNDS = 10
"""Rounds for each row of a basis: three are plenty unless rounding errors let the active sets cycle."""

_NOISE = 1e-13
"""Slopes and weights, for rows of length 1, that count as 0."""


def nearest(rows: Floats) -> tuple[Floats, Floats]:
    """The weights, shape (n,), and the direction -r, shape (k,), for rows of length about 1."""
    table = np.vstack([rows.T, np.ones(len(rows))])
    wanted = np.zeros(len(table))
    wanted[-1] = 1.0
    weights, active = np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
    residual = wanted
    for _ in range(_ROUNDS * len(table)):
        slopes = np.where(active, -np.inf, table.T @ residual)
        steepest = int(slopes.argmax())
        if not slopes[steepest] > _NOISE:
            break
        active[steepest] = True
        weights, active = _inside(table, wanted, weights, active)
        residual = wanted - table @ weights
    return weights, -residual[:-1]


def _inside(
    table: Floats, wanted: Floats, weights: Floats, active: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Least squares over the active weights; those that would become negative leave, one after the other."""
    while active.any():
        goal = np.zeros_like(weights)
        goal[active] = np.linalg.lstsq(table[:, active], wanted, rcond=None)[0]
        negative = active & (goal <= _NOISE)
        if not negative.any():
            return goal, active
        ratios = weights[negative] / np.maximum(weights[negative] - goal[negative], np.finfo(float).tiny)
        weights = weights + float(ratios.min()) * (goal - weights)
        leaving = np.flatnonzero(negative)[ratios <= ratios.min()]
        weights[leaving], active[leaving] = 0.0, False
    return np.zeros_like(weights), active
