"""Krawczyk's test holds where it must, fails where it must, and defects planted in it are noticed."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from stablelce.certificate import krawczyk
from stablelce.certificate.balls import (
    Ball,
    BallProblem,
    Matrix,
    ball,
    column,
    power_of_two,
    precision,
    upper,
)
from stablelce.certificate.krawczyk import Enclosure, descend, polish, prove
from stablelce.certificate.problem import make_problem
from tests.certificate.reference import DIGITS, data, solve

BITS = 128
OFFSETS = [2.0**-k for k in range(0, 60, 4)]


def problem_and_optimum(seed: int = 0, n: int = 40, d: int = 2) -> tuple[BallProblem, Matrix, list[Any]]:
    x, t = data(seed, n, d)
    problem = make_problem(x, t, None, 0.01, fit_intercept=True)
    want = solve(x, t, l2=0.01)
    with mpmath.workdps(DIGITS):
        exact = [
            mpmath.ldexp(v, k) for v, k in zip(want.parameters, problem.exponents, strict=True)
        ]  # scaled
    return BallProblem(problem), column([ball(float(v)) for v in exact]), exact


def holds(value: Ball, exact: Any) -> bool:
    """Whether a ball holds a number known to 60 digits, give or take those."""
    with mpmath.workdps(DIGITS):
        middle, radius = (_mpf(part) for part in (value.mid(), value.rad()))
        return bool(abs(middle - exact) <= radius + abs(exact) * mpmath.mpf(10) ** -58)


def _mpf(value: Ball) -> Any:
    m, e = value.man_exp()
    return mpmath.mpf(int(m)) * mpmath.mpf(2) ** int(e)


def moved(point: Matrix, offset: float) -> Matrix:
    return column([(v + ball(offset)).mid() for v in point.entries()])


def false_claims(exact: list[Any], balls: BallProblem, point: Matrix) -> int:
    """How many of the boxes proved around points at many distances miss the optimum."""
    found = [prove(balls, moved(point, offset)) for offset in OFFSETS]
    boxes = [box for box in found if box is not None]
    assert boxes, "nothing was proved, so nothing was tested"
    return sum(
        not all(holds(v, e) for v, e in zip(box.optimum.entries(), exact, strict=True)) for box in boxes
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_box_that_is_proved_holds_the_optimum(seed: int) -> None:
    balls, point, exact = problem_and_optimum(seed)
    with precision(BITS):
        assert false_claims(exact, balls, point) == 0


def test_the_test_holds_near_the_optimum_and_fails_far_from_it() -> None:
    balls, point, _ = problem_and_optimum()
    with precision(BITS):
        assert prove(balls, moved(point, 2.0**-40)) is not None
        assert prove(balls, moved(point, 2.0**3)) is None


def test_loss_and_hessian_at_the_optimum_are_enclosed() -> None:
    x, t = data(1, 30, 2)
    balls, point, exact = problem_and_optimum(1, 30)
    want = solve(x, t, l2=0.01)
    with precision(BITS):
        for offset in (2.0**-12, 2.0**-20, 2.0**-40):
            found = prove(balls, moved(point, offset))
            assert found is not None
            with mpmath.workdps(DIGITS):
                total = want.loss * 30
            assert holds(found.loss, total)
            precise = column([mpmath_ball(v) for v in exact])
            _, curvatures = balls.derivatives(precise)
            assert found.hessian.overlaps(balls.hessian(curvatures))
            narrow = prove(balls, precise)
            assert narrow is not None
            assert found.hessian.overlaps(narrow.hessian)


def mpmath_ball(value: Any) -> Ball:
    with mpmath.workprec(BITS):
        sign, m, e, _ = (+value)._mpf_
    return ball(float(1 - 2 * sign)) * int(m) * power_of_two(int(e))


def test_a_test_that_ignores_the_remainder_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_remainder(contraction: Matrix, reach: Matrix, total: Ball, r: Matrix) -> Matrix:  # noqa: ARG001
        return krawczyk._magnitudes(contraction * r)

    balls, point, exact = problem_and_optimum()
    monkeypatch.setattr(krawczyk, "_bound", without_remainder)
    with precision(BITS):
        assert false_claims(exact, balls, point) > 0


def test_a_test_that_ignores_the_inexact_inverse_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_contraction(contraction: Matrix, reach: Matrix, total: Ball, r: Matrix) -> Matrix:
        return honest(contraction * ball(0.0), reach, total, r)

    honest = krawczyk._bound
    balls, point, exact = problem_and_optimum()
    monkeypatch.setattr(krawczyk, "inverse", _rough)
    with precision(BITS):
        assert false_claims(exact, balls, point) == 0  # a rough inverse costs width, never truth
        monkeypatch.setattr(krawczyk, "_bound", without_contraction)
        assert false_claims(exact, balls, point) > 0


def _rough(matrix: Matrix) -> Matrix:
    return matrix.inv().mid() * ball(1.25)


def test_a_test_that_takes_the_gradient_for_exact_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def middles(balls: BallProblem, v: Matrix) -> tuple[Matrix, list[Ball]]:
        gradient, curvatures = honest(balls, v)
        return gradient.mid(), curvatures

    honest = BallProblem.derivatives
    balls, point, exact = problem_and_optimum()
    with precision(64):  # so that the rounding errors of the gradient dominate
        assert false_claims(exact, balls, point) == 0
        monkeypatch.setattr(BallProblem, "derivatives", middles)
        assert false_claims(exact, balls, point) > 0


def test_a_gradient_that_is_exactly_zero_is_proved() -> None:
    balls = BallProblem(
        make_problem([[1.0], [-1.0], [1.0], [-1.0]], [0, 0, 1, 1], None, 0.0, fit_intercept=True)
    )
    with precision(BITS):
        found = prove(balls, column([ball(0.0), ball(0.0)]))
    assert found is not None
    assert all(v.contains(0) for v in found.optimum.entries())


def test_a_singular_hessian_proves_nothing() -> None:
    balls = BallProblem(make_problem([[1.0, 2.0], [2.0, 4.0]], [0.5, 0.25], None, 0.0, fit_intercept=False))
    with precision(BITS):
        assert prove(balls, column([ball(0.0), ball(0.0)])) is None


def test_chord_steps_stop_at_the_precision() -> None:
    balls, point, exact = problem_and_optimum()
    with precision(BITS):
        _, curvatures = balls.derivatives(point)
        near = polish(balls, moved(point, 2.0**-20), balls.hessian(curvatures).inv().mid())
        distance = max(upper(v - mpmath_ball(e)) for v, e in zip(near.entries(), exact, strict=True))
        assert distance < 2.0**-84  # the last step is below 2^-42, and the next one of its square


def test_newton_in_balls_comes_near_from_afar() -> None:
    balls, _, exact = problem_and_optimum()
    with precision(BITS):
        near, ended = descend(balls, column([ball(40.0)] * 3), 100)
        assert ended == "small"
        proof = prove(balls, near)
        assert isinstance(proof, Enclosure)
        assert all(holds(v, e) for v, e in zip(proof.optimum.entries(), exact, strict=True))
        _, ended = descend(balls, column([ball(40.0)] * 3), 1)
        assert ended == "long"


def test_newton_in_balls_says_when_it_lacks_precision() -> None:
    x, t = data(2, 40, 2)
    x[:, 1] = x[:, 0] + 1e-12 * x[:, 1]
    balls = BallProblem(make_problem(x, t, None, 0.0, fit_intercept=True))
    with precision(53):
        _, ended = descend(balls, column([ball(0.0)] * 3), 100)
    assert ended == "imprecise"


def test_the_lipschitz_bound_of_the_curvature() -> None:
    """h(z + d) <= h(z) exp(|d|), on which the remainder rests, on a grid."""
    z = np.linspace(-30, 30, 241)
    h = 1 / (4 * np.cosh(z / 2) ** 2)
    assert (h[:, None] <= h * np.exp(np.abs(z[:, None] - z)) * (1 + 1e-12)).all()
