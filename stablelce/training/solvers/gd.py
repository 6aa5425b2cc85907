"""Gradient descent over all rows: w <- w - rate * gradient.

With L such that the gradient is L-Lipschitz, and rate <= 1/L, the objective falls with every step::

    F(w - rate*g) <= F(w) - (rate/2) * |g|^2

and F(w_k) - F* <= |w_0 - w*|^2 / (2 * rate * k) (Y. Nesterov, *Introductory Lectures on Convex
Optimization*, Springer 2004, theorem 2.1.14). When to stop is said in ``descent``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stablelce.training.solvers.descent import after
from stablelce.training.solvers.state import Objective, State

__all__ = ["gradient_descent"]


def gradient_descent(problem: Objective, state: State, *, rate: float | None, tol: float) -> Iterator[State]:
    """Yield the state at the start and after each step, until Newton's would be small enough.

    Parameters
    ----------
    problem : Objective
        What to minimise.
    state : State
        Where to start.
    rate : float or None
        Factor of the gradient; None for 1/L.
    tol : float
        The descent ends where Newton's step has this relative size.
    """
    rate = 1.0 / problem.lipschitz if rate is None else rate
    here = problem.derivatives(state.coef)
    initial = state.initial if state.iteration else here.loss
    state = replace(state, loss=here.loss, gradient_norm=float(np.abs(here.gradient).max()), initial=initial)
    yield state
    while state.status == "running":
        with np.errstate(over="ignore"):
            coef = state.coef - rate * here.gradient
        state, there = after(problem, state, coef, tol=tol)
        yield state
        if there is not None:
            here = there
