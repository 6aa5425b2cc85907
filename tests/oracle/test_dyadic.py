"""Dyadic arithmetic against fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.oracle.dyadic import Dyadic

dyadics = st.builds(Dyadic, st.integers(-(2**70), 2**70), st.integers(-1200, 1200))


@given(dyadics, dyadics)
def test_arithmetic_is_exact(x: Dyadic, y: Dyadic) -> None:
    a, b = x.fraction(), y.fraction()
    assert (x + y).fraction() == a + b
    assert (x - y).fraction() == a - b
    assert (x * y).fraction() == a * b
    assert (-x).fraction() == -a
    assert abs(x).fraction() == abs(a)


@given(dyadics, dyadics)
def test_order_is_that_of_the_values(x: Dyadic, y: Dyadic) -> None:
    assert (x <= y) == (x.fraction() <= y.fraction())
    assert (x < y) == (x.fraction() < y.fraction())
    assert bool(x) == (x.fraction() != 0)


@given(dyadics, st.integers(0, 80))
def test_one_number_with_two_exponents_is_one_number(x: Dyadic, shift: int) -> None:
    other = Dyadic(x.m << shift, x.e - shift)
    assert other.fraction() == x.fraction()
    assert x <= other <= x
    assert not x - other


@given(dyadics.filter(bool))
def test_floor_log2_brackets_the_magnitude(x: Dyadic) -> None:
    k = x.floor_log2()
    assert Fraction(2) ** k <= abs(x.fraction()) < Fraction(2) ** (k + 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_its_value(x: float) -> None:
    assert Dyadic.of(x).fraction() == Fraction(x)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Fraction(1, 3)])
def test_what_is_no_binary_fraction_is_refused(value: float | Fraction) -> None:
    with pytest.raises(ValueError, match=r"not finite|not a binary fraction"):
        Dyadic.of(value)
