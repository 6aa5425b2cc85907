"""Gradient descent over all rows: w <- w - rate * gradient.

With L such that the gradient is L-Lipschitz, and rate <= 1/L, the objective falls with every step::

    F(w - rate*g) <= F(w) - (rate/2) * |g|^2

and F(w_k) - F* <= |w_0 - w*|^2 / (2 * rate * k) (Y. Nesterov, *Introductory Lectures on Convex
Optimization*, Springer 2004, theorem 2.1.14). A step is measured against the largest coefficient or
sqrt(F/L), a length that the curvature makes change F by half of itself at most, whichever is larger.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stablelce.training.solvers.state import Floats, Objective, State, is_finite

__all__ = ["gradient_descent", "relative_step"]


def gradient_descent(problem: Objective, state: State, *, rate: float | None, tol: float) -> Iterator[State]:
    """Yield the state at the start and after each step, until the last one is small enough.

    Parameters
    ----------
    problem : Objective
        What to minimise.
    state : State
        Where to start.
    rate : float or None
        Factor of the gradient; None for 1/L.
    tol : float
        A step of this relative size is the last.
    """
    rate = 1.0 / problem.lipschitz if rate is None else rate
    here = problem.derivatives(state.coef)
    state = replace(state, loss=here.loss, gradient_norm=float(np.abs(here.gradient).max()))
    yield state
    while state.status == "running":
        with np.errstate(over="ignore"):
            coef = state.coef - rate * here.gradient
        there = problem.derivatives(coef) if np.isfinite(coef).all() else None
        if there is None or not is_finite(there):
            yield replace(state, status="overflow")
            return
        here = there
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


def relative_step(before: Floats, after: Floats, unit: float) -> float:
    """The largest change of a coefficient, relative to the largest coefficient or the unit."""
    return float(np.abs(after - before).max()) / max(float(np.abs(after).max()), unit)
