"""How far given coefficients are from the exact optimum, proved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stablelce.certificate.balls import Ball, ball, power_of_two, precision
from stablelce.certificate.errors import NotProvedError, NoUniqueOptimumError
from stablelce.certificate.problem import Floats, Problem, make_problem, scaled_start
from stablelce.certificate.rounding import bounds, rounded_up
from stablelce.certificate.search import Found, find

__all__ = ["Certificate", "certify_point"]


@dataclass(frozen=True)
class Certificate:
    """What is proved of given coefficients.

    Attributes
    ----------
    certified : bool
        Whether the unique optimum is enclosed; if not, the bounds are infinite and the digits 0.
    reason : str
        Why not, in one sentence; empty if it is.
    radius : ndarray of float64, shape (d,)
        Bounds of |coefficient - exact coefficient of the optimum|, rounded upward.
    intercept_radius : float
        That of the intercept; 0 if it is not fitted.
    digits : ndarray of float64, shape (d,)
        Correct decimal digits, -log10 of the relative error's bound, rounded downward and at least 0;
        infinite where the coefficient is the exact one, 0 where the exact one may be 0.
    intercept_digits : float
        Those of the intercept; infinite if it is not fitted.
    loss : tuple of two floats
        Bounds of the loss F at the exact optimum.
    separation : NoUniqueOptimumError or None
        The proof that there is no unique optimum, if that is the reason.
    precision : int
        Bits of the arithmetic in which this was proved; 0 if nothing was enclosed.
    """

    certified: bool
    reason: str
    radius: Floats
    intercept_radius: float
    digits: Floats
    intercept_digits: float
    loss: tuple[float, float]
    separation: NoUniqueOptimumError | None
    precision: int


def certify_point(
    X: npt.ArrayLike,
    t: npt.ArrayLike,
    coef: npt.ArrayLike,
    intercept: float = 0.0,
    *,
    s: npt.ArrayLike | None = None,
    l2: float | Fraction = 0.0,
    fit_intercept: bool = True,
) -> Certificate:
    """Prove how far coefficients are from the unique optimum of the logistic regression.

    ::

        F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2

    Parameters
    ----------
    X, t, s, l2, fit_intercept
        As for :func:`~stablelce.certificate.exact_optimum`.
    coef : array_like, shape (d,)
        The coefficients, as exact binary numbers.
    intercept : float
        The intercept; not used unless it is fitted.

    Returns
    -------
    Certificate
        ``certified`` whenever the optimum could be enclosed, however far away it is: ``radius`` says how far.

    Raises
    ------
    TypeError, ValueError
        The data are not as described, or a coefficient is not finite.

    Notes
    -----
    The proof, Krawczyk's test in ball arithmetic, is in ``stablelce.certificate.krawczyk``: the optimum is
    enclosed far more closely than float64 resolves, so that the radius is the distance, rounded upward.
    """
    problem = make_problem(X, t, s, l2, fit_intercept=fit_intercept)
    values = _parameters(problem, coef, intercept)
    try:
        found = find(problem, scaled_start(problem, values))
    except NoUniqueOptimumError as error:
        return _not_certified(problem, str(error), error)
    except NotProvedError as error:
        return _not_certified(problem, str(error), None)
    return _certificate(problem, found, values)


def _certificate(problem: Problem, found: Found, values: Floats) -> Certificate:
    with precision(found.bits):
        optimum = [
            v * power_of_two(-k)
            for v, k in zip(found.enclosure.optimum.entries(), problem.exponents, strict=True)
        ]
        distances = [abs(v - ball(c)) for v, c in zip(optimum, values.tolist(), strict=True)]
        radii = [rounded_up(distance) for distance in distances]
        digits = [_digits(distance, v) for distance, v in zip(distances, optimum, strict=True)]
        loss = bounds(found.enclosure.loss / ball(problem.total))
    radius, intercept_radius = problem.split(np.array(radii))
    coef_digits, intercept_digits = problem.split(np.array(digits), absent=math.inf)
    return Certificate(
        certified=True,
        reason="",
        radius=radius,
        intercept_radius=intercept_radius,
        digits=coef_digits,
        intercept_digits=intercept_digits,
        loss=loss,
        separation=None,
        precision=found.bits,
    )


def _digits(distance: Ball, exact: Ball) -> float:
    """-log10(distance / |exact|), rounded downward, at least 0."""
    least, greatest = exact.abs_lower(), distance.abs_upper()
    if not least > 0:
        return 0.0
    if greatest.is_zero():
        return math.inf
    return max(0.0, bounds((least / greatest).log() / ball(10.0).log())[0])


def _parameters(problem: Problem, coef: npt.ArrayLike, intercept: float) -> Floats:
    coefficients = np.asarray(coef, dtype=np.float64)
    expected = problem.size - problem.intercept
    if coefficients.shape != (expected,):
        raise ValueError(f"coef must have shape ({expected},), one per feature: got {coefficients.shape}.")
    values = np.append(coefficients, float(intercept)) if problem.intercept else coefficients
    if not np.isfinite(values).all():
        raise ValueError("a coefficient or the intercept is not finite, so there is no distance to bound.")
    return values


def _not_certified(problem: Problem, reason: str, error: NoUniqueOptimumError | None) -> Certificate:
    features = problem.size - problem.intercept
    return Certificate(
        certified=False,
        reason=reason,
        radius=np.full(features, math.inf),
        intercept_radius=math.inf if problem.intercept else 0.0,
        digits=np.zeros(features),
        intercept_digits=0.0 if problem.intercept else math.inf,
        loss=(-math.inf, math.inf),
        separation=error,
        precision=0,
    )
