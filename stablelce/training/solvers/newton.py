"""Newton's method, damped: w <- w - a * H^-1 g, with a halved until the objective falls.

**Step.** Its size is the largest of |p_j| / max(|w_j|, sqrt(F/H_jj)), see ``state.relative_size``.

**Stop.** Once a step is within the tolerance, steps are taken as long as each is less than half the one
before: convergence is that fast, so it costs one or two passes, and leads to the last bits. A loss that no
longer falls is no sign: it is flat to second order there, and stops hundreds of ulps early.

**Hessian.** Its sum is exact, in integers of ``slices`` digits each. One slice is enough where columns are
not nearly collinear. Two are taken, for good, once a factorisation fails, once two full steps in a row were
not smaller than half the one before, and for the last step where that is so.

**Not positive definite**, or too near to it for rounding to tell: then a ridge of 2^-46, 2^-40, 2^-30,
2^-20 or 2^-10 times the diagonal is added, and coefficients whose diagonal element is zero stay; where none
helps, the step is -g/L. A last step made in one of these ways is reported as "flat": the optimum need not be
the only one. So is the twentieth in a row that did not shrink: what is left to find lies in directions that
this Hessian cannot tell from flat ones.

**Separation.** With hard targets and no penalty, a mean loss below log(2) times the least share of the
weight leaves no row on the wrong side: the coefficients separate the classes, and there is no optimum. Then
the search ends once the loss is below 2^-20 too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stablelce.training.solvers.descent import newton_step
from stablelce.training.solvers.state import (
    Derivatives,
    Floats,
    Objective,
    State,
    Status,
    dot,
    is_finite,
    relative_size,
)

__all__ = ["newton"]

RIDGES = (2.0**-46, 2.0**-40, 2.0**-30, 2.0**-20, 2.0**-10)
HALVINGS = 60
SUFFICIENT = 2.0**-13
"""The part of the predicted decrease that must be seen (L. Armijo, Pacific J. Math. 16, 1966)."""
SLACK = 2.0**-46
"""What the rounding of the logits may add to the loss, relative to it."""
FLOOR = 2.0**-51
"""A step of this size is rounding only."""
SEPARATED = 2.0**-20
"""A loss that is small enough to end with where the classes are separated."""
FLAT_PATIENCE = 20
"""Steps in a row that do not shrink, with a Hessian that is singular in working precision."""
PATIENCE = 5
"""Steps in a row that do not shrink, with the loss at rest, after which nothing more is expected."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A point, and the direction in which to leave it."""

    derivatives: Derivatives
    direction: Floats
    slices: int
    ridge: float


@dataclass(frozen=True, slots=True)
class _Found:
    """The point that a step led to."""

    coef: Floats
    derivatives: Derivatives
    scale: float


def newton(problem: Objective, state: State, *, tol: float, separation: float = 0.0) -> Iterator[State]:
    """Yield the state at the start and after each step.

    Parameters
    ----------
    problem : Objective
        What to minimise.
    state : State
        Where to start.
    tol : float
        Steps of this size may be the last.
    separation : float
        A loss below which the coefficients are known to separate the classes; 0 where none is.
    """
    here = problem.derivatives(state.coef, hessian=True, slices=state.slices)
    state = replace(state, loss=here.loss, gradient_norm=float(np.abs(here.gradient).max()))
    yield state
    while state.status == "running":
        if here.loss < min(separation, SEPARATED):
            yield replace(state, status="separated")
            return
        leaving = _leaving(problem, state, here)
        found = _search(problem, state.coef, leaving)
        if found is None:
            yield replace(state, status="stuck")
            return
        state = _after(state, leaving, found, tol)
        here = found.derivatives
        if state.slices > leaving.slices and state.status == "running":
            here = problem.derivatives(state.coef, hessian=True, slices=state.slices)
        yield state


def _leaving(problem: Objective, state: State, here: Derivatives) -> _Leaving:
    """The direction from a point: Newton's, or the next best."""
    slices = state.slices
    direction = newton_step(here)
    if direction is None and slices == 1:
        slices = 2
        here = problem.derivatives(state.coef, hessian=True, slices=slices)
        direction = newton_step(here)
    if direction is not None:
        return _Leaving(here, direction, slices, ridge=0.0)
    for ridge in RIDGES:
        direction = newton_step(here, ridge)
        if direction is not None:
            return _Leaving(here, direction, slices, ridge)
    return _Leaving(here, -here.gradient / problem.lipschitz, slices, ridge=math.inf)


def _search(problem: Objective, coef: Floats, leaving: _Leaving) -> _Found | None:
    """The first of the full step, its half, its quarter, ... that lowers the loss as it should."""
    loss = leaving.derivatives.loss
    slope = dot(leaving.derivatives.gradient, leaving.direction)
    scale = 1.0
    for _ in range(HALVINGS):
        with np.errstate(over="ignore"):
            after = coef + scale * leaving.direction
        if np.isfinite(after).all():
            there: Derivatives = problem.derivatives(after, hessian=True, slices=leaving.slices)
            if is_finite(there) and there.loss <= loss + SUFFICIENT * scale * slope + SLACK * abs(loss):
                after.flags.writeable = False
                return _Found(after, there, scale)
        scale *= 0.5
    return None


def _after(state: State, leaving: _Leaving, found: _Found, tol: float) -> State:
    """The state after a step: its size, and whether to stop or to sum the Hessian more finely."""
    # A damped step says nothing about convergence, and the next is compared with none.
    full = found.scale == 1.0
    step = _size(leaving, found.coef) if full else math.inf
    rests = found.derivatives.loss >= leaving.derivatives.loss * (1.0 - SLACK)
    shrinks = step < 0.5 * state.step if full else not rests
    stalled = 0 if shrinks else state.stalled + 1
    slices = 2 if stalled >= 2 else leaving.slices
    status: Status = "running"
    if step <= FLOOR or (step <= tol and not shrinks):
        # Slow convergence near the optimum may be that of a coarse Hessian.
        if leaving.slices == 2 or step <= FLOOR:
            status = "flat" if leaving.ridge else "converged"
        slices = 2
    elif leaving.ridge and stalled >= FLAT_PATIENCE:
        status = "flat"
    elif stalled >= PATIENCE and rests:
        status = "stuck"
    return State(
        iteration=state.iteration + 1,
        coef=found.coef,
        loss=found.derivatives.loss,
        gradient_norm=float(np.abs(found.derivatives.gradient).max()),
        step=step,
        slices=slices,
        stalled=stalled,
        status=status,
    )


def _size(leaving: _Leaving, coef: Floats) -> float:
    diagonal = np.diagonal(np.asarray(leaving.derivatives.hessian))
    return relative_size(leaving.direction, coef, leaving.derivatives.loss, diagonal)
