"""From checked data and parameters to the last state of a solver: what a fit does."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.kernels import warmup
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.checkpoint import Checkpoint, digest
from stablelce.training.problem import Problem
from stablelce.training.solvers.exact import exact_coefficients
from stablelce.training.solvers.gd import gradient_descent
from stablelce.training.solvers.newton import newton
from stablelce.training.solvers.outcome import complaint
from stablelce.training.solvers.sgd import epoch_rate, sgd
from stablelce.training.solvers.state import State, start
from stablelce.training.solvers.steps import Samples, descend
from stablelce.training.sparse import SparseRows
from stablelce.training.watching import Callback, Watch

__all__ = ["Outcome", "PassTask", "Settings", "Task", "check_passes", "fit", "pass_over"]

MANY = 1 << 16
"""Rows times epochs of "sgd" from which on loading the compiled kernels pays."""

_PICKING = {"sgd": "visits the rows in an order drawn anew for each epoch", "exact": "proves its result"}
"""Solvers that need the rows themselves, and what for."""

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """What to fit: checked data, and the objective's parameters.

    Attributes
    ----------
    rows : ndarray or SparseRows
        Features.
    targets : ndarray of float64
        Targets in [0, 1].
    weights : ndarray of float64, or None
        Effective weights; None where all are 1.
    l2 : float
        The penalty.
    fit_intercept : bool
        Whether the last coefficient is an intercept.
    """

    rows: Array | SparseRows
    targets: Floats
    weights: Floats | None
    l2: float
    fit_intercept: bool

    @property
    def features(self) -> int:
        return int(self.rows.shape[1])

    def problem(self) -> Problem:
        """The objective, ready for passes."""
        rows: Any = self.rows  # sparse ones are sliced like an array, and that is all that is asked of them
        blocks = ArrayBlocks(rows, self.targets, self.weights)
        return Problem(blocks, l2=self.l2, fit_intercept=self.fit_intercept)

    def samples(self, total_weight: float) -> Samples:
        """The rows, to be picked one by one."""
        count = len(self.targets)
        weights = np.ones(count) if self.weights is None else self.weights * (count / total_weight)
        return Samples(self.rows, self.targets, weights, self.l2, self.fit_intercept)

    def separation(self, total_weight: float) -> float:
        """A loss that only coefficients which separate the classes reach; 0 where that cannot be told.

        One row with a margin of 0 or less has a loss of log(2) or more, and so a share of at least log(2)
        times its weight in the mean. A part in 2^20 is left for roundings.
        """
        hard = bool(((self.targets == 0.0) | (self.targets == 1.0)).all())
        if self.l2 > 0 or not hard:
            return 0.0
        least = 1.0 if self.weights is None else float(self.weights[self.weights > 0].min())
        return _separation(least, total_weight)


def _separation(least: float, total_weight: float) -> float:
    return least / total_weight * math.log(2.0) * (1.0 - 2.0**-20)


class PassTask:
    """What to fit where rows cannot be picked: all there is are passes over them.

    Parameters
    ----------
    problem : Problem
        The objective.
    least_weight : float
        The least weight of a row that is not 0.
    hard : bool
        Whether every target is 0 or 1.
    """

    def __init__(self, problem: Problem, *, least_weight: float, hard: bool) -> None:
        self._problem = problem
        self._least = 0.0 if problem.l2 > 0 or not hard else least_weight
        self.features = problem.features
        self.fit_intercept = problem.fit_intercept

    def problem(self) -> Problem:
        """The objective, ready for passes."""
        return self._problem

    def separation(self, total_weight: float) -> float:
        """As in :class:`Task`."""
        return _separation(self._least, total_weight)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit: the estimator's parameters that only solvers need, and the seed."""

    solver: str
    rate: float | None
    max_iter: int
    tol: float
    batch_size: int
    verbose: int
    callbacks: Sequence[Callback] | None
    checkpoint: str | os.PathLike[str] | None
    seed: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The coefficients with the intercept last, how they were reached, and what to warn of, if anything."""

    coef: Floats
    iterations: int
    losses: list[float]
    complaint: str | None


def check_passes(solver: str) -> None:
    """Refuse, with ``ValueError``, solvers that need more of the rows than passes over them."""
    if solver in _PICKING:
        raise ValueError(
            f"solver={solver!r} {_PICKING[solver]}, which needs all rows as one array or memory map: pass "
            "one, or take solver='newton' or 'gd'."
        )


def fit(task: Task | PassTask, coef: Floats, settings: Settings) -> Outcome:
    """Run the solver from the given coefficients."""
    problem = task.problem()
    separation = task.separation(problem.total_weight)
    state, seed = start(coef), settings.seed
    losses: list[float] = []
    checkpoint = None
    if settings.checkpoint is not None:
        checkpoint = Checkpoint(settings.checkpoint, _identity(task, problem, coef, settings))
        kept = checkpoint.load()
        if kept is not None:
            state, losses, seed = kept
    watch = Watch(
        solver=settings.solver,
        features=task.features,
        max_iter=settings.max_iter,
        callbacks=settings.callbacks or (),
        verbose=bool(settings.verbose),
        checkpoint=checkpoint,
        seed=seed,
        losses=losses,
    )
    state = watch.draw(_states(task, problem, state, settings, seed=seed, separation=separation))
    if isinstance(task, Task) and settings.solver == "exact":
        coef = exact_coefficients(
            task.rows,
            task.targets,
            task.weights,
            l2=task.l2,
            fit_intercept=task.fit_intercept,
            start=state.coef,
        )
        return Outcome(coef, state.iteration, losses, None)
    trouble = complaint(
        state,
        solver=settings.solver,
        max_iter=settings.max_iter,
        tol=settings.tol,
        separation=separation,
    )
    return Outcome(state.coef, state.iteration, losses, trouble)


def pass_over(task: Task, coef: Floats, settings: Settings, calls: int) -> Outcome:
    """One epoch of stochastic gradient descent in the order of the rows, after so many others."""
    problem = task.problem()
    rate = epoch_rate(problem.lipschitz, calls) if settings.rate is None else settings.rate
    order = np.arange(len(task.targets), dtype=np.int64)
    samples = task.samples(problem.total_weight)
    after = descend(samples, coef, order, rate=rate, batch_size=settings.batch_size)
    loss = problem.derivatives(after).loss if np.isfinite(after).all() else math.inf
    if not math.isfinite(loss):
        state = replace(start(coef), iteration=calls, status="overflow")
        trouble = complaint(state, solver="partial_fit", max_iter=1, tol=settings.tol, separation=0.0)
        return Outcome(coef, calls + 1, [math.inf], trouble)
    return Outcome(after, calls + 1, [loss], None)


def _states(
    task: Task | PassTask,
    problem: Problem,
    state: State,
    settings: Settings,
    *,
    seed: int | None,
    separation: float,
) -> Iterator[State]:
    """The solver's states; "exact" starts from what Newton's method finds."""
    if settings.solver == "gd":
        return gradient_descent(problem, state, rate=settings.rate, tol=settings.tol)
    if isinstance(task, Task) and settings.solver == "sgd":
        assert seed is not None
        if len(task.targets) * settings.max_iter >= MANY:
            warmup()
        return sgd(
            problem,
            task.samples(problem.total_weight),
            state,
            seed=seed,
            rate=settings.rate,
            batch_size=settings.batch_size,
            tol=settings.tol,
        )
    return newton(problem, state, tol=settings.tol, separation=separation)


def _identity(task: Task | PassTask, problem: Problem, coef: Floats, settings: Settings) -> dict[str, str]:
    """What the path of a fit depends on.

    The objective is told by its derivatives at 0, which no order of the rows changes; "sgd" depends on the
    order too, so there the rows themselves are read.
    """
    origin = problem.derivatives(np.zeros(problem.size))
    scalars = np.array([origin.loss, problem.lipschitz, problem.total_weight, problem.l2])
    identity = {
        "solver": settings.solver,
        "rate": str(settings.rate),
        "tol": settings.tol.hex(),
        "intercept": str(task.fit_intercept),
        "data": digest(scalars, origin.gradient),
        "start": digest(coef),
    }
    if isinstance(task, Task) and settings.solver == "sgd":
        weights = np.ones(0) if task.weights is None else task.weights
        identity["batch_size"] = str(settings.batch_size)
        identity["order of rows"] = digest(task.targets, weights, *(block.X for block in problem.blocks))
    return identity
