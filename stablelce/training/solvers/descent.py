"""After a step of gradient descent, or an epoch of steps: where it led, and whether that is the optimum.

The step -rate*g says nothing about it: it is short where the rate is small, and along directions in which
the loss is all but flat, however far the optimum is. What is missing to the optimum is Newton's step
-H^-1 g, to second order, and its relative size (``state.relative_size``) is what ``tol`` bounds, here as in
``newton``. As H is expensive, that size is estimated first, by steps along single axes::

    -g_j/L_j        with L_j >= H_jj, the bound of the curvature

times the ratio of Newton's step to this estimate where Newton's was last computed, 1 before. Only when the
estimate is within the tolerance Newton's step is computed, in two slices, and decides. If it is too long, the
next estimate is as much larger; so a fit takes few Hessians. Where the loss is above that of the start there
is no optimum, however small the estimate, and no Hessian is computed.

Where the Hessian is singular in working precision, Newton's step cannot be had: the end is called "flat".
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from stablelce.training.cholesky import Cholesky, NotPositiveDefiniteError
from stablelce.training.solvers.state import (
    Derivatives,
    Floats,
    Objective,
    State,
    Status,
    dot,
    has_risen,
    is_finite,
    relative_size,
)

__all__ = ["after", "newton_step"]


def after(problem: Objective, state: State, coef: Floats, *, tol: float) -> tuple[State, Derivatives | None]:
    """The state after the step from ``state`` to ``coef``, and the derivatives there if they are finite.

    Parameters
    ----------
    problem : Objective
        What to minimise.
    state : State
        Where the step began.
    coef : ndarray of float64
        Where it ended; made read-only.
    tol : float
        Newton's step of this relative size is small enough to stop.
    """
    there: Derivatives | None = problem.derivatives(coef) if np.isfinite(coef).all() else None
    if there is None or not is_finite(there):
        return replace(state, status="overflow"), None
    size, ratio, status = _judge(problem, coef, there, state, tol)
    if status == "running" and np.array_equal(coef, state.coef):
        status = "stuck"
    coef.flags.writeable = False
    found = State(
        iteration=state.iteration + 1,
        coef=coef,
        loss=there.loss,
        gradient_norm=float(np.abs(there.gradient).max()),
        step=size,
        ratio=ratio,
        status=status,
        initial=state.initial,
    )
    return found, there


def _judge(
    problem: Objective, coef: Floats, there: Derivatives, before: State, tol: float
) -> tuple[float, float, Status]:
    """The relative size of Newton's step as far as it is known, the ratio, and what follows."""
    bounds, ratio = problem.curvatures, before.ratio
    along_axes = np.divide(there.gradient, bounds, out=np.zeros_like(bounds), where=bounds > 0)
    estimate = relative_size(along_axes, coef, there.loss, bounds)
    if not estimate * ratio <= tol or has_risen(there.loss, before.initial, tol):
        return estimate * ratio, ratio, "running"
    fine: Derivatives = problem.derivatives(coef, hessian=True, slices=2)
    step = newton_step(fine)
    if step is None:
        return estimate * ratio, ratio, "flat"
    size = relative_size(step, coef, fine.loss, np.diagonal(np.asarray(fine.hessian)))
    if size <= tol:
        return size, ratio, "converged"
    return size, min(size / max(estimate, sys.float_info.min), sys.float_info.max), "running"


def newton_step(here: Derivatives, ridge: float = 0.0) -> Floats | None:
    """-(H + ridge)^-1 g, or None where there is none, or none that leads downhill.

    Parameters
    ----------
    here : Derivatives
        Gradient and Hessian.
    ridge : float
        What is added to the diagonal, relative to it; coefficients whose element there is zero then stay.
    """
    matrix, right = np.array(here.hessian, dtype=np.float64), -here.gradient
    if not np.isfinite(matrix).all():
        return None
    if ridge:
        diagonal = np.diagonal(matrix).copy()
        np.fill_diagonal(matrix, np.where(diagonal > 0, diagonal * (1.0 + ridge), 1.0))
        right[diagonal == 0] = 0.0
    try:
        step = Cholesky.of(matrix).solve(right)
    except NotPositiveDefiniteError:
        return None
    if not np.isfinite(step).all():
        return None
    downhill = dot(here.gradient, step) < 0 or not here.gradient.any()
    return step if downhill else None
