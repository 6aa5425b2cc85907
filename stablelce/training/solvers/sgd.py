"""Stochastic gradient descent: w <- w - rate * (y - t) * x, a row or a few rows at a time.

For a batch of rows with weights s, out of n rows with the total weight S::

    w <- w - rate * (mean over the batch of (n/S) * s * (y - t) * x  +  l2 * w)

and likewise for the intercept, without the penalty: the mean of that step over all batches is that of
gradient descent.

**Order.** Each epoch visits every row once: the blocks in the order in which they are given, and the rows of
a block in an order made by sorting the raw output of PCG64, seeded with (seed, epoch, block), the last left
out for the first block, epochs and blocks counted from 0, blocks without rows not counted. Rows in one array
are one block. No batch goes beyond the end of a block. Raw output is what NumPy promises never to change, and
an epoch can be repeated without those before it: the seed, the blocks and the order of the rows in them
decide every bit.

The default rate in epoch e = 0, 1, ... is 1/(2 L sqrt(1 + e)): half of what gradient descent takes, since
single rows may have several times the curvature of the mean, then falling so that the noise of the steps
dies out while their sum has no bound (H. Robbins and S. Monro, Ann. Math. Stat. 22, 1951).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from stablelce.training.solvers.descent import after
from stablelce.training.solvers.state import Objective, State
from stablelce.training.solvers.steps import Samples, descend

__all__ = ["epoch_rate", "sgd"]


def sgd(
    problem: Objective,
    samples: Callable[[], Iterable[Samples]],
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
    samples : callable
        Gives the same data, to be picked from: each time a fresh pass over their blocks.
    state : State
        Where to start.
    seed : int
        Decides the orders of the rows.
    rate : float or None
        Factor of every step; None for the default.
    batch_size : int
        Rows to a step.
    tol : float
        The descent ends after the epoch where Newton's step has this relative size.
    """
    here = problem.derivatives(state.coef)
    initial = state.initial if state.iteration else here.loss
    state = replace(state, loss=here.loss, gradient_norm=float(np.abs(here.gradient).max()), initial=initial)
    yield state
    while state.status == "running":
        factor = epoch_rate(problem.lipschitz, state.iteration) if rate is None else rate
        coef = state.coef.copy()
        for block, part in enumerate(samples()):
            order = _order(len(part.targets), seed, state.iteration, block)
            coef = descend(part, coef, order, rate=factor, batch_size=batch_size)
        state, _ = after(problem, state, coef, tol=tol)
        yield state


def epoch_rate(lipschitz: float, epoch: int) -> float:
    """The default rate in an epoch, counted from 0."""
    return 0.5 / (lipschitz * math.sqrt(1.0 + epoch))


def _order(rows: int, seed: int, epoch: int, block: int) -> npt.NDArray[np.int64]:
    key = (epoch, block) if block else (epoch,)
    source = np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=key))
    return np.argsort(source.random_raw(rows), kind="stable").astype(np.int64)
