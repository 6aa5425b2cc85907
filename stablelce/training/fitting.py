"""From checked data and parameters to the last state of a solver: what a fit does."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
from stablelce.training.tasks import ArrayTask, Task
from stablelce.training.watching import Callback, Watch

__all__ = ["Outcome", "Settings", "fit", "pass_over"]

MANY = 1 << 16
"""Rows times epochs of "sgd" from which on loading the compiled kernels pays."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit: the estimator's parameters that only solvers need, the seed, and the one that was given."""

    solver: str
    rate: float | None
    max_iter: int
    tol: float
    batch_size: int
    verbose: int
    callbacks: Sequence[Callback] | None
    checkpoint: str | os.PathLike[str] | None
    seed: int | None
    given_seed: str = "None"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The coefficients with the intercept last, how they were reached, and what to warn of, if anything."""

    coef: Floats
    iterations: int
    losses: list[float]
    complaint: str | None


def fit(task: Task, coef: Floats, settings: Settings) -> Outcome:
    """Run the solver from the given coefficients."""
    problem = task.problem()
    # Before anything else: it refuses more rows than the proof can hold.
    whole = task.whole() if settings.solver == "exact" else None
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
    if whole is not None:
        coef = exact_coefficients(
            *whole, l2=problem.l2, fit_intercept=problem.fit_intercept, start=state.coef
        )
        return Outcome(coef, state.iteration, losses, None)
    trouble = complaint(
        state,
        solver=settings.solver,
        max_iter=settings.max_iter,
        tol=settings.tol,
        separation=separation,
        maxima=problem.scales.maxima,
    )
    return Outcome(state.coef, state.iteration, losses, trouble)


def pass_over(task: ArrayTask, coef: Floats, settings: Settings, calls: int) -> Outcome:
    """One epoch of stochastic gradient descent in the order of the rows, after so many others."""
    problem = task.problem()
    rate = epoch_rate(problem.lipschitz, calls) if settings.rate is None else settings.rate
    order = np.arange(len(task.targets), dtype=np.int64)
    (samples,) = task.samples(problem.total_weight)
    after = descend(samples, coef, order, rate=rate, batch_size=settings.batch_size)
    loss = problem.derivatives(after).loss if np.isfinite(after).all() else math.inf
    if not math.isfinite(loss):
        state = replace(start(coef), iteration=calls, status="overflow")
        trouble = complaint(state, solver="partial_fit", max_iter=1, tol=settings.tol, separation=0.0)
        return Outcome(coef, calls + 1, [math.inf], trouble)
    return Outcome(after, calls + 1, [loss], None)


def _states(
    task: Task,
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
    if settings.solver == "sgd":
        assert seed is not None
        if problem.rows * settings.max_iter >= MANY:
            warmup()
        return sgd(
            problem,
            lambda: task.samples(problem.total_weight),
            state,
            seed=seed,
            rate=settings.rate,
            batch_size=settings.batch_size,
            tol=settings.tol,
        )
    return newton(problem, state, tol=settings.tol, separation=separation)


def _identity(task: Task, problem: Problem, coef: Floats, settings: Settings) -> dict[str, str]:
    """What the path of a fit depends on.

    The objective is told by its derivatives at 0 and at a point where they depend on how the features of a
    row go together: at 0 every row of a class has the same residual, so there they are sums of columns. No
    order of the rows changes them; "sgd" depends on it and on the blocks too, so there the rows themselves
    are read.
    """
    origin, generic = (problem.derivatives(at) for at in (np.zeros(problem.size), _generic_point(problem)))
    scalars = [origin.loss, generic.loss, problem.lipschitz, problem.total_weight, problem.l2]
    identity = {
        "solver": settings.solver,
        "rate": str(settings.rate),
        "tol": settings.tol.hex(),
        "intercept": str(problem.fit_intercept),
        "data": digest([np.array(scalars), origin.gradient, generic.gradient]),
        "start": digest([coef]),
    }
    if settings.solver == "sgd":
        identity["random_state"] = settings.given_seed
        identity["batch_size"] = str(settings.batch_size)
        identity["order of rows"] = digest(_content(task.samples(problem.total_weight)))
    return identity


def _generic_point(problem: Problem) -> Floats:
    """Coefficients that are all different, with logits of magnitude 1.5 at most, where the loss is curved."""
    steps = np.arange(1.0, problem.size + 1.0) * 0.6180339887498949  # the golden ratio: never a period
    exponents = np.frexp(np.append(problem.scales.maxima, 1.0))[1][: problem.size]
    down = -exponents - problem.size.bit_length()
    point: Floats = np.ldexp(0.5 + (steps - np.floor(steps)), np.minimum(down, 1000))
    return point


def _content(samples: Iterator[Samples]) -> Iterator[npt.NDArray[np.generic]]:
    for part in samples:
        yield part.targets
        yield part.weights
        for block in ArrayBlocks(part.rows, part.targets):
            yield block.X
