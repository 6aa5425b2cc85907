"""The ulp against np.spacing, and the ulp error against its definition in exact rationals."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format
from stablelce.ulp import floor_log2, real_ratio, ulp, ulp_error, ulp_exponent
from tests.reference_rounding import decoded, rounded

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
rationals = st.builds(
    lambda n, d, k: Fraction(n, d) * Fraction(2) ** k,
    st.integers(-(2**60), 2**60).filter(bool),
    st.integers(1, 2**60),
    st.integers(-1200, 1200),
)
finite_encodings = st.sampled_from(FORMATS).flatmap(
    lambda fmt: st.tuples(
        st.just(fmt),
        st.builds(int.__or__, st.integers(0, fmt.max_finite), st.sampled_from([0, fmt.sign_bit])),
    )
)


def spacing(x: float, fmt: Format) -> Fraction:
    """The distance to the next float away from zero; below the largest one for that."""
    if fmt.name == "bfloat16":
        # Spacings of bfloat16 are those of binary32, which has the same exponents, times 2^(24-8). Below
        # emin, binary32 goes on to 2^-149 and bfloat16 to 2^-133.
        return Fraction(float(np.spacing(np.float32(abs(x))))) * 2**16
    return Fraction(float(np.spacing(np.array(abs(x), fmt.dtype_name))))


@given(rationals)
def test_floor_log2_is_the_exponent_of_the_binade(value: Fraction) -> None:
    k = floor_log2(value)
    assert Fraction(2) ** k <= abs(value) < Fraction(2) ** (k + 1)
    if abs(value) != Fraction(2) ** k:
        assert floor_log2(value, 1) == floor_log2(value, -1) == k


@given(st.integers(-1200, 1200))
def test_a_remainder_toward_zero_leaves_the_binade_of_a_power_of_two(k: int) -> None:
    power = Fraction(2) ** k
    assert [floor_log2(power, sticky) for sticky in (-1, 0, 1)] == [k - 1, k, k]
    assert [floor_log2(-power, sticky) for sticky in (-1, 0, 1)] == [k, k, k - 1]


@given(finite_encodings)
def test_the_ulp_of_a_float_is_numpys_spacing(case: tuple[Format, int]) -> None:
    fmt, bits = case
    x = decoded(bits, fmt)
    if fmt.magnitude(bits) != fmt.max_finite:  # NumPy's spacing there is infinite or NaN
        assert ulp(Fraction(x), fmt) == spacing(x, fmt)


@given(rationals, st.sampled_from(FORMATS))
def test_the_ulp_of_a_rational_is_that_of_the_float_it_truncates_to(value: Fraction, fmt: Format) -> None:
    unit = ulp(value, fmt)
    below = abs(value) // unit * unit
    # |value| has at most `precision` digits in units of its ulp, and exactly that many when normal.
    assert below / unit < 2**fmt.precision
    assert unit == Fraction(2) ** fmt.quantum or below / unit >= 2 ** (fmt.precision - 1)
    assert unit >= Fraction(2) ** fmt.quantum


@each_format
def test_the_ulp_of_zero_and_of_subnormals_is_the_smallest_subnormal(fmt: Format) -> None:
    smallest = fmt.to_fraction(1)
    for value in (Fraction(0), smallest, smallest / 10**6, fmt.to_fraction(fmt.min_normal)):
        assert ulp(value, fmt) == smallest
        assert ulp_exponent(value, fmt) == fmt.quantum


@each_format
def test_the_ulp_just_below_a_power_of_two_is_half_that_above(fmt: Format) -> None:
    assert ulp(Fraction(1), fmt) == Fraction(2) ** (1 - fmt.precision)
    assert ulp(Fraction(1), fmt, -1) == Fraction(2) ** -fmt.precision
    assert ulp(Fraction(-1), fmt, 1) == Fraction(2) ** -fmt.precision
    assert ulp(Fraction(1), fmt, 1) == ulp(Fraction(1), fmt)


@given(finite_encodings, rationals)
def test_ulp_error_is_its_definition(case: tuple[Format, int], exact: Fraction) -> None:
    fmt, got = case
    exponent = math.floor(math.log2(abs(exact.numerator)) - math.log2(exact.denominator))
    # log2 in floats is off by one at most, next to powers of two: settle it exactly.
    exponent += (abs(exact) >= Fraction(2) ** (exponent + 1)) - (abs(exact) < Fraction(2) ** exponent)
    unit = Fraction(2) ** (max(exponent, 1 - fmt.emax) - fmt.precision + 1)
    error = abs(Fraction(decoded(got, fmt)) - exact) / unit
    largest = Fraction(sys.float_info.max)
    assert ulp_error(got, exact, fmt) == float(min(error, largest))


@given(finite_encodings, rationals)
def test_ulp_error_takes_the_unit_it_is_given(case: tuple[Format, int], unit: Fraction) -> None:
    fmt, got = case
    exact = Fraction(decoded(got, fmt)) + 3 * abs(unit)
    assert ulp_error(got, exact, fmt, abs(unit)) == 3


@given(rationals, st.sampled_from(FORMATS))
def test_the_correctly_rounded_result_is_at_most_half_an_ulp_off(exact: Fraction, fmt: Format) -> None:
    assert ulp_error(rounded(exact, fmt), exact, fmt) <= 0.5


@each_format
def test_ulp_error_is_total_over_special_results(fmt: Format) -> None:
    one, nan, infinity = fmt.round(Fraction(1)), fmt.nan, fmt.infinity
    negative_infinity = infinity | fmt.sign_bit
    assert ulp_error(nan, math.nan, fmt) == 0
    assert ulp_error(nan | fmt.sign_bit | 1, math.nan, fmt) == 0
    assert ulp_error(infinity, math.inf, fmt) == 0
    assert ulp_error(negative_infinity, -math.inf, fmt) == 0
    wrong: list[tuple[int, Fraction | float]] = [
        (one, math.nan),
        (infinity, math.nan),
        (nan, math.inf),
        (one, math.inf),
        (negative_infinity, math.inf),
        (infinity, -math.inf),
        (fmt.max_finite, math.inf),
        (nan, Fraction(1)),
        (infinity, Fraction(1)),
        (nan, 1.0),
    ]
    for got, exact in wrong:
        assert ulp_error(got, exact, fmt) == math.inf
    assert ulp_error(fmt.sign_bit, Fraction(0), fmt) == ulp_error(0, 0.0, fmt) == 0


@each_format
def test_an_infinity_is_right_where_the_exact_value_rounds_to_it(fmt: Format) -> None:
    beyond = Fraction(2) ** (fmt.emax + 1)
    threshold = beyond - Fraction(2) ** (fmt.emax - fmt.precision)
    assert ulp_error(fmt.infinity, beyond, fmt) == 0
    assert ulp_error(fmt.infinity, threshold, fmt) == 0
    assert ulp_error(fmt.infinity, threshold - 1, fmt) == math.inf
    assert ulp_error(fmt.infinity | fmt.sign_bit, beyond, fmt) == math.inf


@pytest.mark.parametrize("fmt", [BINARY16, BINARY32, BINARY64], ids=lambda fmt: fmt.name)
def test_one_float_away_is_one_ulp(fmt: Format) -> None:
    one = fmt.round(Fraction(1))
    assert ulp_error(fmt.next_up(one), Fraction(1), fmt) == 1
    assert ulp_error(fmt.next_down(one), Fraction(1), fmt) == 0.5  # the spacing below 1 is half of it


@given(rationals, rationals)
def test_real_ratio_is_the_nearest_float_and_never_infinite(a: Fraction, b: Fraction) -> None:
    ratio = real_ratio(abs(a), abs(b))
    assert math.isfinite(ratio)
    assert rounded(min(abs(a / b), Fraction(sys.float_info.max)), BINARY64) == int(
        np.float64(ratio).view(np.uint64)
    )


def test_real_ratio_holds_at_the_largest_float() -> None:
    assert real_ratio(Fraction(2) ** 5000, Fraction(1)) == sys.float_info.max
