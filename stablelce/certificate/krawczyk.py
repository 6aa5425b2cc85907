"""The proof that one box holds the unique optimum: Krawczyk's test, with a remainder that needs no box.

Let G = sum_i s_i F in scaled parameters, v0 a point, g and H its gradient and hessian there, C any matrix,
and W the box of all v with |v - v0| <= r, componentwise. By the mean value theorem N(v) = v - C grad G(v)
satisfies, for v in W and a hessian H' averaged over the segment from v0 to v::

    N(v) - v0 = -C g + (I - C H)(v - v0) - C (H' - H)(v - v0)

A logit changes by at most rho = r_1 + ... + r_k, since no scaled element exceeds 1. With h = y(1-y) and
|h'| = h |1-2y| <= h, h(z) changes by at most a factor exp(rho), so that, componentwise::

    |(H' - H)(v - v0)| <= sum_i s_i h_i (exp(rho) - 1) rho = q

    |N(v) - v0| <= |C g| + b,     b = |I - C H| r + |C| (1, ..., 1)^T q

If this is less than r in every component, N maps W into its interior and, as the same bound holds for
I - C H', is a contraction in the norm max_j |v_j|/r_j: C is not singular, and W holds exactly one zero of
the gradient (R. Krawczyk, Computing 4 (1969); A. Neumaier, *Interval Methods for Systems of Equations*,
section 5.1). G is convex and its minima form a convex set, so this zero is its only minimum. It lies within
b of v0 - C g, which is far less than r.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stablelce.certificate.balls import (
    Ball,
    BallProblem,
    Matrix,
    around,
    ball,
    column,
    identity,
    inverse,
    matrix,
    power_of_two,
    upper,
    working_precision,
)

__all__ = ["Enclosure", "descend", "polish", "prove"]

_INFLATIONS = 12
_POLISHING = 40

Descent = Literal["small", "imprecise", "long"]
"""The steps became small; the precision does not tell where they lead; they are still long."""


@dataclass(frozen=True)
class Enclosure:
    """The box of the unique optimum, and enclosures of what else is asked of it, all in scaled parameters.

    Attributes
    ----------
    optimum : Matrix
        k x 1 balls that hold the optimum.
    hessian : Matrix
        k x k balls that hold the hessian of sum_i s_i F there.
    loss : Ball
        Holds the minimum of sum_i s_i F.
    """

    optimum: Matrix
    hessian: Matrix
    loss: Ball


def prove(problem: BallProblem, point: Matrix) -> Enclosure | None:
    """Krawczyk's test around a point (balls of radius 0), at the present precision; nothing if it fails."""
    gradient, curvatures = problem.derivatives(point)
    hessian = problem.hessian(curvatures)
    inverted = inverse(hessian.mid())
    if inverted is None:
        return None
    c = inverted.mid()
    step = c * gradient  # C g
    contraction = _magnitudes(identity(problem.size) - c * hessian)  # |I - C H|
    reach = _magnitudes(c) * column([ball(1.0)] * problem.size)  # |C| (1, ..., 1)^T
    total = sum(curvatures, ball(0.0))  # sum_i s_i h_i
    least = power_of_two(-2 * working_precision())  # a box needs an interior even where a step is exactly 0

    r = _magnitudes(step)
    for _ in range(_INFLATIONS):
        r = column([2 * entry + least for entry in r.entries()])
        b = _bound(contraction, reach, total, r)
        image = _magnitudes(step) + b
        if all(inner < outer for inner, outer in zip(image.entries(), r.entries(), strict=True)):
            return _enclosure(problem, point, step, b, r, (gradient, hessian, total))
        r = _magnitudes(image)
    return None


def polish(problem: BallProblem, point: Matrix, c: Matrix) -> Matrix:
    """Chord steps v - C grad G(v) while each is less than a tenth of the one before; nothing is proved.

    A step of less than the cube root of the precision's unit is the last: r is then less still, and the
    remainder of the test of the size of its square.
    """
    last, enough = None, power_of_two(-working_precision() // 3)
    for _ in range(_POLISHING):
        gradient, _ = problem.derivatives(point)
        step = (c * gradient).mid()
        size = max(upper(entry) for entry in step.entries())
        if not size.is_finite() or (last is not None and not 10 * size < last):
            break
        point = (point - step).mid()
        last = size
        if size < enough:
            break
    return point


def descend(
    problem: BallProblem, point: Matrix, steps: int, *, careful: bool = True
) -> tuple[Matrix, Descent]:
    """Newton steps at the present precision, and how they ended; nothing is proved.

    A step is halved until the loss is no higher or, careful, until the slope along it has fallen to half: a
    lower loss alone allows steps so far beyond the minimum that no curvature is left there, but where they
    stay this side of it they arrive sooner.
    """
    gradient, curvatures = problem.derivatives(point)
    for _ in range(steps):
        inverted = inverse(problem.hessian(curvatures).mid())
        if inverted is None:
            return point, "imprecise"
        exact_step = inverted * gradient
        changes = problem.logits(exact_step)
        change = max(upper(z) for z in changes)
        # Balls wider than the step say that rounding decides where it leads.
        if not change.is_finite() or (change > 1e-9 and 2 * max(upper(z.mid()) for z in changes) < change):
            return point, "imprecise"
        step = exact_step.mid()
        if change < 1e-9:  # near enough for chord steps
            return polish(problem, (point - step).mid(), inverted.mid()), "small"
        slope = _slope(gradient, step)
        while True:
            trial = (point - step).mid()
            gradient, curvatures = problem.derivatives(trial)
            if change < 0.5 or (
                2 * _slope(gradient, step) <= slope
                if careful
                else problem.loss(trial).mid() <= problem.loss(point).mid()
            ):
                break
            step, slope, change = (step * ball(0.5)).mid(), slope / 2, change / 2
        point = trial
    return point, "long"


def _slope(gradient: Matrix, step: Matrix) -> Ball:
    return upper((gradient.transpose() * step)[0, 0])


def _bound(contraction: Matrix, reach: Matrix, total: Ball, r: Matrix) -> Matrix:
    """b of the module's docstring, each entry rounded upward."""
    rho = sum(r.entries(), ball(0.0))
    q = total * rho.expm1() * rho
    return _magnitudes(contraction * r + reach * q)


def _enclosure(
    problem: BallProblem,
    point: Matrix,
    step: Matrix,
    b: Matrix,
    r: Matrix,
    at_point: tuple[Matrix, Matrix, Ball],
) -> Enclosure:
    """What the optimum, within b of v0 - C g and within r of v0, implies.

    ::

        |hessian(v) - H| <= sum_i s_i h_i (exp(rho) - 1)              componentwise
        0 <= G(v) - G(v0) - g.(v - v0) <= sum_i s_i h_i exp(rho) rho^2 / 2 + sum_j p_j r_j^2 / 2
    """
    gradient, hessian, total = at_point
    optimum = column(
        [around(x - y, e) for x, y, e in zip(point.entries(), step.entries(), b.entries(), strict=True)]
    )
    rho = sum(r.entries(), ball(0.0))
    spread = upper(total * rho.expm1())
    size = problem.size
    ones = column([ball(1.0)] * size)
    curved = total * rho.exp() * rho**2 / 2
    for p, entry in zip(problem.penalties, r.entries(), strict=True):
        curved += ball(p) * entry**2 / 2
    slope = sum(
        (g * (x - y) for g, x, y in zip(gradient.entries(), optimum.entries(), point.entries(), strict=True)),
        ball(0.0),
    )
    return Enclosure(
        optimum=optimum,
        hessian=hessian + (ones * ones.transpose()) * around(ball(0.0), spread),
        loss=problem.loss(point) + slope + around(ball(0.0), upper(curved)),
    )


def _magnitudes(values: Matrix) -> Matrix:
    """Upper bounds of the magnitudes of the entries."""
    return matrix([[upper(entry) for entry in row] for row in values.tolist()])
