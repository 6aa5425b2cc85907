"""Derivatives in balls, against mpmath at the same exact numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from stablelce.certificate import balls as module
from stablelce.certificate.balls import (
    Ball,
    BallProblem,
    ball,
    column,
    dyadic_bounds,
    inverse,
    matrix,
    power_of_two,
    precision,
    upper,
    working_precision,
)
from stablelce.certificate.optimum import exact_optimum
from stablelce.certificate.problem import make_problem
from tests.certificate.reference import DIGITS, data, seeded


def holds(value: Ball, exact: Any) -> bool:
    ends = dyadic_bounds(value)
    assert ends is not None
    lower, higher, e = ends
    with mpmath.workdps(DIGITS):
        slack = abs(exact) * mpmath.mpf(10) ** (3 - DIGITS)
        return bool(mpmath.ldexp(lower, e) - slack <= exact <= mpmath.ldexp(higher, e) + slack)


def random_problem(seed: int, n: int = 30) -> tuple[Any, Any, Any, Any]:
    x, t = data(seed, n, 3)
    rng = seeded(seed + 50)
    x = x * 10.0 ** np.array([-100, 0, 100])
    t = np.where(rng.random(n) < 0.3, rng.random(n), t)
    s = np.where(rng.random(n) < 0.5, 1.0, rng.random(n))
    v = np.append(rng.standard_normal(3) * 10.0 ** np.array([100, 0, -100]), 0.5) * 3
    return x, t, s, v


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bits", [53, 128, 300])
@pytest.mark.parametrize("block", [7, 1024])
def test_loss_gradient_and_hessian(seed: int, bits: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    x, t, s, v = random_problem(seed)
    problem = make_problem(x, t, s, 0.25, fit_intercept=True)
    with precision(bits):
        balls = BallProblem(problem)
        point = column(
            [ball(p) * power_of_two(k) for p, k in zip(v.tolist(), problem.exponents, strict=True)]
        )
        gradient, curvatures = balls.derivatives(point)
        hessian, loss = balls.hessian(curvatures), balls.loss(point)
    with mpmath.workdps(DIGITS):
        total = mpmath.fsum(s.tolist())
        rows = [[mpmath.mpf(a) for a in [*row, 1.0]] for row in x.tolist()]
        z = [mpmath.fdot(row, v.tolist()) for row in rows]
        y = [1 / (1 + mpmath.exp(-a)) for a in z]
        penalty = [total / 4] * 3 + [0]
        losses = [
            w * (q * mpmath.log1p(mpmath.exp(-a)) + (1 - q) * mpmath.log1p(mpmath.exp(a)))
            for w, q, a in zip(s.tolist(), t.tolist(), z, strict=True)
        ]
        value = mpmath.fsum(losses) + sum(p * mpmath.mpf(b) ** 2 / 2 for p, b in zip(penalty, v, strict=True))
        assert holds(loss, value)
        assert loss.rel_accuracy_bits() > bits - 20
        for j in range(4):
            down = mpmath.mpf(2) ** -problem.exponents[j]
            terms = [
                w * (b - q) * row[j] for w, b, q, row in zip(s.tolist(), y, t.tolist(), rows, strict=True)
            ]
            assert holds(gradient[j, 0], down * (mpmath.fsum(terms) + penalty[j] * v[j]))
            for k in range(4):
                across = mpmath.mpf(2) ** -problem.exponents[k]
                entries = [
                    w * b * (1 - b) * row[j] * row[k] for w, b, row in zip(s.tolist(), y, rows, strict=True)
                ]
                exact = down * across * (mpmath.fsum(entries) + (penalty[j] if j == k else 0))
                assert holds(hessian[j, k], exact)


@pytest.mark.parametrize("z", [-1e30, -800.0, -1e-30, 0.0, 1e-30, 800.0, 1e30])
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_any_logit_keeps_its_relative_accuracy(z: float, t: float) -> None:
    balls = BallProblem(make_problem([[1.0]], [t], None, 0.0, fit_intercept=False))
    with precision(128):
        gradient, curvatures = balls.derivatives(column([ball(2 * z)]))  # the scaled element is 1/2
        loss = balls.loss(column([ball(2 * z)]))
        assert gradient.entries()[0].rel_accuracy_bits() > 20
        assert curvatures[0] > 0
        assert loss > 0


def test_a_logit_of_unknown_sign_is_enclosed() -> None:
    balls = BallProblem(make_problem([[1.0]], [0.25], None, 0.0, fit_intercept=False))
    with precision(128):
        wide = column([ball(0.0) + (ball(-1.0).union(ball(1.0)))])
        gradient, curvatures = balls.derivatives(wide)
        loss = balls.loss(wide)
        for v in (-1.0, -0.5, 0.0, 1.0):
            at, curvature = balls.derivatives(column([ball(v)]))
            assert gradient.contains(at)
            assert curvatures[0].contains(curvature[0])
            assert loss.contains(balls.loss(column([ball(v)])))


def test_the_precision_of_the_caller_comes_back() -> None:
    before = working_precision()
    with precision(77):
        assert working_precision() == 77
    assert working_precision() == before
    with pytest.raises(ZeroDivisionError), precision(77):
        matrix([[0.0]]).inv()
    assert working_precision() == before


def test_threads_take_turns() -> None:
    x, t = data(4, 40, 2)
    want = exact_optimum(x, t)
    one_bit_apart = x.copy()
    one_bit_apart[:, 1] = x[:, 0] * (1 + 2.0**-40 * x[:, 1])  # takes more precision
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda i: exact_optimum(x if i % 2 else one_bit_apart, t), range(12)):
            assert got.precision >= 128
        results = list(pool.map(lambda _: exact_optimum(x, t), range(12)))
    assert all((got.coef == want.coef).all() and got.precision == want.precision for got in results)


def test_numbers_become_balls_that_hold_them() -> None:
    with precision(20):
        assert dyadic_bounds(ball(0.1)) == (*[(0.1).as_integer_ratio()[0]] * 2, -55)
        third = dyadic_bounds(ball(Fraction(1, 3)))
        assert third is not None
        lower, higher, e = third
        assert Fraction(lower) * Fraction(2) ** e < Fraction(1, 3) < Fraction(higher) * Fraction(2) ** e
    assert upper(ball(-2.5)) == 2.5


def test_a_singular_matrix_has_no_inverse() -> None:
    assert inverse(matrix([[1.0, 2.0], [2.0, 4.0]])) is None
    half = inverse(matrix([[2.0]]))
    assert half is not None
    assert half[0, 0] == 0.5
