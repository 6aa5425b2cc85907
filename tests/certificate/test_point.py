"""The certificate of a point: its radius covers the true distance and is hardly more."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import NotProvedError, certify_point, exact_optimum, point
from tests.certificate.reference import DIGITS, data, solve
from tests.certificate.test_optimum import check_direction

X, T = data(0, 40, 2)
WANT = solve(X, T, l2=0.05)
BEST = exact_optimum(X, T, l2=0.05)


@given(
    st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=3, max_size=3),
    st.integers(-60, 30),
    st.integers(1, 2**20),
)
def test_the_radius_is_the_distance(signs: list[float], exponent: int, factor: int) -> None:
    offset = math.ldexp(factor, exponent)
    values = np.array([*BEST.coef, BEST.intercept]) + offset * np.array(signs)
    found = certify_point(X, T, values[:2], values[2], l2=0.05)
    assert found.certified
    assert found.reason == ""
    with mpmath.workdps(DIGITS):
        for radius, value, exact in zip(
            [*found.radius, found.intercept_radius], values.tolist(), WANT.parameters, strict=True
        ):
            distance = abs(mpmath.mpf(value) - exact)
            assert distance <= radius <= distance * (1 + mpmath.mpf(2) ** -50) + mpmath.mpf(2) ** -100


def test_the_digits_are_those_of_the_relative_error() -> None:
    found = certify_point(X, T, BEST.coef * (1 + 1e-5), BEST.intercept, l2=0.05)
    assert found.digits == pytest.approx(5, abs=1e-6)
    assert found.intercept_digits > 15.9
    far = certify_point(X, T, BEST.coef + 1e6, BEST.intercept, l2=0.05)
    assert far.digits.tolist() == [0, 0]


def test_the_loss_is_enclosed() -> None:
    found = certify_point(X, T, [0.0, 0.0], 0.0, l2=0.05)
    lower, upper = found.loss
    with mpmath.workdps(DIGITS):
        assert lower <= WANT.loss <= upper
    assert lower <= BEST.loss <= upper <= np.nextafter(lower, 9)


@pytest.mark.parametrize("coef", [1e3, 1e8, 1e100, 1e308])
def test_points_from_which_newton_cannot_start(coef: float) -> None:
    found = certify_point(X, T, [coef, -coef], coef, l2=0.05)
    assert found.certified
    assert found.radius == pytest.approx(coef, rel=0.01)


def test_an_exactly_known_optimum_has_radius_zero_only_in_truth() -> None:
    found = certify_point([[1.0], [-1.0], [1.0], [-1.0]], [0, 0, 1, 1], [0.0])
    assert found.certified
    assert found.radius[0] < 1e-30
    assert found.digits[0] == 0  # relative to 0 there are none


def test_separable_data_are_not_certified_and_the_proof_is_there() -> None:
    x, t = data(1, 30, 2, noise=0.0)
    found = certify_point(x, t, [1.0, 1.0], 0.0)
    assert not found.certified
    assert "no optimum" in found.reason
    assert found.separation is not None
    check_direction(x, t, found.separation)
    assert np.isinf(found.radius).all()
    assert math.isinf(found.intercept_radius)
    assert found.loss == (-math.inf, math.inf)
    assert found.digits.tolist() == [0, 0]


def test_what_cannot_be_proved_is_not_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    def undecided(*_: object) -> None:
        raise NotProvedError("nothing could be proved.")

    monkeypatch.setattr(point, "find", undecided)
    found = certify_point(X, T, [1.0, 1.0], fit_intercept=False)
    assert (found.certified, found.reason) == (False, "nothing could be proved.")
    assert found.separation is None
    assert found.intercept_radius == 0


def test_without_an_intercept_and_with_weights() -> None:
    s = np.arange(1.0, 41.0)
    want = solve(X, T, s, Fraction(1, 7), fit_intercept=False)
    found = certify_point(X, T, [0.5, 0.5], s=s, l2=Fraction(1, 7), fit_intercept=False)
    assert found.intercept_radius == 0
    assert found.intercept_digits == math.inf
    with mpmath.workdps(DIGITS):
        for radius, exact in zip(found.radius, want.parameters, strict=True):
            assert abs(mpmath.mpf(0.5) - exact) <= radius


@pytest.mark.parametrize(
    ("coef", "intercept", "message"),
    [([1.0], 0.0, r"shape \(2,\)"), ([np.nan, 1.0], 0.0, "not finite"), ([1.0, 1.0], np.inf, "not finite")],
)
def test_coefficients_that_are_none_are_refused(coef: list[float], intercept: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        certify_point(X, T, coef, intercept)
