"""Proofs that there is no unique optimum, each verified in fractions here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import NoUniqueOptimumError, exact_optimum, separation
from stablelce.certificate.problem import make_problem
from stablelce.certificate.separation import (
    refute,
    refute_by_linear_program,
    refute_constant_targets,
    strict,
    verdict,
)
from tests.certificate.reference import data, seeded
from tests.certificate.test_optimum import check_direction


def refused(x: Any, t: Any, *, fit_intercept: bool = True, **options: Any) -> NoUniqueOptimumError:
    with pytest.raises(NoUniqueOptimumError) as caught:
        exact_optimum(x, t, fit_intercept=fit_intercept, **options)
    check_direction(x, t, caught.value, fit_intercept=fit_intercept)
    return caught.value


@pytest.mark.parametrize("d", [1, 2, 5, 12])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_separable_data(d: int, fit_intercept: bool) -> None:
    x, t = data(d, 60, d, noise=0.0)
    assert refused(x, t, fit_intercept=fit_intercept).kind == "separable"


@pytest.mark.parametrize("x", [[1, 2, 3, 4], [-1, 0, 0.5, 7], [0, 1, 2, 3], [1, 1.25, 1.5, 1e9]])
def test_completely_separable_data_are_called_so_though_simple_directions_touch_them(x: list[float]) -> None:
    error = refused(np.array(x)[:, np.newaxis], [0, 0, 1, 1])
    assert error.kind == "separable"
    assert refused(np.array(x)[:, np.newaxis], [1, 1, 0, 0]).kind == "separable"


def test_a_direction_that_touches_is_replaced_by_one_that_does_not() -> None:
    """Rows on the border of x1 are separated by x2, which has others on the wrong side."""
    x = np.array([[3.0, -9.0], [1.0, -7.0], [0.0, 2.0], [0.0, 1.0], [0.0, -1.0], [-2.0, 30.0]])
    t = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    rows = x.astype(int).astype(object)
    touching = np.array([1, 0], dtype=object)
    assert verdict(rows, t, touching) == "quasi-separable"
    found = strict(rows, t, touching)
    assert found is not None
    assert verdict(rows, t, found) == "separable"
    assert strict(rows, t, found).tolist() == found.tolist()  # type: ignore[union-attr]  # it is strict
    # Two equal rows of both classes exclude every strict direction, and so does a soft target.
    assert strict(np.vstack([rows, rows[3:4]]), np.append(t, 0.0), touching) is None
    assert strict(np.vstack([rows, rows[3:4] * 0]), np.append(t, 0.5), touching) is None


def test_a_narrow_gap_between_the_classes() -> None:
    x, t = data(1, 400, 3, noise=0.0)
    error = refused(x, t)
    assert error.kind == "separable"
    assert "no optimum" in str(error)


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_separable_data_of_any_scale(scale: float) -> None:
    x, t = data(2, 50, 3, noise=0.0)
    assert refused(x * [scale, 1.0, 1 / scale], t).kind == "separable"


def test_quasi_separable_by_touching_classes() -> None:
    assert refused([[0], [1], [2], [2], [3], [4]], [0, 0, 0, 1, 1, 1]).kind == "quasi-separable"


def test_quasi_separable_by_a_group_with_one_outcome() -> None:
    x, t = data(3, 80, 4)
    x[:, 1] = 0
    x[:7, 1] = 1
    t[:7] = 1
    assert refused(x, t).kind == "quasi-separable"


def test_quasi_separable_in_a_direction_that_is_no_axis() -> None:
    rng = seeded(4)
    x = rng.integers(-5, 6, (300, 4)).astype(float)
    side = x @ np.array([1, -2, 3, 1])
    t = np.where(side == 0, rng.integers(0, 2, 300), side > 0).astype(float)
    assert (side == 0).sum() >= 8
    assert refused(x, t, fit_intercept=False).kind == "quasi-separable"


def test_soft_targets_bind_both_sides() -> None:
    x = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    t = np.array([1.0, 1.0, 0.25, 0.75])
    assert refused(x, t, fit_intercept=False).kind == "quasi-separable"
    t[0] = 0.5  # now the first column is bound too
    assert exact_optimum(x, t, fit_intercept=False).precision > 0


def test_dependent_columns() -> None:
    x, t = data(5, 40, 3)
    x[:, 2] = 2 * x[:, 0] - x[:, 1]
    x[:, 2] = np.round(x[:, 2], 3)
    x[:, :2] = np.round(x[:, :2] * 8) / 8
    x[:, 2] = 2 * x[:, 0] - x[:, 1]
    error = refused(x, t)
    assert error.kind == "rank-deficient"
    assert "leave a column out" in str(error)


def test_fewer_rows_than_columns_and_a_constant_column() -> None:
    assert refused(np.eye(3)[:2], [0.5, 0.25]).kind == "rank-deficient"
    assert refused([[3.0, 1.0], [3.0, 2.0], [3.0, 4.0]], [0, 1, 0]).kind == "rank-deficient"
    assert refused([[0.0], [0.0]], [0, 1]).kind == "rank-deficient"


@pytest.mark.parametrize(("target", "l2"), [(0, 0.0), (1, 0.0), (0, 0.5), (1, 0.5)])
def test_one_class_alone_moves_the_intercept_to_infinity(target: int, l2: float) -> None:
    x, _ = data(6, 20, 2)
    error = refused(x, np.full(20, target), l2=l2)
    assert [int(v) for v in error.direction] == [0, 0, 2 * target - 1]
    assert error.kind == "separable"


def test_rows_of_weight_zero_count_for_nothing() -> None:
    x, t = data(7, 30, 2, noise=0.0)
    x, t = np.vstack([x, x[:1]]), np.append(t, 1 - t[0])
    s = np.ones(31)
    assert exact_optimum(x, t, s=s).precision > 0
    s[-1] = 0
    with pytest.raises(NoUniqueOptimumError) as caught:
        exact_optimum(x, t, s=s)
    check_direction(x[:-1], t[:-1], caught.value)


def test_without_a_hint_the_linear_program_finds_the_direction() -> None:
    pytest.importorskip("scipy")
    rng = seeded(8)
    x = rng.integers(-3, 4, (60, 3)).astype(float)
    side = x @ np.array([1, 1, -1])
    t = np.where(side == 0, rng.integers(0, 2, 60), side > 0).astype(float)
    problem = make_problem(x, t, None, 0.0, fit_intercept=True)
    refute(problem, [])  # nothing is proved without a hint
    with pytest.raises(NoUniqueOptimumError) as caught:
        refute_by_linear_program(problem)
    check_direction(x, t, caught.value)


def test_newton_steps_are_hint_enough_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("the linear program was asked")

    monkeypatch.setattr(separation, "separating_hint", forbidden)
    for seed in range(10):
        rng = seeded(seed)
        x = rng.integers(-3, 4, (80, 3)).astype(float)
        side = x @ np.array([1, 1, -1])
        t = np.where(side == 0, rng.integers(0, 2, 80), side > 0).astype(float)
        refused(x, t)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=9))
def test_small_data_are_decided_one_way_or_the_other(rows: list[tuple[int, int, int]]) -> None:
    x, t = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows], dtype=float)
    try:
        exact_optimum(x, t)
    except NoUniqueOptimumError as error:
        check_direction(x, t, error)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=9))
def test_the_label_is_that_of_a_linear_program(rows: list[tuple[int, int, int]]) -> None:
    """The largest margin with |v_j| <= 1 is 0 or a quotient of small determinants, far from the tolerance."""
    optimize = pytest.importorskip("scipy.optimize")
    x, t = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows], dtype=float)
    kind = ""
    try:
        exact_optimum(x, t)
    except NoUniqueOptimumError as error:
        kind = error.kind
    sides = np.where(t == 1, 1.0, -1.0)[:, np.newaxis] * np.column_stack([x, np.ones(len(t))])
    found = optimize.linprog(
        [0, 0, 0, -1],
        A_ub=np.column_stack([-sides, np.ones(len(t))]),
        b_ub=np.zeros(len(t)),
        bounds=[(-1, 1)] * 3 + [(None, 1)],
    )
    completely = -found.fun > 1e-6
    assert (kind == "separable") == completely or (kind == "rank-deficient" and completely)


def test_a_wrong_direction_proves_nothing() -> None:
    rows = np.array([[1, 1], [2, 1], [-1, 1]], dtype=object)
    t = np.array([1.0, 1.0, 0.0])
    assert verdict(rows, t, np.array([1, 0], dtype=object)) == "separable"
    assert verdict(rows, t, np.array([-1, 0], dtype=object)) is None
    assert verdict(rows, t, np.array([0, 1], dtype=object)) is None
    assert verdict(rows, t, np.array([1, 1], dtype=object)) == "quasi-separable"
    soft = np.array([1.0, 1.0, 0.5])
    assert verdict(rows, soft, np.array([1, 0], dtype=object)) is None
    assert verdict(rows, soft, np.array([1, 1], dtype=object)) == "quasi-separable"


def test_hints_that_mislead_are_harmless() -> None:
    x, t = data(9, 50, 3)
    problem = make_problem(x, t, None, 0.0, fit_intercept=True)
    rng = seeded(10)
    refute(problem, [rng.standard_normal(4), np.zeros(4), np.full(4, np.nan), np.ones(4) * 1e300])
    refute_constant_targets(problem)
    refute_by_linear_program(problem)
    assert exact_optimum(x, t).precision > 0


def test_a_penalty_leaves_nothing_to_refute() -> None:
    x, t = data(11, 30, 2, noise=0.0)
    problem = make_problem(x, t, None, 1e-3, fit_intercept=True)
    refute(problem, [np.ones(3)])
    refute_by_linear_program(problem)
    assert exact_optimum(x, t, l2=1e-3).precision > 0
