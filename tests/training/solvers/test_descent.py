"""Gradient descent ends at the optimum to the tolerance, or says why not: on the hardest data too."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import replace
from typing import Any, Literal

import flint  # noqa: F401  # the certificate needs it, so this file is left out where it is absent
import numpy as np
import pytest

import stablelce as lce
from stablelce.certificate import exact_optimum
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Derivatives, Problem
from stablelce.training.solvers.descent import after, newton_step
from stablelce.training.solvers.gd import gradient_descent
from stablelce.training.solvers.state import Floats, State, start
from tests.certified.digits import fewest
from tests.certified.generated import generated
from tests.certified.problems import Problem as Hard
from tests.training.data import noisy, soft
from tests.training.reference import Reference

HARD = {problem.name: problem for problem in generated()}


class Counted(Problem):
    """A problem that counts the Hessians it is asked for."""

    hessians = 0

    def derivatives(self, coef: Floats, *, hessian: bool = False, slices: int = 1) -> Derivatives:
        self.hessians += hessian
        return super().derivatives(coef, hessian=hessian, slices=slices)


def descent(problem: Problem, *, tol: float, rate: float | None = None) -> list[State]:
    return list(
        itertools.islice(gradient_descent(problem, start(np.zeros(problem.size)), rate=rate, tol=tol), 20_000)
    )


@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-8])
@pytest.mark.parametrize("rate", [None, 0.05])
def test_it_ends_within_the_tolerance_of_the_exact_optimum(tol: float, rate: float | None) -> None:
    """Newton's step is the error to second order, so an eighth more is allowed; and no state before was.

    Each coefficient here is larger than its unit sqrt(F/H_jj) or not; the error is measured against the
    larger of the two, with H_jj replaced by its bound, which makes the unit smaller: the stricter test.
    """
    X, t, s = soft(seed=2)
    problem = Counted(ArrayBlocks(X, t, s), l2=0.01)
    *_, last = states = descent(problem, tol=tol, rate=rate)
    best = np.array([float(x) for x in Reference(X, t, s, l2=0.01).optimum()])
    unit = np.maximum(np.abs(best), np.sqrt(last.loss / problem.curvatures))
    assert last.status == "converged"
    assert last.step <= tol
    assert (np.abs(last.coef - best) <= 1.125 * tol * unit).all()
    assert all(state.step > tol for state in states[:-1])
    # Without the ratio there would be one for every step from where the estimate is within the tolerance.
    assert problem.hessians <= 6


def test_the_size_is_that_of_newtons_step_where_it_was_computed() -> None:
    X, t, s = soft(seed=2)
    problem = Problem(ArrayBlocks(X, t, s))
    last = descent(problem, tol=1e-3)[-1]
    reference = Reference(X, t, s)
    number, matrix = reference.context.mpf, reference.context.matrix
    w = [number(x) for x in last.coef.tolist()]
    hessian = reference._hessian(w)
    step = reference.context.lu_solve(hessian, matrix(reference.gradient(w)))
    loss = reference.loss(w)
    size = max(
        abs(p) / max(abs(x), reference.context.sqrt(loss / hessian[j, j]))
        for j, (p, x) in enumerate(zip(step, w, strict=True))
    )
    # The Hessian's slices err by 2^-44 of the largest elements; its condition here is below 10^3.
    assert abs(last.step - float(size)) <= 1e-9 * float(size)


def fit(problem: Hard, solver: Literal["newton", "gd", "sgd"]) -> tuple[Floats, list[str]]:
    """The coefficients, and what was warned of."""
    limits: dict[str, Any] = {"max_iter": 20, "batch_size": 50} if solver == "sgd" else {"max_iter": 300}
    model = lce.LogisticRegression(solver=solver, random_state=0, **limits)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(problem.x, problem.t, problem.s)
    assert all(issubclass(one.category, lce.ConvergenceWarning) for one in caught)
    return np.append(model.coef_[0], model.intercept_), [str(one.message) for one in caught]


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("solver", ["newton", "gd", "sgd"])
def test_hard_data_end_with_digits_or_with_a_warning(
    name: str, solver: Literal["newton", "gd", "sgd"]
) -> None:
    found, said = fit(HARD[name], solver)
    assert np.isfinite(found).all()
    if said:
        assert len(said) == 1
        assert "l2 > 0" in said[0]
        return
    assert name != "separable by 2^-40", "there is no optimum"
    best = exact_optimum(HARD[name].x, HARD[name].t, s=HARD[name].s)
    # tol is 1e-8; the steps were measured with a Hessian that knows collinear columns to few digits only.
    assert fewest(found.tolist(), [*best.coef.tolist(), best.intercept]) >= 7


@pytest.mark.parametrize("name", ["collinear, 2^-27", "collinear, 2^-40"])
def test_columns_collinear_in_working_precision_are_named(name: str) -> None:
    _, (said,) = fit(HARD[name], "gd")
    assert "Hessian is singular in working precision" in said


@pytest.mark.parametrize("solver", ["gd", "sgd"])
def test_a_rate_too_small_to_move_is_no_convergence(solver: Any) -> None:
    X, y = noisy()
    model = lce.LogisticRegression(solver=solver, rate=1e-30, warm_start=True, random_state=0)
    model.coef_, model.intercept_ = np.ones((1, 3)), np.ones(1)
    with pytest.warns(lce.ConvergenceWarning, match=r"no step leads any further .* pass rate=None"):
        model.fit(X, y)
    assert model.n_iter_ == 1


@pytest.mark.parametrize("solver", ["gd", "sgd"])
def test_a_small_rate_is_no_convergence(solver: Any) -> None:
    X, y = noisy()
    with pytest.warns(lce.ConvergenceWarning, match="before it converged"):
        lce.LogisticRegression(solver=solver, rate=1e-12, max_iter=5, random_state=0).fit(X, y)


def test_a_feature_given_twice_is_named() -> None:
    X, y = noisy()
    model = lce.LogisticRegression(solver="gd", max_iter=5000, tol=1e-6)
    with pytest.warns(lce.ConvergenceWarning, match="one given twice"):
        model.fit(np.column_stack([X, X[:, 0]]), y)


def test_after_an_overflow_the_last_finite_state_is_left() -> None:
    X, y = noisy()
    problem = Problem(ArrayBlocks(X, y))
    before = replace(start(np.ones(4)), iteration=3)
    state, there = after(problem, before, np.array([1.0, np.inf, 0.0, 0.0]), tol=1e-3)
    assert there is None
    assert (state.status, state.iteration) == ("overflow", 3)
    assert state.coef is before.coef


def test_newtons_step_is_refused_uphill_and_where_the_hessian_is_no_help() -> None:
    gradient = np.array([1.0, 2.0])
    good = Derivatives(1.0, gradient, np.array([[1.0, 0.0], [0.0, 4.0]]))
    step = newton_step(good)
    assert step is not None
    assert step.tolist() == [-1.0, -0.5]
    for matrix in ([[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]], [[np.inf, 0.0], [0.0, 1.0]]):
        assert newton_step(Derivatives(1.0, gradient, np.array(matrix))) is None
    flat = newton_step(Derivatives(1.0, gradient, np.array([[1.0, 0.0], [0.0, 0.0]])), 3.0)
    assert flat is not None
    assert flat.tolist() == [-0.25, 0.0]


@pytest.mark.parametrize("solver", ["gd", "sgd"])
@pytest.mark.parametrize("rate", [1e2, 1e6, 1e12, 1e50, 1e200])
def test_a_rate_too_large_is_named_and_no_end(solver: Any, rate: float) -> None:
    X, y = noisy()
    model = lce.LogisticRegression(solver=solver, rate=rate, max_iter=20, random_state=0)
    with pytest.warns(lce.ConvergenceWarning, match=r"the rate is too large\. Pass rate=None"):
        model.fit(X, y)
    assert model.loss_curve_[-1] > model.loss_curve_[0]


def test_a_fit_from_the_optimum_ends_there() -> None:
    """Its loss may be above that of the start by what the steps over single rows leave."""
    X, y = noisy()
    best = lce.LogisticRegression(l2=0.1).fit(X, y)
    for options in ({"solver": "gd"}, {"solver": "sgd", "tol": 0.05, "random_state": 0}):
        model = lce.LogisticRegression(l2=0.1, warm_start=True, **options)
        model.coef_, model.intercept_ = best.coef_.copy(), best.intercept_.copy()
        model.fit(X, y)
        assert model.n_iter_ < 10
