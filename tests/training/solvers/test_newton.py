"""Newton's method: the optimum to the last bits, and what happens where there is none."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Problem
from stablelce.training.solvers.newton import newton
from stablelce.training.solvers.state import Floats, State, start
from tests.training.data import noisy, separable, soft
from tests.training.reference import Reference


def run(problem: Problem, *, tol: float = 1e-8, separation: float = 0.0, most: int = 200) -> list[State]:
    states = newton(problem, start(np.zeros(problem.size)), tol=tol, separation=separation)
    return list(itertools.islice(states, most))


def ulps(got: Floats, want: list[Any]) -> float:
    """The largest error, in units of the spacing of floats at the exact value."""
    return max(
        float(abs(x - a) / float(np.spacing(abs(float(x))))) for a, x in zip(got.tolist(), want, strict=True)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_the_optimum_is_that_of_mpmath(seed: int, l2: float) -> None:
    """Within 8 ulps of the largest coefficient.

    At the optimum H e = dg. dg, the mean of x_i*(dr_i), has rounding errors of r_i and z_i: at most
    u*(|r_i| + |z_i|/4) each, u = 2^-53, below u for |z_i| <= 2, and of random sign, so that the mean of 60 is
    about u/8 times the column; H is around 1/5 of its square, of condition below 10. That gives about an ulp
    of a coefficient near 1.
    """
    X, t, s = soft(seed=seed)
    last = run(Problem(ArrayBlocks(X, t, s), l2=l2))[-1]
    want = Reference(X, t, s, l2=l2).optimum()
    spacing = float(np.spacing(max(abs(float(x)) for x in want)))
    assert last.status == "converged"
    assert max(abs(float(x - a)) for a, x in zip(last.coef.tolist(), want, strict=True)) <= 8 * spacing


def test_the_loss_does_not_rise_by_more_than_its_rounding() -> None:
    X, y = noisy(seed=2)
    losses = [state.loss for state in run(Problem(ArrayBlocks(X, y)))]
    assert all(after <= before * (1 + 2.0**-46) for before, after in itertools.pairwise(losses))


def test_a_full_step_that_overshoots_is_halved() -> None:
    """From a far start the Hessian is tiny and the full step enormous."""
    X, y = noisy()
    problem = Problem(ArrayBlocks(X, y))
    far = start(np.array([12.0, -9.0, 7.0, 5.0]))
    states = list(newton(problem, far, tol=1e-8))
    assert states[1].step == np.inf  # damped: measured against none
    assert all(after.loss < before.loss for before, after in itertools.pairwise(states[:4]))
    ends = run(problem)[-1]
    assert states[-1].status == ends.status == "converged"
    assert np.abs(states[-1].coef - ends.coef).max() <= 8 * np.spacing(np.abs(ends.coef).max())


def test_two_slices_are_taken_where_columns_are_nearly_collinear() -> None:
    X, y = noisy(200, 3, seed=1)
    X[:, 2] = X[:, 1] + 2.0**-20 * X[:, 2]
    states = run(Problem(ArrayBlocks(X, y)))
    assert states[-1].status == "converged"
    assert states[-1].slices == 2
    assert len(states) < 40
    want = Reference(X, y.astype(float)).optimum()
    # The condition of the Hessian is about 2^40, and 60 ulps of the residuals become 2^-53 * 2^20 on both
    # coefficients, which are about 2^20 themselves.
    assert np.abs(states[-1].coef - np.array([float(x) for x in want])).max() < 2.0**-20 * abs(float(want[1]))


@pytest.mark.parametrize("exponent", [-28, -40])
def test_a_search_among_columns_too_close_to_tell_apart_is_given_up(exponent: int) -> None:
    X, y = noisy(200, 3, seed=1)
    X[:, 2] = X[:, 1] + 2.0**exponent * X[:, 2]
    states = run(Problem(ArrayBlocks(X, y)))
    assert states[-1].status == "flat"
    assert len(states) < 100
    assert all(after.loss <= before.loss * (1 + 2.0**-46) for before, after in itertools.pairwise(states))


def test_a_column_given_twice_is_reported() -> None:
    X, y = noisy()
    last = run(Problem(ArrayBlocks(np.column_stack([X, X[:, 0]]), y)))[-1]
    assert last.status == "flat"
    assert np.isfinite(last.coef).all()


def test_a_column_of_zeros_keeps_its_coefficient() -> None:
    X, y = noisy()
    last = run(Problem(ArrayBlocks(np.column_stack([X, np.zeros(len(X))]), y)))[-1]
    assert last.status == "flat"
    assert last.coef[3] == 0.0
    alone = run(Problem(ArrayBlocks(X, y)))[-1]
    assert np.abs(last.coef[[0, 1, 2, 4]] - alone.coef).max() <= 8 * np.spacing(np.abs(alone.coef).max())


def test_separated_classes_end_the_search() -> None:
    X, y = separable()
    states = run(Problem(ArrayBlocks(X, y)), separation=np.log(2) / len(y))
    assert states[-1].status == "separated"
    assert ((X @ states[-1].coef[:-1] + states[-1].coef[-1] > 0) == y).all()
    losses = [state.loss for state in states[:-1]]
    assert all(after < before for before, after in itertools.pairwise(losses))


def test_classes_that_touch_are_reported() -> None:
    """Quasi-separable: two rows of either class lie on the plane, all others on their sides."""
    X, y = separable()
    X = np.vstack([X, [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]])
    y = np.append(y, [0, 1, 0, 1])
    last = run(Problem(ArrayBlocks(X, y)), separation=np.log(2) / len(y))[-1]
    assert last.status in ("flat", "stuck")
    assert np.isfinite(last.coef).all()


def test_separable_data_without_that_knowledge_stay_finite() -> None:
    X, y = separable()
    states = run(Problem(ArrayBlocks(X, y)), most=300)
    assert np.isfinite(states[-1].coef).all()
    assert states[-1].status in ("flat", "stuck")


@pytest.mark.parametrize("change", [lambda X: -X, lambda X: X * 2.0**30, lambda X: X * 2.0**-400])
def test_scaling_a_feature_by_a_power_of_two_scales_its_coefficient(
    change: Callable[[Floats], Floats],
) -> None:
    X, y = noisy()
    other = X.copy()
    other[:, 1] = change(X[:, 1])
    factor = other[0, 1] / X[0, 1]
    one = run(Problem(ArrayBlocks(X, y)))[-1]
    two = run(Problem(ArrayBlocks(other, y)))[-1]
    expected = one.coef.copy()
    expected[1] /= factor
    assert two.coef.tobytes() == expected.tobytes()


def test_targets_turned_round_turn_the_coefficients() -> None:
    X, t, s = soft()
    t = np.ldexp(np.rint(np.ldexp(t, 20)), -20)  # so that 1 - t is exact
    one = run(Problem(ArrayBlocks(X, t, s)))[-1]
    two = run(Problem(ArrayBlocks(X, 1.0 - t, s)))[-1]
    assert two.coef.tobytes() == (-one.coef).tobytes()


def test_it_goes_on_from_any_state_with_the_same_bits() -> None:
    X, y = noisy(200, 3, seed=1)
    X[:, 2] = X[:, 1] + 2.0**-20 * X[:, 2]
    problem = Problem(ArrayBlocks(X, y))
    states = run(problem)
    for begin in range(len(states)):
        again = list(newton(problem, states[begin], tol=1e-8))
        assert [s.coef.tobytes() for s in again] == [s.coef.tobytes() for s in states[begin:]]
        assert again[-1].status == states[-1].status
