"""The exact optimum: every figure the float64 nearest to the exact value, proved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stablelce.certificate.balls import Ball, ball, inverse, power_of_two, precision
from stablelce.certificate.errors import NotProvedError
from stablelce.certificate.problem import Floats, Problem, make_problem, scaled_start
from stablelce.certificate.rounding import correctly_rounded, rounded_up
from stablelce.certificate.search import LAST_BITS, Found, find, refine
from stablelce.certificate.zeros import are_zero

__all__ = ["Optimum", "exact_optimum"]


@dataclass(frozen=True)
class Optimum:
    """The unique optimum, correctly rounded.

    Attributes
    ----------
    coef : ndarray of float64, shape (d,)
        Coefficients.
    intercept : float
        The intercept; 0 if it is not fitted.
    loss : float
        F at the exact optimum.
    standard_errors : ndarray of float64, shape (d,)
        Square roots of the diagonal of the inverse of the observed information at the exact optimum,
        sum_i s_i y_i (1-y_i) x_i x_i^T with the intercept as a column of ones. With a penalty the
        information is the hessian of sum_i s_i F, which adds l2 * sum_i s_i for every coefficient.
    intercept_standard_error : float
        That of the intercept; 0 if it is not fitted.
    radius : ndarray of float64, shape (d,)
        Bounds of |coef - exact coefficient|, rounded upward; at most half an ulp, up to that rounding.
    intercept_radius : float
        That of the intercept.
    precision : int
        Bits of the arithmetic in which all this was proved.
    iterations : int
        Newton steps in float64 that led there.
    """

    coef: Floats
    intercept: float
    loss: float
    standard_errors: Floats
    intercept_standard_error: float
    radius: Floats
    intercept_radius: float
    precision: int
    iterations: int


def exact_optimum(
    X: npt.ArrayLike,
    t: npt.ArrayLike,
    *,
    s: npt.ArrayLike | None = None,
    l2: float | Fraction = 0.0,
    fit_intercept: bool = True,
    start: npt.ArrayLike | None = None,
) -> Optimum:
    """The optimum of the logistic regression, correctly rounded and proved.

    ::

        F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2

    Parameters
    ----------
    X : array_like, shape (n, d)
        Features: finite real numbers that float64 holds exactly.
    t : array_like, shape (n,)
        Targets in [0, 1].
    s : array_like, shape (n,), optional
        Weights, finite and not negative; 1 unless given. Rows of weight 0 have no influence.
    l2 : float or Fraction
        Penalty of the coefficients, not of the intercept.
    fit_intercept : bool
        Whether there is an intercept.
    start : array_like, shape (d,) or (d + 1,), optional
        Starting point, the intercept last. It decides how long the search takes, never a bit of
        ``coef``, ``intercept``, ``loss`` and the standard errors.

    Returns
    -------
    Optimum

    Raises
    ------
    NoUniqueOptimumError
        There is no optimum, or not a unique one: proved, with the direction.
    NotProvedError
        Neither could be proved; or an exact value is so close to a midpoint of two floats, or to 0, that 4096
        bits do not tell on which side it lies, and that it is 0 could not be proved.
    OverflowError
        A figure lies outside the range of float64.
    TypeError, ValueError
        The data are not as described.

    Notes
    -----
    The proof, Krawczyk's test in ball arithmetic, is in ``stablelce.certificate.krawczyk``. It is rigorous
    for data of any size. It takes about 200 bytes per element of X, and time in proportion to n d^2: 20,000 x
    30 a second or two; 10^7 elements are practical.
    """
    problem = make_problem(X, t, s, l2, fit_intercept=fit_intercept)
    found = find(problem, scaled_start(problem, start))
    zeros: set[int] = set()
    while True:
        rounded = _Rounded(problem, found, zeros)
        suspects = [j for j in rounded.undecided if rounded.holds_zero(j)]
        if suspects and are_zero(problem, [*zeros, *suspects]):
            zeros.update(suspects)
            rounded = _Rounded(problem, found, zeros)
        if rounded.complete:
            return rounded.optimum()
        if found.bits >= LAST_BITS:
            raise NotProvedError(rounded.complaint())
        found = refine(found)


class _Rounded:
    """An enclosure, rounded as far as it decides."""

    def __init__(self, problem: Problem, found: Found, zeros: set[int]) -> None:
        self.problem, self.found = problem, found
        enclosure = found.enclosure
        with precision(found.bits):
            self.parameters = [
                ball(0.0) if j in zeros else v * power_of_two(-k)
                for j, (v, k) in enumerate(zip(enclosure.optimum.entries(), problem.exponents, strict=True))
            ]
            covariance = inverse(enclosure.hessian)
            errors: list[Ball] = [
                covariance[j, j].sqrt() * power_of_two(-k) if covariance is not None else ball(math.nan)
                for j, k in enumerate(problem.exponents)
            ]
            self.values = [correctly_rounded(v) for v in self.parameters]
            self.errors = [correctly_rounded(v) for v in errors]
            self.loss = correctly_rounded(enclosure.loss / ball(problem.total))

    @property
    def undecided(self) -> list[int]:
        return [j for j, value in enumerate(self.values) if value is None]

    @property
    def complete(self) -> bool:
        return not self.undecided and None not in self.errors and self.loss is not None

    def holds_zero(self, j: int) -> bool:
        return bool(self.parameters[j].contains(0))

    def complaint(self) -> str:
        what = "the loss or a standard error"
        if self.undecided:
            what = "parameter " + ", ".join(map(str, self.undecided))
        return f"{self.found.bits} bits do not decide the rounding of {what}."

    def optimum(self) -> Optimum:
        values, errors = _floats(self.values), _floats(self.errors)
        if not (np.isfinite(values).all() and np.isfinite(errors).all()):
            raise OverflowError(
                "a coefficient or its standard error lies outside the range of float64: scale its column."
            )
        with precision(self.found.bits):
            radii = np.array(
                [rounded_up(abs(v - ball(c))) for v, c in zip(self.parameters, values.tolist(), strict=True)]
            )
        split = self.problem.split
        coef, intercept = split(values)
        standard_errors, intercept_error = split(errors)
        radius, intercept_radius = split(radii)
        return Optimum(
            coef=coef,
            intercept=intercept,
            loss=float(_floats([self.loss])[0]),
            standard_errors=standard_errors,
            intercept_standard_error=intercept_error,
            radius=radius,
            intercept_radius=intercept_radius,
            precision=self.found.bits,
            iterations=self.found.steps,
        )


def _floats(values: list[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values])
