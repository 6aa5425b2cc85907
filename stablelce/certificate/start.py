"""Damped Newton steps in float64: a starting point for the proof, and a hint where it runs away.

Nothing here is proved, and no bit of it shows in a result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stablelce.certificate.problem import Floats, Problem

__all__ = ["MANY_STEPS", "Start", "newton"]

_CLOSE = 1e-7  # the largest change of a logit by a last step: quadratic convergence leaves 1e-14 behind
_STEPS = 60  # on separable data each step adds about 1 to the smallest margin: enough to tell them apart
_STEPS_FROM_A_POINT = 20  # a good point needs two or three; a bad one is no better than the origin
MANY_STEPS = 1000  # with a tiny penalty, or weights of wide range, the optimum lies that far out


@dataclass(frozen=True)
class Start:
    """Scaled parameters and how they were reached.

    Attributes
    ----------
    point, step : ndarray of float64, shape (k,)
        The parameters, and the last step taken to them.
    inverse : ndarray of float64, shape (k, k)
        Inverse of the hessian of sum_i s_i F before the last step; zeros unless the steps became small.
    converged : bool
        Whether they did.
    steps : int
        Their number.
    """

    point: Floats
    step: Floats
    inverse: Floats
    converged: bool
    steps: int


def newton(problem: Problem, start: Floats | None = None, limit: int | None = None) -> Start:
    """Newton steps, halved until the slope along the step has fallen, from a scaled starting point.

    The test looks at slopes, not at the loss: "the loss no longer decreases" stops hundreds of ulps early.
    """
    if limit is None:
        limit = MANY_STEPS if problem.l2 else _STEPS
        limit = limit if start is None else min(limit, _STEPS_FROM_A_POINT)
    with np.errstate(all="ignore"):
        return _newton(problem, np.zeros(problem.size) if start is None else start, limit)


def _newton(problem: Problem, v: Floats, limit: int) -> Start:
    x, t = problem.scaled_floats(), problem.t
    scale = float(problem.s.max())
    s = problem.s / scale
    penalties = np.array([_to_float(p) for p in problem.penalties]) / scale
    step, nothing = np.zeros_like(v), np.zeros((len(v), len(v)))
    gradient, curvature = _derivatives(x, t, s, penalties, v)
    for count in range(1, limit + 1):
        hessian = (x * curvature[:, None]).T @ x + np.diag(penalties)
        step = _solve(hessian, gradient)
        if not np.isfinite(step).all():
            return Start(v, np.zeros_like(v), nothing, converged=False, steps=count)
        slope = float(gradient @ step)
        change = float(np.abs(x @ step).max())
        while True:
            gradient, curvature = _derivatives(x, t, s, penalties, v - step)
            if change < 0.5 or abs(float(gradient @ step)) <= 0.5 * abs(slope):
                break
            step, slope, change = step / 2, slope / 2, change / 2
        v = v - step
        if not problem.l2 and separates(x, t, v):
            return Start(v, -step, nothing, converged=False, steps=count)
        if change < _CLOSE:
            inverse = _solve(hessian, np.eye(len(v))) / scale
            return Start(v, -step, inverse, bool(np.isfinite(inverse).all()), count)
    return Start(v, -step, nothing, converged=False, steps=limit)


def separates(x: Floats, t: Floats, direction: Floats) -> bool:
    """Whether, by float64, every target is hard and has its row strictly on its side."""
    return bool((x @ direction * (2 * t - 1) > 0).all() and ((t == 0) | (t == 1)).all())


def _derivatives(x: Floats, t: Floats, s: Floats, penalties: Floats, v: Floats) -> tuple[Floats, Floats]:
    z = x @ v
    e = np.exp(-np.abs(z))
    large, small = 1 / (1 + e), e / (1 + e)
    up, down = np.where(z >= 0, large, small), np.where(z >= 0, small, large)
    residual = s * ((1 - t) * up - t * down)
    return x.T @ residual + penalties * v, s * (large * small)


def _solve(hessian: Floats, right: Floats) -> Floats:
    """Solve with a unit diagonal and with the least multiple of the identity that makes it definite."""
    diagonal = np.diag(hessian)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = hessian * scale[:, None] * scale
    if not np.isfinite(scaled).all():
        return np.full_like(right, np.nan)
    for shift in (0.0, 1e-15, 1e-13, 1e-11, 1e-8):
        shifted = scaled + shift * np.eye(len(scaled))
        try:
            np.linalg.cholesky(shifted)  # refuses what is not definite
            out: Floats = (np.linalg.solve(shifted, (right.T * scale).T).T * scale).T
        except np.linalg.LinAlgError:
            continue
        return out
    return np.full_like(right, np.nan)


def _to_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # a Fraction, which may be beyond float64
    except OverflowError:
        return float("inf")
