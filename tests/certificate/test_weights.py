"""Effective weights: float64 class weights, one rounding of the product."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import class_weights, effective_weights


def test_none_is_none() -> None:
    assert effective_weights([0, 1], None, None) is None
    assert effective_weights([0, 1], [2, 3], None).tolist() == [2.0, 3.0]  # type: ignore[union-attr]


@given(st.integers(1, 50), st.integers(1, 50))
def test_balanced_counts_are_rounded_once(zeros: int, ones: int) -> None:
    got = effective_weights([0] * zeros + [1] * ones, None, "balanced")
    assert got is not None
    n = zeros + ones
    # Python divides integers with one rounding.
    assert (got[0], got[-1]) == (n / (2 * zeros), n / (2 * ones))


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    compute = pytest.importorskip("sklearn.utils.class_weight").compute_class_weight
    y = np.array([0] * 7 + [1] * 3)
    got = effective_weights(y, None, "balanced")
    assert got is not None
    assert got[[0, -1]].tolist() == compute("balanced", classes=np.array([0, 1]), y=y).tolist()


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=20))
def test_balanced_weights_take_a_weight_for_that_many_rows(rows: list[tuple[int, int]]) -> None:
    y, s = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    repeated = effective_weights(np.repeat(y, s), None, "balanced")
    weighted = effective_weights(y, s, "balanced")
    assert repeated is not None
    assert weighted is not None
    assert np.repeat(weighted / np.maximum(s, 1), s) == pytest.approx(repeated, rel=1e-15)


def test_balanced_sums_are_exact() -> None:
    s = np.array([1e16, 1.0, 1.0, 3.0])
    both, first = Fraction(10**16 + 5), Fraction(10**16 + 2)
    got = effective_weights([0, 0, 0, 1], s, "balanced")
    assert got is not None
    assert got[3] == 3.0 * float(both / 6)
    assert got[1] == float(both / (2 * first))


def test_a_mapping_may_name_the_classes_and_leave_one_out() -> None:
    assert class_weights((Fraction(1), Fraction(1)), {"b": 0.1}, ("a", "b")) == (1.0, 0.1)
    got = effective_weights([0, 1], [3.0, 3.0], {"b": 0.1}, ("a", "b"))
    assert got is not None
    assert got.tolist() == [3.0, 3.0 * 0.1]


def test_a_class_without_rows_is_no_division_by_zero() -> None:
    assert class_weights((Fraction(0), Fraction(3)), "balanced") == (1.0, 0.5)


@pytest.mark.parametrize(
    ("sample_weight", "class_weight", "message"),
    [
        (None, "even", "must be a mapping"),
        (None, {2: 1.0}, "names 2, which is no class"),
        (None, {0: -1.0}, "weight of class 0"),
        (None, {1: np.inf}, "weight of class 1"),
        ([1.0], None, "one weight per row"),
        ([1.0, -1.0], None, "finite and not negative"),
        ([1.0, np.nan], "balanced", "finite and not negative"),
        ([1e300, 1.0], {0: 1e300}, "outside the range"),
    ],
)
def test_bad_weights_are_refused(sample_weight: Any, class_weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        effective_weights([0, 1], sample_weight, class_weight)
