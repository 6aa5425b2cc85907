"""Stochastic gradient descent: w <- w - rate * (y - t) * x, a row or a few rows at a time.

For a batch of rows with weights s, out of n rows with the total weight S::

    w <- w - rate * (mean over the batch of (n/S) * s * (y - t) * x  +  l2 * w)

and likewise for the intercept, without the penalty: the mean of that step over all batches is that of
gradient descent. Each epoch visits every row once, in an order made by sorting the raw output of PCG64,
seeded with (seed, epoch): raw output is what NumPy promises never to change, and an epoch can be repeated
without those before it.

The default rate in epoch e = 0, 1, ... is 1/(2 L sqrt(1 + e)): half of what gradient descent takes, since
single rows may have several times the curvature of the mean, then falling so that the noise of the steps
dies out while their sum has no bound (H. Robbins and S. Monro, Ann. Math. Stat. 22, 1951).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.functions import gradient
from stablelce.kernels.primitives import two_prod
from stablelce.training.solvers.gd import relative_step
from stablelce.training.solvers.state import Floats, Objective, State, is_finite

__all__ = ["Samples", "descend", "epoch_rate", "sgd"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows that can be picked one by one, and what a step needs beside them.

    Attributes
    ----------
    rows : ndarray or SparseRows
        Features.
    targets : ndarray of float64
        Targets in [0, 1].
    weights : ndarray of float64
        n/S times the weight of each row.
    l2 : float
        The penalty.
    fit_intercept : bool
        Whether the last coefficient is an intercept.
    """

    rows: Any
    targets: Floats
    weights: Floats
    l2: float
    fit_intercept: bool

    def pick(self, index: npt.NDArray[np.intp] | slice) -> tuple[Floats, Floats, Floats]:
        """Some rows, with a column of ones for the intercept, their targets and weights."""
        rows = np.asarray(self.rows[index], dtype=np.float64)
        if self.fit_intercept:
            rows = np.column_stack([rows, np.ones(len(rows))])
        return rows, self.targets[index], self.weights[index]


def sgd(
    problem: Objective,
    samples: Samples,
    state: State,
    *,
    seed: int,
    rate: float | None,
    batch_size: int,
    tol: float,
) -> Iterator[State]:
    """Yield the state at the start and after each epoch.

    Parameters
    ----------
    problem : Objective
        What to minimise; it measures the loss after each epoch.
    samples : Samples
        The same data, to be picked from.
    state : State
        Where to start.
    seed : int
        Decides the orders of the rows.
    rate : float or None
        Factor of every step; None for the default.
    batch_size : int
        Rows to a step.
    tol : float
        An epoch that changes the coefficients by this relative size is the last.
    """
    here = problem.derivatives(state.coef)
    state = replace(state, loss=here.loss, gradient_norm=float(np.abs(here.gradient).max()))
    yield state
    while state.status == "running":
        factor = epoch_rate(problem.lipschitz, state.iteration) if rate is None else rate
        order = _order(len(samples.targets), seed, state.iteration)
        coef = descend(samples, state.coef, order, rate=factor, batch_size=batch_size)
        here = problem.derivatives(coef) if np.isfinite(coef).all() else None
        if here is None or not is_finite(here):
            yield replace(state, status="overflow")
            return
        step = relative_step(state.coef, coef, math.sqrt(state.loss / problem.lipschitz))
        coef.flags.writeable = False
        state = State(
            iteration=state.iteration + 1,
            coef=coef,
            loss=here.loss,
            gradient_norm=float(np.abs(here.gradient).max()),
            step=step,
            status="converged" if step <= tol else "running",
        )
        yield state


def epoch_rate(lipschitz: float, epoch: int) -> float:
    """The default rate in an epoch, counted from 0."""
    return 0.5 / (lipschitz * math.sqrt(1.0 + epoch))


def descend(
    samples: Samples, coef: Floats, order: npt.NDArray[np.intp], *, rate: float, batch_size: int
) -> Floats:
    """One step per batch of rows in the given order; the coefficients at the end."""
    coef = coef.copy()
    penalty = np.full(len(coef), samples.l2)
    if samples.fit_intercept:
        penalty[-1] = 0.0
    with np.errstate(all="ignore"):  # a rate too large ends in infinities, which the caller looks for
        for start in range(0, len(order), batch_size):
            rows, targets, weights = samples.pick(order[start : start + batch_size])
            residuals = gradient(_logits(rows, coef), targets, validate=False) * (weights / len(rows))
            total = np.zeros(len(coef))
            for row, residual in zip(rows, residuals, strict=True):  # in this order: no BLAS
                total += residual * row
            coef -= rate * (total + penalty * coef)
    return coef


def _order(rows: int, seed: int, epoch: int) -> npt.NDArray[np.intp]:
    source = np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=(epoch,)))
    return np.argsort(source.random_raw(rows), kind="stable")


def _logits(rows: Floats, coef: Floats) -> Floats:
    """x.w for each row: exact products, their exact sum, one rounding; NaN where something overflows.

    Cheaper for a few rows than the passes' double-word sums, which serve many.
    """
    products, errors = two_prod(rows, coef)
    return np.array([_sum(terms) for terms in np.concatenate([products, errors], axis=1).tolist()])


def _sum(terms: list[float]) -> float:
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):
        return math.nan
