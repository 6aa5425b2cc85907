"""Gradient and hessian against central differences of the loss, by its definition at 5000 bits.

By Taylor's theorem, with L the loss with weights v and p, c = p*t + (1-t), y = sigmoid::

    (L(z+h) - L(z-h)) / 2h          = L'(z)  + h^2/6  * L'''(x1)
    (L(z+h) - 2 L(z) + L(z-h)) / h^2 = L''(z) + h^2/12 * L''''(x2)

L''' = v*c*y'(1-2y) and L'''' = v*c*y'(1-6y'), where y' = y(1-y) lies in (0, 1/4]. So |L'''| <= v*c/4 and
|L''''| <= v*c * max(u*|1-6u|, u in [0,1/4]) = v*c/8 (at u = 1/4; u = 1/12 gives 1/24).

The rounding errors of L, relative 2^-2900 of at most 2^1100, are below 2^-1500 even after / h^2.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.oracle import exact
from tests.oracle import reference

STEP = Fraction(1, 2**100)
NOISE = Fraction(1, 2**1500)
WIDTH = Fraction(1, 2**400)

# Within 60 the hessian exceeds 2^-88, so a difference good to 2^-200 tells 100 bits of it.
logits = st.floats(-60, 60)
targets = st.floats(0, 1)
weights = st.sampled_from([0.25, 1.0, 3.0, 17.3])


def differences(z: float, t: float, v: float, p: float) -> tuple[Fraction, Fraction, Fraction]:
    """First and second central difference of the loss, and v*c."""
    logit, target, weight, pos_weight = (Fraction(x) for x in (z, t, v, p))
    low, middle, high = (
        reference.value("loss", logit + shift, target, weight, pos_weight) for shift in (-STEP, 0, STEP)
    )
    c = weight * (pos_weight * target + 1 - target)
    return (high - low) / (2 * STEP), (high - 2 * middle + low) / STEP**2, c


def assert_derivatives(z: float, t: float, v: float, p: float) -> None:
    first, second, c = differences(z, t, v, p)
    gradient = exact("gradient", z, t, weight=v, pos_weight=p).value(WIDTH)
    hessian = exact("hessian", z, t, weight=v, pos_weight=p).value(WIDTH)
    assert abs(first - gradient) <= STEP**2 / 6 * c / 4 + NOISE + WIDTH
    assert abs(second - hessian) <= STEP**2 / 12 * c / 8 + NOISE + WIDTH


@given(logits, targets)
def test_derivatives_are_those_of_the_loss(z: float, t: float) -> None:
    assert_derivatives(z, t, 1.0, 1.0)


@given(logits, targets, weights, weights)
def test_weighted_derivatives_are_those_of_the_weighted_loss(z: float, t: float, v: float, p: float) -> None:
    assert_derivatives(z, t, v, p)


@pytest.mark.parametrize("z", [0.0, 2.0**-1074, 1.0, -1.0, 40.0, -40.0])
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_derivatives_at_the_edges_of_each_form(z: float, t: float) -> None:
    assert_derivatives(z, t, 1.0, 1.0)


def test_the_bound_would_reject_a_wrong_derivative() -> None:
    first, second, _ = differences(40.0, 1.0, 1.0, 1.0)
    assert abs(first - exact("gradient", 40.0, 1.0 - 2.0**-53).value(WIDTH)) > STEP
    assert abs(second - exact("hessian", 40.0 + 2.0**-40).value(WIDTH)) > STEP**2
