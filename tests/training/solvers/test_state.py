"""The measure of a step: relative to each coefficient, or to the length over which the loss changes."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from stablelce.training.problem import Derivatives
from stablelce.training.solvers.state import dot, is_finite, relative_size, start


def test_each_coefficient_has_its_own_measure() -> None:
    step, coef, curvature = np.array([0.5, 1.0]), np.array([4.0, 0.0]), np.array([1.0, 16.0])
    # Units sqrt(4/1) = 2 and sqrt(4/16) = 1/2: 0.5/max(4, 2) and 1/max(0, 1/2).
    assert relative_size(step, coef, 4.0, curvature) == 2.0
    assert relative_size(step[:1], coef[:1], 4.0, curvature[:1]) == 0.125


@pytest.mark.parametrize("exponents", [(-400, 0), (400, -7), (0, 300)])
def test_no_scaling_of_features_by_powers_of_two_changes_it(exponents: tuple[int, int]) -> None:
    step, coef, curvature = np.array([1e-3, -2.0]), np.array([0.1, 7.0]), np.array([3.0, 0.01])
    k = np.array(exponents)
    scaled = relative_size(np.ldexp(step, -k), np.ldexp(coef, -k), 0.3, np.ldexp(curvature, 2 * k))
    assert scaled == relative_size(step, coef, 0.3, curvature)


def test_a_coefficient_that_rests_or_does_not_matter_adds_nothing() -> None:
    zero, one = np.zeros(1), np.ones(1)
    assert relative_size(zero, zero, 0.0, one) == 0.0
    assert relative_size(one, zero, 0.5, zero) == 0.0
    assert relative_size(one, zero, 0.0, one) == math.inf
    assert relative_size(zero, zero, math.inf, one) == math.inf


def test_the_sum_of_rounded_products_is_rounded_once() -> None:
    a, b = np.array([1e16, 1.0, -1e16, 0.1]), np.array([1.0, 1.0, 1.0, 3.0])
    exact = sum((Fraction(x) for x in (a * b).tolist()), Fraction(0))
    assert dot(a, b) == float(exact)


def test_a_start_is_read_only_and_its_own() -> None:
    given = np.zeros(2)
    state = start(given)
    given[0] = 1.0
    assert state.coef.tolist() == [0.0, 0.0]
    assert not state.coef.flags.writeable
    assert (state.status, state.step) == ("running", math.inf)


@pytest.mark.parametrize(
    ("loss", "element", "expected"),
    [(1.0, 0.0, True), (math.inf, 0.0, False), (math.nan, 0.0, False), (1.0, -math.inf, False)],
)
def test_a_point_is_finite_if_loss_and_gradient_are(loss: float, element: float, expected: bool) -> None:
    assert is_finite(Derivatives(loss, np.array([0.0, element]), None)) is expected
