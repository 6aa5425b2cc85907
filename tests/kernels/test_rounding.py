"""Conversions of blocks against MPFR and exact integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BFLOAT16, BINARY32, BINARY64, FORMATS, Format
from stablelce.kernels.rounding import convert, narrow, widen
from tests.reference_rounding import decoded, rounded

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def narrowed(values: list[float], fmt: Format) -> list[int]:
    out = np.empty(len(values), fmt.dtype)
    with np.errstate(all="ignore"):  # the kernels run so
        narrow(np.array(values, dtype=np.float64), fmt, out)
    return [int(bits) for bits in fmt.encodings(out)]


def near_midpoints(fmt: Format) -> st.SearchStrategy[float]:
    """Binary64 numbers at a midpoint of two floats of the format, or next to one."""

    def build(bits: int, nudge: int, sign: float) -> float:
        middle = (fmt.to_fraction(bits) + fmt.to_fraction(bits + 1)) / 2
        at = float(middle)
        return sign * [float(np.nextafter(at, 0)), at, float(np.nextafter(at, np.inf))][nudge + 1]

    below_the_largest = st.integers(0, fmt.max_finite - 1)
    return st.builds(build, below_the_largest, st.integers(-1, 1), st.sampled_from([1.0, -1.0]))


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(FORMATS), st.lists(finite, max_size=20))
def test_narrowing_rounds_once(fmt: Format, values: list[float]) -> None:
    assert [bits & ~fmt.sign_bit for bits in narrowed(values, fmt)] == [
        rounded(abs(Fraction(value)), fmt) for value in values
    ]


@given(
    st.sampled_from(FORMATS[:3]).flatmap(
        lambda fmt: st.tuples(st.just(fmt), st.lists(near_midpoints(fmt), max_size=20))
    )
)
def test_narrowing_rounds_once_next_to_midpoints(case: tuple[Format, list[float]]) -> None:
    fmt, values = case
    # A midpoint below the smallest subnormal may give -0, which has no Fraction: compare magnitudes.
    assert [bits & ~fmt.sign_bit for bits in narrowed(values, fmt)] == [
        rounded(abs(Fraction(value)), fmt) for value in values
    ]
    assert [fmt.is_negative(bits) for bits in narrowed(values, fmt)] == [value < 0 for value in values]


@each_format
def test_narrowing_keeps_specials_and_makes_one_nan(fmt: Format) -> None:
    odd_nans = np.array([0xFFF8_0000_0000_0000, 0x7FF8_0000_DEAD_BEEF], dtype=np.uint64).view(np.float64)
    values = [np.inf, -np.inf, -0.0, 0.0, *odd_nans.tolist()]
    assert narrowed(values, fmt) == [
        fmt.infinity,
        fmt.infinity | fmt.sign_bit,
        fmt.sign_bit,
        0,
        fmt.nan,
        fmt.nan,
    ]


def test_bfloat16_is_not_rounded_by_way_of_binary32() -> None:
    # Just above a midpoint, by less than half an ulp of binary32: rounding twice gives 1.
    value = 1 + 2.0**-8 + 2.0**-40
    assert narrowed([value], BFLOAT16) == [rounded(Fraction(value), BFLOAT16)]
    assert narrowed([value], BFLOAT16) != narrowed([1.0], BFLOAT16)


@each_format
def test_widening_is_exact_and_contiguous(fmt: Format) -> None:
    bits = np.arange(0, fmt.max_finite, fmt.max_finite // 500).astype(fmt.uint)
    values = widen(fmt.array(bits)[::-1])
    assert values.flags.c_contiguous
    assert values.dtype == np.float64
    assert values.tolist() == [decoded(int(one), fmt) for one in bits[::-1]]


@given(
    st.sampled_from(FORMATS[:3]),
    st.sampled_from([np.int64, np.uint64]),
    st.integers(0, 2**63 - 1)
    | st.builds(lambda k, d: max(0, 2**k + 2 ** max(k - 8, 0) + d), st.integers(40, 61), st.integers(-3, 3)),
)
def test_integers_are_rounded_once(fmt: Format, dtype: Any, value: int) -> None:
    with np.errstate(all="ignore"):
        (result,) = fmt.encodings(convert(np.array([value], dtype=dtype), fmt.dtype))
    assert int(result) == rounded(Fraction(value), fmt)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_become_binary64_rounded_once(value: int) -> None:
    (result,) = convert(np.array([value], dtype=np.int64), np.dtype(np.float64))
    assert Fraction(float(result)) == Fraction(float(value))


@each_format
def test_bool_and_small_integers_are_exact(fmt: Format) -> None:
    one = fmt.round(Fraction(1))
    for dtype in (np.bool_, np.int8, np.uint8, np.int16, np.uint32):
        result = convert(np.array([1, 0], dtype=dtype), fmt.dtype)
        assert fmt.encodings(result).tolist() == [one, 0]


def test_a_block_of_the_right_dtype_is_not_copied() -> None:
    block = np.ones(3, dtype=np.float32)
    assert convert(block, BINARY32.dtype) is block
    assert convert(block, BINARY64.dtype) is not block
