"""What gradient descent does exactly: steps in mpmath, the loss by the oracle, and the rounding of a step.

::

    F(w, b) = mean_i L(x_i.w + b, t_i) + (l2/2) |w|^2        b is the last parameter, not penalised
    one step over all rows:      v <- v - rate * grad F(v)
    one step over row i:         v <- v - rate * ((sigmoid(z_i) - t_i) * (x_i, 1) + l2 * w)

**Rounding of steps.** With rate <= 1/L, v -> v - rate * grad F(v) moves no two points apart: its derivative
I - rate*H has its eigenvalues in [0, 1]. So errors of steps add at most. One step in binary64, sums in any
order, products and sums each rounded, sigmoid within 4 ulps, errs per component j by at most

    u * (rate * mean_i |x_ij| * ((d+3) * m_i / 4 + 8 + n + 4)  +  2 |v_j| + 3 * rate * l2 |v_j|)

where m_i = sum_j |x_ij v_j| + |b| bounds the terms of the logit, whose rounding reaches sigmoid divided by
4, and |residual| <= 1; the result's own rounding is within u (|v_j| + |step|), the step within
rate * mean |x_ij|.
`step_error` evaluates twice this, at the largest |v| on the way, so that second-order terms are in it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from stablelce import oracle
from stablelce.conformance.trainers.base import Floats, Order
from stablelce.conformance.trainers.problems import Problem

__all__ = ["exact_loss", "exact_steps", "largest_rate", "lipschitz", "step_error"]

DIGITS = 50
U = 2.0**-53


def design(judged: Problem, *, intercept: bool) -> Floats:
    """The features, and a column of ones if the intercept is fitted."""
    return np.column_stack([judged.x, np.ones(len(judged.x))]) if intercept else judged.x


def lipschitz(judged: Problem, l2: Fraction, order: Order, *, intercept: bool) -> Fraction:
    """A bound L of the hessian's norm: of all rows, or of the row of the largest norm; exact.

    |hess F| <= mean |x_i|^2 / 4 + l2, since y(1-y) <= 1/4.
    """
    x = design(judged, intercept=intercept)
    squares = [sum((Fraction(v) ** 2 for v in row), Fraction(0)) for row in x.tolist()]
    size = max(squares) if order == "rows" else sum(squares, Fraction(0)) / len(squares)
    return size / 4 + l2


def largest_rate(bound: Fraction) -> float:
    """The largest power of two that is at most 1/L: multiplying by it is exact."""
    exponent = 0
    while Fraction(2) ** exponent * bound > 1:
        exponent -= 1
    while Fraction(2) ** (exponent + 1) * bound <= 1:
        exponent += 1
    return 2.0**exponent


def exact_steps(
    judged: Problem, l2: Fraction, rate: float, count: int, order: Order, *, intercept: bool
) -> list[list[Any]]:
    """The points of gradient descent from 0, ``count`` + 1 of them, in 50 digits."""
    x = design(judged, intercept=intercept)
    with mpmath.workdps(DIGITS):
        rows = [[mpmath.mpf(v) for v in row] for row in x.tolist()]
        targets = [mpmath.mpf(v) for v in judged.t.tolist()]
        penalties = [mpmath.mpf(l2.numerator) / l2.denominator] * judged.x.shape[1] + [
            mpmath.mpf(0)
        ] * intercept
        here = [mpmath.mpf(0)] * x.shape[1]
        points = [here]
        for k in range(count):
            seen = range(len(rows)) if order == "batch" else (k % len(rows),)
            gradient = [mpmath.mpf(0)] * len(here)
            for i in seen:
                z = mpmath.fdot(rows[i], here)
                residual = 1 / (1 + mpmath.exp(-z)) - targets[i]
                gradient = [g + residual * v / len(seen) for g, v in zip(gradient, rows[i], strict=True)]
            here = [v - rate * (g + p * v) for v, g, p in zip(here, gradient, penalties, strict=True)]
            points.append(here)
        return points


def step_error(judged: Problem, l2: Fraction, rate: float, path: list[list[Any]], order: Order) -> Floats:
    """A bound of what one step in binary64 may be off by, per parameter; see the module's docstring."""
    largest = np.max(np.abs(np.array(path, dtype=np.float64)), axis=0)
    intercept = len(largest) > judged.x.shape[1]
    x = np.abs(design(judged, intercept=intercept))
    n, d = (1 if order == "rows" else len(x)), len(largest)
    per_row = (d + 3) * (x @ largest) / 4 + 8 + n + 4
    terms = x * per_row[:, None]
    reach = terms.max(axis=0) if order == "rows" else terms.mean(axis=0)
    bound: Floats = 2 * U * (rate * reach + (2 + 3 * rate * float(l2)) * largest)
    return bound


def exact_loss(judged: Problem, l2: Fraction, values: Floats) -> Fraction:
    """F at binary64 parameters, each row's loss by the oracle to 2^-120."""
    features = judged.x.shape[1]
    parameters = [Fraction(v) for v in values.tolist()]
    total = Fraction(0)
    for row, t in zip(judged.x.tolist(), judged.t.tolist(), strict=True):
        z = sum(
            (Fraction(v) * w for v, w in zip(row, parameters, strict=False)),
            sum(parameters[features:], Fraction(0)),
        )
        total += oracle.exact("loss", z, t).value(Fraction(1, 2**120))
    return total / len(judged.x) + l2 / 2 * sum((w * w for w in parameters[:features]), Fraction(0))
