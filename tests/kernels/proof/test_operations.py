"""The primitives on enclosures: preconditions, and the errors that they are said to have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from stablelce.kernels import primitives
from stablelce.kernels.proof.balls import Ball, Polynomial, power_of_two, working_precision
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.proof.floats import Float, constant
from stablelce.kernels.proof.operations import (
    OPERATIONS,
    PRODUCT_UNDERFLOW,
    fast_two_sum,
    mul_add,
    select,
    two_prod,
)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with working_precision():
        yield


def variable(*coefficients: float, underflow: Ball | int = 0) -> Float:
    return Float(Polynomial([Ball(c) for c in coefficients]), underflow=Ball(underflow))


TINY = power_of_two(-1075)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (variable(1.0), variable(0.0, 1.0 - 2.0**-20)),
        (variable(0.0, 1.0), variable(0.0, 0.0, 0.5)),
        (variable(0.0, 1.0), variable(0.0, -0.5)),
        (variable(0.0), variable(0.0)),
        # Where |a| < |b| is possible, both are subnormal and their sum is exact.
        (variable(0.0, 1.0, underflow=TINY), variable(0.0, 0.5, underflow=TINY)),
        (variable(2.0**-1060, underflow=TINY), variable(2.0**-1061, underflow=TINY)),
    ],
)
def test_a_fast_sum_of_ordered_numbers_is_exact(a: Float, b: Float) -> None:
    high, low = fast_two_sum(a, b)
    exact = a.plus(b)
    assert high.plus(low).minus(exact).total(Ball(1)) == 0
    # Radii have 30 bits.
    assert low.magnitude.upper <= exact.magnitude.upper * power_of_two(-53) * 1.0000001


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (variable(0.0, 1.0), variable(2.0**-60)),
        (variable(0.0, 0.0, 1.0), variable(0.0, 2.0**-60)),
        (variable(1.0), variable(0.0, 1.0 + 2.0**-20)),
        (variable(1.0, 0.5), variable(0.6)),
        (variable(0.0, 1.0), variable(0.0, 0.5, underflow=power_of_two(-1000))),
        (variable(1.0, underflow=Ball(1)), variable(0.0, 0.5)),
    ],
)
def test_a_fast_sum_in_the_wrong_order_is_refused(a: Float, b: Float) -> None:
    with pytest.raises(ProofError, match=r"^fast_two_sum: .* possible$"):
        fast_two_sum(a, b)


def test_subnormal_floats_need_no_order() -> None:
    source = random.Random(4)
    for _ in range(20000):
        a, b = (source.randrange(-(2**51), 2**51) * 2.0**-1074 for _ in range(2))
        s, e = primitives.fast_two_sum(a, b)
        assert e == 0
        assert Fraction(s) == Fraction(a) + Fraction(b)


def test_a_product_takes_its_error_back_but_for_underflow() -> None:
    a, b = constant(0.1), variable(0.0, 0.3, 0.01)
    high, low = two_prod(a, b)
    assert float(high.plus(low).minus(a.times(b)).magnitude.upper) < 2.0**-120
    assert PRODUCT_UNDERFLOW < low.underflow < 2 * PRODUCT_UNDERFLOW


@pytest.mark.parametrize("name", ["two_prod", "two_square"])
def test_underflow_costs_a_product_no_more_than_is_booked(name: str) -> None:
    source = random.Random(5)
    largest = Fraction(0)
    for _ in range(15000):
        # Products from far below the subnormal numbers to where no part of them underflows.
        exponent = source.uniform(-1100, -960) / 2
        shift = source.uniform(-400, 400) if name == "two_prod" else 0.0
        a = source.uniform(1, 2) * 2.0 ** (exponent + shift) * source.choice((-1, 1))
        b = source.uniform(1, 2) * 2.0 ** (exponent - shift) if name == "two_prod" else a
        p, e = primitives.two_prod(a, b) if name == "two_prod" else primitives.two_square(a)
        error = abs(Fraction(a) * Fraction(b) - Fraction(p) - Fraction(e))
        largest = max(largest, error)
        assert not (error and abs(a * b) >= 2.0**-968)
    assert Fraction(1, 2**1075) <= largest <= Fraction(1, 2**1072)


def test_an_operand_too_large_to_split_is_refused() -> None:
    with pytest.raises(ProofError, match="too large to be split"):
        two_prod(constant(2.0**995), constant(2.0**-100))


def test_a_fused_multiplication_is_covered() -> None:
    source = random.Random(6)
    for _ in range(2000):
        a, b, c = (source.uniform(-1, 1) for _ in range(3))
        around = mul_add(constant(a), constant(b), constant(c)).total(Ball(0))
        assert around.contains(Ball(float(Fraction(a) * Fraction(b) + Fraction(c))))
        assert around.contains(Ball(a * b + c))


@pytest.mark.parametrize("name", ["absolute", "to_index"])
def test_what_has_no_counterpart_is_refused_by_name(name: str) -> None:
    arguments: list[Any] = [constant(1.0)]
    with pytest.raises(ProofError, match=f"^{name}: "):
        OPERATIONS[name](*arguments)


def test_every_primitive_is_replaced() -> None:
    assert set(primitives.__all__) <= set(OPERATIONS)


def test_a_selection_is_the_one_that_a_comparison_proves() -> None:
    a, b = variable(1.0, 0.25), variable(3.0)
    assert select(a >= 0.5, a, b) is a
    assert select(constant(1.0) >= 1.0, a, b) is a
    assert select(a >= 1.5, a, b) is b
    assert select(a >= 1.5, a, 0.0).total(Ball(1)) == 0


@pytest.mark.parametrize(
    "a",
    [
        variable(1.0, 0.25),  # for rho < 0 it is less than 1, otherwise not
        variable(1.0, underflow=TINY),
        Float(Polynomial([1.0]), {1: Polynomial([TINY])}),
    ],
)
def test_a_comparison_that_may_go_either_way_proves_nothing(a: Float) -> None:
    with pytest.raises(ProofError, match="may hold for some arguments"):
        _ = a >= 1.0


@pytest.mark.parametrize(
    "condition",
    [
        lambda a: a == 1.0,
        lambda a: a != 1.0,
        lambda a: a < 1.0,
        lambda a: a <= 1.0,
        lambda a: a > 1.0,
        bool,
    ],
)
def test_a_condition_that_nothing_proves_is_refused(condition: Callable[[Float], bool]) -> None:
    with pytest.raises(ProofError, match="only >= a number is proved"):
        condition(constant(1.0))
