"""What solvers share: the problem they see, the state after an iteration, the measure of a step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = [
    "Derivatives",
    "Floats",
    "Objective",
    "State",
    "Status",
    "dot",
    "has_risen",
    "is_finite",
    "relative_size",
    "start",
]

Floats = npt.NDArray[np.float64]

Status = Literal["running", "converged", "flat", "separated", "stuck", "overflow", "stopped"]
"""Why a solver stops.

converged
    Newton's step was within the tolerance.
flat
    The Hessian is singular in working precision, and the steps were within the tolerance or no longer
    shrank: the optimum need not be the only one.
separated
    The coefficients separate the two classes: there is no optimum, the loss has no positive lower bound.
stuck
    No step lowers the loss any more, or changes a coefficient, and Newton's is not within the tolerance.
overflow
    The next coefficients, or the loss there, are not finite: the rate is too large.
stopped
    A callback asked for it.
"""


class Derivatives(Protocol):
    """Loss, gradient and Hessian of the objective at one point."""

    @property
    def loss(self) -> float: ...
    @property
    def gradient(self) -> Floats: ...
    @property
    def hessian(self) -> Floats | None: ...


class Objective(Protocol):
    """The objective as solvers see it; coefficients are one vector, the intercept among them."""

    @property
    def lipschitz(self) -> float: ...
    @property
    def curvatures(self) -> Floats: ...

    def derivatives(self, coef: Floats, *, hessian: bool = False, slices: int = 1) -> Any: ...


@dataclass(frozen=True, slots=True)
class State:
    """Where a solver stands.

    Attributes
    ----------
    iteration : int
        Iterations so far: steps, or epochs of ``sgd``.
    coef : ndarray of float64
        The coefficients, read-only.
    loss : float
        The objective there; NaN before it was looked at.
    gradient_norm : float
        Largest magnitude among the components of the gradient there; NaN likewise.
    step : float
        Relative size of Newton's step: of the one that led here, or, in gradient descent, of the one that
        would follow, as far as it is known (see ``descent``); inf at the start.
    slices : int
        Precision of Newton's Hessian.
    stalled : int
        Steps in a row that did not get smaller.
    ratio : float
        In gradient descent, how many times larger Newton's step was than the estimate, where last computed.
    status : str
        "running", or why the solver stops.
    initial : float
        In gradient descent, the objective at the start; inf before it was looked at.
    """

    iteration: int
    coef: Floats
    loss: float = math.nan
    gradient_norm: float = math.nan
    step: float = math.inf
    slices: int = 1
    stalled: int = 0
    ratio: float = 1.0
    status: Status = "running"
    initial: float = math.inf


def start(coef: Floats) -> State:
    """The state before the first iteration."""
    frozen = np.array(coef, dtype=np.float64)
    frozen.flags.writeable = False
    return State(0, frozen)


def is_finite(point: Derivatives) -> bool:
    """Whether loss and gradient are numbers."""
    return math.isfinite(point.loss) and bool(np.isfinite(point.gradient).all())


def has_risen(loss: float, initial: float, tol: float) -> bool:
    """Whether the objective is above that at the start by more than ``tol`` allows near an optimum.

    Where Newton's step has the size ``tol``, the objective is above its least by about tol^2 of itself; the
    step also looks small where a rate that is too large has led, as nothing is curved far out.
    """
    return loss > initial * (1.0 + tol)


def relative_size(step: Floats, coef: Floats, loss: float, curvature: Floats) -> float:
    """The size of a step p from, or to, the coefficients w: the largest of |p_j| / max(|w_j|, sqrt(F/H_jj)).

    Relative to the coefficient, or to the length that changes the objective F by half of itself along that
    axis, whichever is larger; no scaling of the features changes it.

    Parameters
    ----------
    step, coef : ndarray of float64, shape (size,)
        The step and the coefficients.
    loss : float
        The objective F; where it is infinite, so is the size.
    curvature : ndarray of float64, shape (size,)
        The second derivatives H_jj, or bounds of them; where one is 0 any step is small.
    """
    if not math.isfinite(loss):
        return math.inf
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        unit = np.sqrt(loss / curvature)
        unit[curvature == 0] = np.inf
        sizes = np.abs(step) / np.maximum(np.abs(coef), unit)
    return float(np.where(step == 0, 0.0, sizes).max())


def dot(a: Floats, b: Floats) -> float:
    """The sum of the rounded products, rounded once: the same bits everywhere, which BLAS does not give."""
    return math.fsum((a * b).tolist())
