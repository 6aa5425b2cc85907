"""Formats against MPFR, NumPy's casts and ml_dtypes, and over all encodings of the 16-bit formats."""

from __future__ import annotations

import itertools
import math
import sys
from fractions import Fraction

import gmpy2
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import (
    BFLOAT16,
    BINARY16,
    BINARY32,
    BINARY64,
    FORMATS,
    Format,
    find_format,
    to_dyadic,
)
from tests.reference_rounding import decoded, encoding, mpfr_context, rounded

NARROW = (BINARY16, BFLOAT16)
IEEE = (BINARY16, BINARY32, BINARY64)
each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
each_narrow_format = pytest.mark.parametrize("fmt", NARROW, ids=lambda fmt: fmt.name)
each_ieee_format = pytest.mark.parametrize("fmt", IEEE, ids=lambda fmt: fmt.name)
formats = st.sampled_from(FORMATS)


def power_of_two(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


@st.composite
def formats_and_rationals(draw: st.DrawFn) -> tuple[Format, Fraction]:
    """A format and a rational anywhere from below its subnormals to beyond its largest value."""
    fmt = draw(formats)
    numerator = draw(st.integers(-(2**70), 2**70))
    denominator = draw(st.integers(1, 2**70))
    exponent = draw(st.integers(fmt.quantum - 4, fmt.emax + 4))
    return fmt, Fraction(numerator, denominator) * power_of_two(exponent)


@st.composite
def formats_and_encodings(draw: st.DrawFn) -> tuple[Format, int]:
    """A format and one of its finite encodings, with edges in reach."""
    fmt = draw(formats)
    edges = [0, 1, fmt.min_normal - 1, fmt.min_normal, fmt.max_finite]
    magnitude = draw(st.sampled_from(edges) | st.integers(0, fmt.max_finite))
    return fmt, magnitude | draw(st.sampled_from([0, fmt.sign_bit]))


# -- the constants -----------------------------------------------------------------------------------


@each_format
def test_the_constants_are_those_of_numpy_and_ml_dtypes(fmt: Format) -> None:
    # NumPy's own finfo, but for bfloat16; ml_dtypes leaves its constructor untyped
    info = ml_dtypes.finfo(fmt.dtype)  # type: ignore[no-untyped-call]
    assert fmt.dtype.name == fmt.dtype_name
    assert fmt.width == info.bits
    assert fmt.precision == info.nmant + 1
    assert fmt.emin == info.minexp
    assert fmt.max_finite == encoding(float(info.max), fmt)
    assert fmt.min_normal == encoding(float(info.smallest_normal), fmt)
    assert power_of_two(fmt.quantum) == Fraction(float(info.smallest_subnormal))


@each_format
def test_the_special_encodings_decode_to_what_they_are_named(fmt: Format) -> None:
    assert decoded(fmt.infinity, fmt) == np.inf
    assert decoded(fmt.infinity | fmt.sign_bit, fmt) == -np.inf
    assert decoded(fmt.sign_bit, fmt) == 0
    assert np.signbit(decoded(fmt.sign_bit, fmt))
    assert np.isnan(decoded(fmt.nan, fmt))
    assert fmt.nan - fmt.infinity == 1 << (fmt.precision - 2)  # the quiet bit alone: payload zero


@each_ieee_format
def test_the_reference_context_is_the_one_gmpy2_names_ieee(fmt: Format) -> None:
    ours, ieee = mpfr_context(fmt), gmpy2.ieee(fmt.width)
    for name in ("precision", "emax", "emin", "subnormalize", "round"):
        assert getattr(ours, name) == getattr(ieee, name)


# -- every encoding of the 16-bit formats ------------------------------------------------------------


@each_narrow_format
def test_every_encoding_has_the_class_that_numpy_says(fmt: Format) -> None:
    encodings = range(1 << fmt.width)
    x = np.array([decoded(bits, fmt) for bits in encodings])
    magnitude = np.abs(x)
    assert [fmt.is_nan(bits) for bits in encodings] == np.isnan(x).tolist()
    assert [fmt.is_infinite(bits) for bits in encodings] == np.isinf(x).tolist()
    assert [fmt.is_finite(bits) for bits in encodings] == np.isfinite(x).tolist()
    assert [fmt.is_zero(bits) for bits in encodings] == (x == 0).tolist()
    subnormal = (magnitude > 0) & (magnitude < decoded(fmt.min_normal, fmt))
    assert [fmt.is_subnormal(bits) for bits in encodings] == subnormal.tolist()
    assert [fmt.is_negative(bits) for bits in encodings] == np.signbit(x).tolist()


@each_narrow_format
def test_every_finite_encoding_decodes_exactly_and_rounds_to_itself(fmt: Format) -> None:
    for bits in range(1 << fmt.width):
        if fmt.is_finite(bits) and bits != fmt.sign_bit:
            m, e = fmt.decode(bits)
            assert math.ldexp(m, e) == decoded(bits, fmt)  # exact: both are binary64 numbers
            assert fmt.round_dyadic(m, e) == bits


@each_narrow_format
def test_every_midpoint_goes_to_even_and_to_the_side_of_its_remainder(fmt: Format) -> None:
    for low in range(fmt.max_finite):
        m, e = fmt.decode(low)
        # the next value is (m + 1) * 2^e, in the next binade too
        tie, below, above = (fmt.round_dyadic(2 * m + 1, e - 1, sticky) for sticky in (0, -1, 1))
        assert (tie, below, above) == (low + low % 2, low, low + 1)


@each_narrow_format
def test_every_neighbour_is_the_one_of_nextafter(fmt: Format) -> None:
    all_bits = np.array([b for b in range(1 << fmt.width) if not fmt.is_nan(b)])
    values = fmt.array(all_bits)
    with np.errstate(over="ignore", under="ignore"):  # NumPy raises the flags of the step
        up = fmt.encodings(np.nextafter(values, fmt.array(fmt.infinity)))
        down = fmt.encodings(np.nextafter(values, fmt.array(fmt.infinity | fmt.sign_bit)))
    for bits, above, below in zip(all_bits.tolist(), up.tolist(), down.tolist(), strict=True):
        # nextafter steps from the smallest subnormal to the zero of its own sign; the zero here is +0
        assert fmt.next_up(bits) == (above if above != fmt.sign_bit else 0)
        assert fmt.next_down(bits) == (below if below != fmt.sign_bit else 0)


@each_narrow_format
def test_ordinals_are_in_the_order_of_the_values(fmt: Format) -> None:
    ordered = sorted((b for b in range(1 << fmt.width) if not fmt.is_nan(b)), key=fmt.ordinal)
    values = [decoded(b, fmt) for b in ordered]
    assert all(a <= b for a, b in itertools.pairwise(values))
    ordinals = {fmt.ordinal(b) for b in ordered}
    assert ordinals == set(range(-fmt.infinity, fmt.infinity + 1))


@each_narrow_format
def test_array_methods_agree_with_the_scalar_ones(fmt: Format) -> None:
    bits = np.array([b for b in range(1 << fmt.width) if not fmt.is_nan(b)])
    assert fmt.ordinals(bits).tolist() == [fmt.ordinal(b) for b in bits.tolist()]
    positions = np.arange(-fmt.infinity - 3, fmt.infinity + 4)
    assert fmt.from_ordinals(positions).tolist() == [fmt.from_ordinal(p) for p in positions.tolist()]
    assert fmt.from_ordinals(positions).dtype == fmt.uint
    every = np.arange(1 << fmt.width)
    assert fmt.encodings(fmt.array(every)).tolist() == every.tolist()


# -- properties in all formats -----------------------------------------------------------------------


@given(formats_and_rationals())
def test_rounding_a_rational_is_that_of_mpfr(case: tuple[Format, Fraction]) -> None:
    fmt, value = case
    assert fmt.round(value) == rounded(value, fmt)


@given(formats_and_rationals(), st.sampled_from([-1, 0, 1]))
def test_a_remainder_of_the_division_outweighs_the_one_passed_in(
    case: tuple[Format, Fraction], sticky: int
) -> None:
    fmt, value = case
    if value.denominator & (value.denominator - 1):
        assert fmt.round(value, sticky) == rounded(value, fmt)


@given(formats, st.integers(-(2**70), 2**70), st.integers(-1200, 1100), st.sampled_from([-1, 0, 1]))
def test_rounding_with_a_remainder_is_rounding_a_value_just_beside(
    fmt: Format, m: int, e: int, sticky: int
) -> None:
    # Midpoints and values are multiples of 2^(quantum-1), m*2^e is one of 2^e: a remainder a thousandth of
    # either cannot reach or cross the next of them.
    beside = m * power_of_two(e) + sticky * power_of_two(min(e, fmt.quantum) - 10)
    assert fmt.round_dyadic(m, e, sticky) == rounded(beside, fmt)


@given(formats_and_encodings(), st.sampled_from([-1, 0, 1]))
def test_a_midpoint_goes_to_even_or_to_the_side_of_its_remainder(
    case: tuple[Format, int], sticky: int
) -> None:
    fmt, bits = case
    low = fmt.magnitude(bits)
    beyond = power_of_two(fmt.emax + 1)  # where infinity stands for rounding
    high_value = beyond if low == fmt.max_finite else fmt.to_fraction(low + 1)
    midpoint = (fmt.to_fraction(low) + high_value) / 2
    expected = low + {-1: 0, 0: low % 2, 1: 1}[sticky]
    assert fmt.round(midpoint, sticky) == expected
    assert fmt.round(-midpoint, -sticky) == expected | fmt.sign_bit
    if sticky:
        # The same remainder within the rational: a third of a power of two, left over by the division.
        beside = midpoint + sticky * power_of_two(fmt.quantum - 200) / 3
        assert fmt.round(beside) == expected
        assert fmt.round(-beside) == expected | fmt.sign_bit


@given(formats_and_encodings(), st.sampled_from([-1, 1]))
def test_a_remainder_does_not_move_a_value_of_the_format(case: tuple[Format, int], sticky: int) -> None:
    fmt, bits = case
    if not fmt.is_zero(bits):
        assert fmt.round(fmt.to_fraction(bits), sticky) == bits


@given(formats_and_encodings())
def test_decoding_is_numpys_and_rounding_undoes_it(case: tuple[Format, int]) -> None:
    fmt, bits = case
    value = fmt.to_fraction(bits)
    assert value == Fraction(decoded(bits, fmt))
    assert fmt.round(value) == (0 if bits == fmt.sign_bit else bits)


@given(formats_and_encodings())
def test_the_neighbours_enclose_the_value_with_nothing_between(case: tuple[Format, int]) -> None:
    fmt, bits = case
    assert fmt.ordinal(fmt.next_up(bits)) == fmt.ordinal(bits) + 1
    assert fmt.ordinal(fmt.next_down(bits)) == fmt.ordinal(bits) - 1
    assert decoded(fmt.next_down(bits), fmt) < decoded(bits, fmt) < decoded(fmt.next_up(bits), fmt)
    assert fmt.from_ordinal(fmt.ordinal(bits)) == (0 if bits == fmt.sign_bit else bits)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([BINARY16, BINARY32]))
def test_rounding_a_double_is_numpys_cast(x: float, fmt: Format) -> None:
    with np.errstate(over="ignore"):
        cast = np.float64(x).astype(fmt.dtype_name)
    expected = int(cast.view(fmt.uint))
    assert fmt.round(Fraction(x)) == (0 if x == 0 else expected)  # a Fraction has no -0


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_rounding_a_single_to_bfloat16_is_the_cast_of_ml_dtypes(x: float) -> None:
    expected = int(np.float32(x).astype(ml_dtypes.bfloat16).view(np.uint16))
    assert BFLOAT16.round(Fraction(x)) == (0 if x == 0 else expected)


# -- the essentials, one by one ----------------------------------------------------------------------


@each_format
def test_overflow_starts_at_the_midpoint_beyond_the_largest_value(fmt: Format) -> None:
    threshold = power_of_two(fmt.emax + 1) - power_of_two(fmt.emax - fmt.precision)
    assert fmt.round(threshold) == fmt.infinity
    assert fmt.round(threshold, -1) == fmt.max_finite
    assert fmt.round(-threshold, 1) == fmt.max_finite | fmt.sign_bit
    for beyond in (3 * power_of_two(fmt.emax), power_of_two(fmt.emax + 5000), power_of_two(5000) / 3):
        assert fmt.round(beyond) == fmt.infinity
        assert fmt.round(-beyond) == fmt.infinity | fmt.sign_bit


@each_format
def test_half_the_smallest_subnormal_is_the_edge_of_zero(fmt: Format) -> None:
    half = power_of_two(fmt.quantum - 1)
    assert fmt.round(half) == 0
    assert fmt.round(half, 1) == 1
    assert fmt.round(-half) == fmt.sign_bit
    assert fmt.round(-half, -1) == fmt.sign_bit | 1
    assert fmt.round(3 * half) == 2
    assert fmt.round(3 * half, -1) == 1


@each_format
def test_a_zero_takes_the_sign_of_its_remainder(fmt: Format) -> None:
    assert [fmt.round(Fraction(0), sticky) for sticky in (-1, 0, 1)] == [fmt.sign_bit, 0, 0]


@each_format
def test_the_largest_subnormal_rounds_up_into_the_normals(fmt: Format) -> None:
    edge = power_of_two(fmt.emin) - power_of_two(fmt.quantum - 1)
    assert fmt.round(edge) == fmt.min_normal
    assert fmt.round(edge, -1) == fmt.min_normal - 1


@each_format
def test_infinities_are_the_last_positions(fmt: Format) -> None:
    negative_infinity = fmt.infinity | fmt.sign_bit
    assert fmt.next_up(fmt.max_finite) == fmt.infinity
    assert fmt.next_up(fmt.infinity) == fmt.infinity
    assert fmt.next_down(negative_infinity) == negative_infinity
    assert fmt.next_up(negative_infinity) == fmt.max_finite | fmt.sign_bit
    assert fmt.next_up(fmt.sign_bit) == fmt.next_up(0) == 1
    assert fmt.next_down(fmt.sign_bit) == fmt.next_down(0) == fmt.sign_bit | 1


@each_format
def test_a_nan_lies_beyond_its_infinity_in_array_order_and_has_no_scalar_ordinal(fmt: Format) -> None:
    assert fmt.ordinals([fmt.nan])[0] > fmt.infinity
    with pytest.raises(ValueError, match="is a NaN"):
        fmt.ordinal(fmt.nan)


@each_format
def test_what_has_no_exact_value_is_refused(fmt: Format) -> None:
    for bits in (fmt.infinity, fmt.nan, fmt.infinity | fmt.sign_bit):
        with pytest.raises(ValueError, match="is not finite"):
            fmt.to_fraction(bits)
    for bits in (-1, 1 << fmt.width):
        with pytest.raises(ValueError, match=f"not a {fmt.name} encoding of {fmt.width} bits"):
            fmt.decode(bits)


@each_format
def test_arrays_keep_shape_and_refuse_another_dtype(fmt: Format) -> None:
    bits = np.array([[0, 1, 2], [fmt.infinity, fmt.nan, fmt.sign_bit]], fmt.uint)
    array = fmt.array(bits)
    assert array.dtype == fmt.dtype
    assert fmt.encodings(array).tolist() == bits.tolist()
    assert fmt.encodings(array[:, ::2]).tolist() == bits[:, ::2].tolist()
    assert fmt.encodings(array[0, 1]).shape == ()
    with pytest.raises(TypeError, match=f"expected an array of {fmt.dtype_name}, got {fmt.uint}"):
        fmt.encodings(bits)


@each_format
def test_lists_of_encodings_keep_their_last_bit(fmt: Format) -> None:
    # A list that mixes integers below and above 2^63 is float64 to NumPy, which would drop low bits.
    bits = [1, fmt.sign_bit | 1]
    assert fmt.encodings(fmt.array(bits)).tolist() == bits
    assert fmt.ordinals(bits).tolist() == [1, -1]


@each_format
def test_a_format_is_found_by_each_of_its_names(fmt: Format) -> None:
    for name in (fmt, fmt.name, fmt.dtype_name, fmt.dtype):
        assert find_format(name) is fmt


@pytest.mark.parametrize("name", ["float128", "half", "", None, np.dtype("int32")])
def test_an_unknown_format_is_refused_with_the_known_ones(name: object) -> None:
    with pytest.raises(ValueError, match=r"float16 \(binary16\), .*, bfloat16"):
        find_format(name)


@given(st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False))
def test_to_dyadic_is_exact(value: float) -> None:
    m, e = to_dyadic(value)
    assert m * power_of_two(e) == Fraction(value)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_to_dyadic_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="is not finite"):
        to_dyadic(value)


def test_to_dyadic_refuses_a_rational_that_is_not_binary() -> None:
    with pytest.raises(ValueError, match="1/3 is not a binary fraction"):
        to_dyadic(Fraction(1, 3))


def test_bfloat16_arrays_without_ml_dtypes_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(ImportError, match=r"pip install 'stablelce\[suite\]'"):
        _ = BFLOAT16.dtype
