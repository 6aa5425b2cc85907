"""The problem is what was given: scales and integers are exact, and bad data are refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stablelce.certificate.problem import Problem, exact_sum, make_problem, scaled_start

matrices = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 3)),
    elements=st.floats(allow_nan=False, allow_infinity=False),
)


def made(x: Any, **options: Any) -> Problem:
    t = np.resize([0.0, 1.0], len(x))
    return make_problem(x, t, options.pop("s", None), options.pop("l2", 0.0), fit_intercept=True, **options)


@given(matrices)
def test_integer_columns_are_the_data_times_powers_of_two(x: Any) -> None:
    problem = made(x)
    rows = problem.integer_columns()
    for i, j in np.ndindex(x.shape):
        assert Fraction(int(rows[i, j])) * Fraction(2) ** problem.integer_exponents[j] == Fraction(x[i, j])
    assert len(set(rows[:, -1])) == 1


@given(matrices)
def test_no_scaled_element_exceeds_one(x: Any) -> None:
    problem = made(x)
    for j, k in enumerate(problem.exponents[:-1]):
        largest = max(abs(Fraction(v)) for v in x[:, j])
        assert largest <= Fraction(2) ** k
        assert largest == 0 or largest >= Fraction(2) ** (k - 1)
    assert (np.abs(problem.scaled_floats()) <= 1).all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_sums_are_exact(values: list[float]) -> None:
    assert exact_sum(values) == sum(map(Fraction, values), Fraction(0))


def test_penalties_in_scaled_parameters() -> None:
    problem = made([[4.0, 0.0], [1.0, 0.0]], s=[0.5, 1.0], l2=Fraction(1, 3))
    assert problem.exponents == [3, 0, 1]
    assert problem.total == Fraction(3, 2)
    assert problem.penalties == [Fraction(1, 2) / 64, Fraction(1, 2), 0]


def test_rows_of_weight_zero_are_left_out() -> None:
    problem = made([[1.0], [2.0], [3.0]], s=[0.0, 1.0, 2.0])
    assert problem.x.tolist() == [[2.0, 1.0], [3.0, 1.0]]
    assert (problem.t.tolist(), problem.s.tolist()) == ([1.0, 0.0], [1.0, 2.0])


def test_a_start_is_scaled_and_what_is_not_finite_is_replaced() -> None:
    problem = made([[4.0, 1.0], [1.0, 1.0]])
    start = scaled_start(problem, [1.0, np.nan])
    assert start is not None
    assert start.tolist() == [8.0, 0.0, 0.0]
    full = scaled_start(problem, [1e308, 1.0, -2.0])
    assert full is not None
    assert full.tolist() == [0.0, 2.0, -4.0]
    assert scaled_start(problem, None) is None
    with pytest.raises(ValueError, match=r"shape \(2,\) or \(3,\): got \(1,\)"):
        scaled_start(problem, [1.0])


def test_integers_and_bools_are_taken() -> None:
    problem = make_problem(np.array([[1], [2**53]]), np.array([True, False]), None, 1, fit_intercept=False)
    assert problem.x.tolist() == [[1.0], [2.0**53]]
    assert problem.t.tolist() == [1.0, 0.0]


GOOD = [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("x", "t", "s", "l2", "error", "message"),
    [
        ([1.0, 2.0], [0, 1], None, 0, ValueError, r"shape \(n, d\)"),
        (GOOD, [0, 1, 1], None, 0, ValueError, r"got \(2, 1\) and \(3,\)"),
        ([[1.0], [np.inf]], [0, 1], None, 0, ValueError, r"X\[1, 0\] = .*inf.* is not finite"),
        (GOOD, [0, 1.5], None, 0, ValueError, r"t\[1\] = .*1.5.* is not in \[0, 1\]"),
        (GOOD, [0, np.nan], None, 0, ValueError, r"t\[1\]"),
        (GOOD, [0, 1], [1.0], 0, ValueError, "one weight per row"),
        (GOOD, [0, 1], [1.0, -1.0], 0, ValueError, r"s\[1\] = .*-1.0.* is negative"),
        (GOOD, [0, 1], [0.0, 0.0], 0, ValueError, "no row has a positive weight"),
        (GOOD, [0, 1], None, -1.0, ValueError, "must not be negative"),
        (GOOD, [0, 1], None, np.inf, ValueError, "must be finite"),
        ([["a"], ["b"]], [0, 1], None, 0, TypeError, "X must hold real numbers"),
        (np.array(GOOD, dtype=np.longdouble), [0, 1], None, 0, TypeError, "X must hold real numbers"),
        (np.ma.masked_array(GOOD), [0, 1], None, 0, TypeError, "masked array"),
        ([[2**53 + 1], [0]], [0, 1], None, 0, TypeError, "beyond 2"),
    ],
)
def test_bad_data_are_refused(x: Any, t: Any, s: Any, l2: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_problem(x, t, s, l2, fit_intercept=True)


def test_nothing_to_fit() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        make_problem(np.empty((2, 0)), [0, 1], None, 0.0, fit_intercept=False)
