"""Newton's method in float64 comes near, and says when it does not."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.certificate.problem import make_problem
from stablelce.certificate.start import newton
from tests.certificate.reference import data, solve


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_it_comes_near(l2: float) -> None:
    x, t = data(0, 50, 3)
    problem = make_problem(x, t, None, l2, fit_intercept=True)
    found = newton(problem)
    want = [float(v) for v in solve(x, t, l2=l2).parameters]
    assert found.converged
    assert np.ldexp(found.point, [-k for k in problem.exponents]) == pytest.approx(want, rel=1e-10)
    assert found.steps < 12
    near = newton(problem, found.point)
    assert near.steps == 1


def test_its_inverse_is_that_of_the_hessian() -> None:
    x, t = data(1, 50, 2)
    s = np.linspace(1, 9, 50)
    problem = make_problem(x, t, s, 0.1, fit_intercept=True)
    found = newton(problem)
    rows = problem.scaled_floats()
    y = 1 / (1 + np.exp(-rows @ found.point))
    hessian = (rows * (s * y * (1 - y))[:, None]).T @ rows + np.diag([float(p) for p in problem.penalties])
    assert found.inverse @ hessian == pytest.approx(np.eye(3), abs=1e-5)


def test_on_separable_data_it_runs_away_in_a_separating_direction() -> None:
    x, t = data(2, 40, 2, noise=0.0)
    problem = make_problem(x, t, None, 0.0, fit_intercept=True)
    found = newton(problem)
    assert not found.converged
    sides = np.where(t == 1, 1, -1) * (problem.scaled_floats() @ found.step)
    assert (sides > 0).all()


@pytest.mark.parametrize("value", [1e4, 1e200])
def test_a_point_too_far_away_is_given_up(value: float) -> None:
    x, t = data(3, 40, 2)
    problem = make_problem(x, t, None, 0.0, fit_intercept=True)
    assert not newton(problem, np.full(3, value)).converged


def test_a_singular_hessian_is_no_accident() -> None:
    problem = make_problem([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]], [0, 1, 1], None, 0.0, fit_intercept=False)
    found = newton(problem)
    assert np.isfinite(found.point).all()


def test_a_penalty_beyond_float64_is_no_accident() -> None:
    problem = make_problem([[1e-160], [2e-160]], [0, 1], None, 1.0, fit_intercept=True)
    assert not newton(problem).converged
