"""The error-free transformations in exact rationals: inside the limits that they state, and just outside."""

from __future__ import annotations

import math
from fractions import Fraction
from types import FunctionType

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stablelce.kernels import primitives
from stablelce.kernels.primitives import (
    absolute,
    fast_two_sum,
    mul_add,
    select,
    take,
    to_index,
    two_prod,
    two_square,
    two_sum,
)

SMALLEST = 2.0**-1074
PRODUCT_FLOOR = 2.0**-968
FACTOR_LIMIT = 2.0**995

# Half the largest float: no sum of two overflows.
terms = st.floats(-(2.0**1022), 2.0**1022)

# All exponents alike, significands of 53 bits or fewer, both signs: hypothesis' own floats are seldom small.
significands = st.integers(-(2**53) + 1, 2**53 - 1) | st.sampled_from((1, 3, 2**52 + 1, 2**53 - 1, 2**27 + 1))
factors = st.builds(math.ldexp, significands, st.integers(-1074, 994 - 53))


@st.composite
def related(draw: st.DrawFn) -> tuple[float, float]:
    """Two terms, often of sizes at which a sum rounds, is a tie, or cancels."""
    a = draw(terms)
    exponent = math.frexp(a)[1]
    low = max(exponent - 53 - draw(st.integers(-60, 60)), -1074)
    other = math.ldexp(draw(significands), min(low, 968))
    near = -a * (1 + draw(st.integers(-3, 3)) * 2.0**-52)
    return a, draw(st.sampled_from((other, near, draw(terms))))


def exact_sum(words: tuple[float, ...]) -> Fraction:
    return sum((Fraction(word) for word in words), Fraction(0))


def nearest(value: Fraction) -> float:
    """RN: Python divides integers with one rounding, subnormal quotients included."""
    return value.numerator / value.denominator


@given(related())
@example((SMALLEST, -3 * SMALLEST))
@example((2.0**53, 1.0))
@example((1.0, 2.0**-53))
def test_two_sum_is_exact_whatever_the_order(pair: tuple[float, float]) -> None:
    for a, b in (pair, pair[::-1]):
        s, e = two_sum(a, b)
        assert Fraction(s) + Fraction(e) == exact_sum(pair)
        assert s == nearest(exact_sum(pair))


@given(related())
@example((0.0, 5.0))
@example((3 * SMALLEST, -SMALLEST))
@example((1.0, -1.0))
def test_fast_two_sum_is_exact_for_the_larger_term_first(pair: tuple[float, float]) -> None:
    a, b = pair if pair[0] == 0 else sorted(pair, key=abs, reverse=True)
    s, e = fast_two_sum(a, b)
    assert Fraction(s) + Fraction(e) == exact_sum((a, b))
    assert s == nearest(exact_sum((a, b)))


def test_fast_two_sum_needs_the_larger_term_first() -> None:
    # 5 + 2^-52 rounds to 5, and 5 - (1 + 2^-52) = 4 - 2^-52, a tie, to 4: the error is lost.
    a, b = 1 + 2.0**-52, 4.0
    s, e = fast_two_sum(a, b)
    assert Fraction(s) + Fraction(e) != exact_sum((a, b))
    assert fast_two_sum(b, a) == two_sum(a, b)


@st.composite
def products(draw: st.DrawFn, low: int, high: int) -> tuple[float, float]:
    """Factors below 2^995 with a product, if it is not 0, between 2^low and 2^high."""
    m, n = draw(significands), draw(significands)
    bits = [max(abs(x).bit_length(), 1) for x in (m, n)]
    total = draw(st.integers(low + 2 - sum(bits), high - sum(bits)))
    first = max(-1074, total - 995 + bits[1])
    exponent = draw(st.integers(first, min(995 - bits[0], total + 1074)))
    return math.ldexp(m, exponent), math.ldexp(n, total - exponent)


@given(products(-968, 1023))
@example((math.nextafter(FACTOR_LIMIT, 0), 1 + 2.0**-52))
@example((math.nextafter(2.0**-484, 1), math.nextafter(2.0**-484, 1)))
@example((SMALLEST, 2.0**106))
@example((2.0**-1022 + SMALLEST, math.nextafter(2.0**60, 0)))
def test_two_prod_is_exact_down_to_its_limit(pair: tuple[float, float]) -> None:
    a, b = pair
    product = Fraction(a) * Fraction(b)
    assert product == 0 or PRODUCT_FLOOR <= abs(product) < 2**1023
    p, e = two_prod(a, b)
    assert Fraction(p) + Fraction(e) == product
    assert p == nearest(product)


@given(products(-2040, -968))
@example((SMALLEST, 0.5))
@example((math.nextafter(2.0**-485, 1), math.nextafter(2.0**-485, 1)))
def test_two_prod_is_off_by_quanta_below_its_limit(pair: tuple[float, float]) -> None:
    assert abs(Fraction(pair[0]) * Fraction(pair[1])) < PRODUCT_FLOOR
    # Each of the four products of parts is off by half a quantum, 2^-1075; sums of them are exact.
    assert abs(error_of_two_prod(*pair)) <= 4 * Fraction(1, 2**1075)


def error_of_two_prod(a: float, b: float) -> Fraction:
    return exact_sum(two_prod(a, b)) - Fraction(a) * Fraction(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (math.nextafter(2.0**-486, 1), math.nextafter(2.0**-486, 1)),  # the error's last bit is 2^-1076
        (2.0**-1022 + SMALLEST, math.nextafter(2.0**50, 0)),
    ],
)
def test_the_lower_limit_of_two_prod_is_needed(a: float, b: float) -> None:
    assert PRODUCT_FLOOR / 32 < a * b < PRODUCT_FLOOR
    assert error_of_two_prod(a, b) != 0


@pytest.mark.parametrize("large", [2.0**997, math.nextafter(2.0**997, 0)])
def test_the_upper_limit_of_two_prod_is_needed(large: float) -> None:
    _, e = two_prod(large, 1.0)  # the splitting overflows
    assert math.isnan(e)


@given(st.builds(math.ldexp, significands, st.integers(-484, 511 - 53)))
@example(math.nextafter(2.0**-484, 1))
@example(math.nextafter(2.0**511, 0))
def test_two_square_is_two_prod(a: float) -> None:
    assert two_square(a) == two_prod(a, a)
    assert exact_sum(two_square(a)) == Fraction(a) ** 2


@given(factors)
def test_the_parts_of_a_split_have_26_bits_each(a: float) -> None:
    high, low = primitives._split(a)
    assert Fraction(high) + Fraction(low) == Fraction(a)
    for part in (high, low):
        numerator = abs(Fraction(part).numerator)
        significant = numerator >> ((numerator & -numerator).bit_length() - 1) if numerator else 0
        assert significant.bit_length() <= 26


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100), st.floats(-1e200, 1e200))
def test_mul_add_rounds_once_or_twice(a: float, b: float, c: float) -> None:
    product = Fraction(a) * Fraction(b)
    once, twice = nearest(product + Fraction(c)), nearest(Fraction(nearest(product)) + Fraction(c))
    assert mul_add(a, b, c) in (once, twice)


def test_the_transformations_work_element_by_element() -> None:
    a, b = np.array([1.0, 2.0**53, -3.0]), np.array([2.0**-60, 1.0, 0.1])
    for function in (two_sum, two_prod):
        columns = [column.tolist() for column in function(a, b)]
        rows = [function(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
        assert list(zip(*columns, strict=True)) == rows


def test_selecting_looking_up_and_magnitudes() -> None:
    condition = np.array([True, False, True])
    a, b = np.array([1.0, 2.0, -0.0]), np.array([4.0, np.nan, np.inf])
    chosen = select(condition, a, b)
    assert chosen[0] == 1.0
    assert np.isnan(chosen[1])
    assert np.signbit(chosen[2])
    assert absolute(np.array([-0.0, -np.inf, -SMALLEST])).tolist() == [0.0, np.inf, SMALLEST]
    assert not np.signbit(absolute(-0.0))
    index = to_index(np.array([0.0, 2.0, 1.0]))
    assert index.dtype == np.intp
    assert take(np.array([5.0, 6.0, 7.0]), index).tolist() == [5.0, 7.0, 6.0]


def test_every_public_function_is_exported() -> None:
    functions = {name for name, value in vars(primitives).items() if isinstance(value, FunctionType)}
    assert set(primitives.__all__) == {name for name in functions if not name.startswith("_")}
