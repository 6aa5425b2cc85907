"""Newton's method, damped: w <- w - a * H^-1 g, with a halved until the objective falls.

**Step.** Its size is the largest of |p_j| / max(|w_j|, H_jj^-1/2): relative to the coefficient, or to the
length that changes the objective by about 1/2 along that axis. No scaling of the features changes it.

**Stop.** Once a step is within the tolerance, steps are taken as long as each is less than half the one
before: convergence is that fast, so it costs one or two passes, and leads to the last bits. A loss that no
longer falls is no sign: it is flat to second order there, and stops hundreds of ulps early.

**Hessian.** Its sum is exact, in integers of ``slices`` digits each. One slice is enough where columns are not
nearly collinear. Two are taken from the first time on that a factorisation fails, or that of two full steps
in a row the second is not smaller than half the first.

**Not positive definite.** Then a ridge of 2^-40, 2^-30, 2^-20 or 2^-10 times the diagonal is added (1 where
that is zero: the gradient is zero there too, or the loss is flat); where none helps, the step is -g/L. A last
step made with a ridge is reported as "flat": the optimum need not be the only one.

**Separation.** With hard targets and no penalty, a mean loss below log(2) times the least share of the
weight leaves no row on the wrong side: the coefficients separate the classes, and there is no optimum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stablelce.training.cholesky import cholesky_solve
from stablelce.training.solvers.state import Derivatives, Floats, Objective, State, dot, is_finite

__all__ = ["newton"]

RIDGES = (2.0**-40, 2.0**-30, 2.0**-20, 2.0**-10)
HALVINGS = 60
SUFFICIENT = 2.0**-13
"""The part of the predicted decrease that must be seen (L. Armijo, Pacific J. Math. 16, 1966)."""
SLACK = 2.0**-46
"""What the rounding of the logits may add to the loss, relative to it."""
PATIENCE = 5
"""Steps in a row that do not shrink, with the loss at rest, after which nothing more is expected."""


@dataclass(frozen=True, slots=True)
class _Point:
    """Derivatives at a point, and the direction in which to leave it."""

    here: Derivatives
    direction: Floats
    slices: int
    ridge: float


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
        if here.loss < separation:
            yield replace(state, status="separated")
            return
        point = _point(problem, state, here)
        found = _search(problem, state.coef, point)
        if found is None:
            yield replace(state, status="stuck")
            return
        coef, there, scale = found
        state = _after(state, point, coef, there, scale)
        here = there
        yield state


def _point(problem: Objective, state: State, here: Derivatives) -> _Point:
    """The direction: Newton's, or the next best."""
    gradient, slices = here.gradient, state.slices
    direction = _newton_direction(here, 0.0)
    if direction is None and slices == 1:
        slices = 2
        here = problem.derivatives(state.coef, hessian=True, slices=2)
        direction = _newton_direction(here, 0.0)
    if direction is not None:
        return _Point(here, direction, slices, 0.0)
    for ridge in RIDGES:
        direction = _newton_direction(here, ridge)
        if direction is not None:
            return _Point(here, direction, slices, ridge)
    return _Point(here, -gradient / problem.lipschitz, slices, math.inf)


def _newton_direction(here: Derivatives, ridge: float) -> Floats | None:
    """-(H + ridge)^-1 g, or None where that cannot be had or does not lead downhill."""
    matrix = np.array(here.hessian, dtype=np.float64)
    if ridge:
        diagonal = np.diagonal(matrix)
        np.fill_diagonal(matrix, np.where(diagonal > 0, diagonal * (1.0 + ridge), 1.0))
    direction = cholesky_solve(matrix, -here.gradient)
    if direction is None or not np.isfinite(direction).all() or dot(here.gradient, direction) > 0:
        return None
    return direction


def _search(problem: Objective, coef: Floats, point: _Point) -> tuple[Floats, Derivatives, float] | None:
    """The first of the full step, its half, its quarter, ... that lowers the loss as it should."""
    loss = point.here.loss
    slope = dot(point.here.gradient, point.direction)
    scale = 1.0
    for _ in range(HALVINGS):
        after = coef + scale * point.direction
        if np.isfinite(after).all():
            there: Derivatives = problem.derivatives(after, hessian=True, slices=point.slices)
            if is_finite(there) and there.loss <= loss + SUFFICIENT * scale * slope + SLACK * abs(loss):
                return after, there, scale
        scale *= 0.5
    return None


def _after(state: State, point: _Point, coef: Floats, there: Derivatives, scale: float) -> State:
    """The state after a step: its size, and whether to stop or to sum the Hessian more finely."""
    coef.flags.writeable = False
    # A damped step says nothing about convergence: the next one is compared with no other.
    step = _size(point, coef) if scale == 1.0 else math.inf
    shrinks = step < 0.5 * state.step or scale < 1.0
    stalled = 0 if shrinks else state.stalled + 1
    within = step <= max(tol, FLOOR)
    return State(
        iteration=state.iteration + 1,
        coef=coef,
        loss=there.loss,
        gradient_norm=float(np.abs(there.gradient).max()),
        step=step,
        slices=2 if stalled >= 2 or (within and not shrinks) else point.slices,
        stalled=stalled,
        status=_status(),
    )
