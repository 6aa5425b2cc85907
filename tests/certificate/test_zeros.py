"""Exact zeros: proved where symmetry or equal odds force them, never claimed elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate.errors import NotProvedError, NoUniqueOptimumError
from stablelce.certificate.optimum import exact_optimum
from stablelce.certificate.problem import make_problem
from stablelce.certificate.zeros import are_zero
from tests.certificate.reference import data


def proved(
    x: Any, t: Any, suspects: list[int], s: Any = None, l2: float = 0.0, *, intercept: bool = True
) -> bool:
    return are_zero(make_problem(x, t, s, l2, fit_intercept=intercept), suspects)


def test_a_column_whose_sign_may_be_flipped() -> None:
    x, t = data(0, 10, 2)
    flipped = x * [1, -1]
    both = np.vstack([x, flipped])
    assert proved(both, np.tile(t, 2), [1])
    assert not proved(both, np.tile(t, 2), [0])
    assert not proved(x, t, [1])
    got = exact_optimum(both, np.tile(t, 2))
    assert got.coef[1].hex() == "0x0.0p+0"
    assert got.coef[0] != 0


def test_opposite_rows_with_opposite_targets_have_no_intercept() -> None:
    x, t = data(1, 10, 2)
    t = np.where(t == 1, 0.75, t)
    assert proved(np.vstack([x, -x]), np.concatenate([t, 1 - t]), [2])
    assert not proved(np.vstack([x, -x]), np.concatenate([t, t]), [2])


def test_one_row_out_of_place_spoils_the_symmetry() -> None:
    x, t = data(2, 10, 2)
    both, targets = np.vstack([x, -x]), np.concatenate([t, 1 - t])
    both[3, 0] = np.nextafter(both[3, 0], 9)
    assert not proved(both, targets, [2])
    got = exact_optimum(both, targets)
    assert 0 < abs(got.intercept) < 1e-14


def test_groups_with_equal_odds() -> None:
    """One third in either group: the feature says nothing, though no sign can be flipped."""
    x, t = [[0.0], [0.0], [1.0], [1.0]], [1, 0, 1, 0]
    assert proved(x, t, [0], s=[1.0, 2.0, 3.0, 6.0])
    assert not proved(x, t, [0], s=[1.0, 2.0, 3.0, 7.0])
    assert exact_optimum(x, t, s=[1.0, 2.0, 3.0, 6.0]).coef[0] == 0


def test_soft_targets_that_average_to_one_half() -> None:
    assert proved([[1.0], [1.0], [1.0]], [0.25, 0.5, 0.75], [0], intercept=False)
    assert exact_optimum(np.empty((3, 0)), [0.25, 0.5, 0.75]).intercept == 0


def test_under_a_penalty() -> None:
    x, t = data(3, 12, 1)
    wide = np.column_stack([x, np.zeros(12), np.full(12, 3.0)])
    assert proved(wide, t, [1, 2], l2=0.1)  # a column of zeros, and a second intercept that costs
    assert not proved(wide, t, [0], l2=0.1)
    assert not proved(wide, t, [2], l2=0.1, intercept=False)
    got = exact_optimum(wide, t, l2=0.1)
    assert got.coef[1:].tolist() == [0, 0]


def test_everything_is_zero() -> None:
    x, t = data(4, 8, 2)
    both = np.vstack([x, x])
    targets = np.concatenate([t, 1 - t])
    assert proved(both, targets, [0, 1, 2])
    got = exact_optimum(both, targets)
    assert got.coef.tolist() == [0, 0]
    assert got.loss == np.log(2)


@given(
    st.lists(
        st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
        min_size=3,
        max_size=8,
    )
)
def test_what_is_proved_zero_is_zero(rows: list[tuple[int, int, float]]) -> None:
    """Any single parameter that is claimed lies in the enclosure of a second, independent problem."""
    x, t = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows])
    try:
        got = exact_optimum(x, t)
    except NoUniqueOptimumError:
        return
    except NotProvedError:
        # As many rows as parameters fix each logit, and a coefficient, a combination of logarithms, may be 0
        # for reasons that this proof does not know: rows (0, 1), (-1, 0), (-1, -1) with t = 1/4, 1/4, 1/2.
        return
    values = [*got.coef, got.intercept]
    for j, value in enumerate(values):
        assert proved(x, t, [j]) <= (value == 0)


def test_a_claim_that_ignores_the_targets_would_be_noticed() -> None:
    """The test above can fail: these targets alone make the parameter differ from 0."""
    x = [[1.0, 1.0], [-1.0, 1.0]]
    assert not proved(x, [1.0, 0.0], [0], l2=0.1, intercept=False)
    assert exact_optimum(x, [1.0, 0.0], l2=0.1, fit_intercept=False).coef[0] != 0


@pytest.mark.parametrize("scale", [1e-140, 1.0, 1e140])
def test_scales_do_not_matter(scale: float) -> None:
    x, t = data(5, 10, 2)
    both = np.vstack([x, x * [1, -1]]) * [1 / scale, scale]
    assert proved(both, np.tile(t, 2), [1])
