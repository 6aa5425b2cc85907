"""Polynomials with balls for coefficients."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from stablelce.kernels.proof import balls
from stablelce.kernels.proof.balls import UNIT, Ball, Polynomial

POINTS = [Fraction(k, 64) for k in range(-64, 65)]


def exact(value: Fraction) -> Ball:
    """A fraction with a power of two below."""
    return Ball((value.numerator, 1 - value.denominator.bit_length()))


def some_polynomial(degree: int) -> Polynomial:
    source = random.Random(degree)
    return Polynomial([Ball(source.uniform(-1, 1)) for _ in range(degree + 1)])


@pytest.mark.parametrize("degree", [0, 3, 7, 8, 20])
def test_fewer_terms_hold_the_same_values(degree: int) -> None:
    p, short = some_polynomial(8), balls.truncated(some_polynomial(8), degree)
    assert short.length() <= degree + 1
    assert all(short(exact(rho)).contains(p(exact(rho))) for rho in POINTS)


def test_what_is_cut_off_does_not_spoil_the_order() -> None:
    p = balls.truncated(some_polynomial(8).left_shift(2), 5)
    assert balls.order(p) == 2


def test_the_order_counts_exact_zeros_only() -> None:
    assert balls.order(Polynomial([0, 0, 3])) == 2
    assert balls.order(Polynomial([0, Ball(0, 1), 3])) == 1
    assert balls.order(Polynomial([])) == 0


def test_the_bound_holds_all_values_and_is_met_where_signs_agree() -> None:
    p = some_polynomial(8)
    assert all(balls.bound(p).contains(p(exact(rho))) for rho in POINTS)
    assert abs(float(balls.bound(Polynomial([1, 2, 3])).abs_upper()) - 6) < 1e-6


def test_the_inverse_is_close() -> None:
    with balls.working_precision():
        p = Polynomial([3] + [Ball(1) / 100] * 5)
        q = balls.inverse(p, 12)
        assert all(c.is_exact() for c in q.coeffs())
        assert balls.bound((p * q).truncate(13) - 1).abs_upper() < 1e-30


def test_the_middle_is_exact_and_inside() -> None:
    p = Polynomial([Ball(3, 1), UNIT])
    assert [float(c) for c in balls.middle(p).coeffs()] == [3.0]
    assert balls.middle(p)[0].is_exact()


def test_upward_is_a_bound() -> None:
    third = Ball(1) / 3
    assert third.abs_upper() <= balls.upward(third) < 0.34
    assert balls.upward(-third) == balls.upward(third)
    assert balls.upward(Ball("nan")) == math.inf
    assert balls.upward(Ball("inf")) == math.inf


def test_the_precision_is_put_back() -> None:
    def accuracy() -> int:
        return int((Ball(1) / 3).rel_accuracy_bits())

    def fail() -> None:
        with balls.working_precision():
            assert accuracy() > 120
            raise ZeroDivisionError

    before = accuracy()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert accuracy() == before
