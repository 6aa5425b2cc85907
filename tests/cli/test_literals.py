from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.cli.literals import parse
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format

formats = st.sampled_from(FORMATS)


@given(st.floats(allow_nan=False))
def test_decimal_and_hexadecimal_texts_of_a_float_give_its_encoding(x: float) -> None:
    encoding = int(np.float64(x).view(np.uint64))
    assert parse(repr(x)).encoding(BINARY64) == encoding
    assert parse(x.hex()).encoding(BINARY64) == encoding


@given(st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-10, max_value=10), formats)
def test_a_decimal_is_rounded_once(d: object, fmt: Format) -> None:
    value = Fraction(str(d))
    got = parse(str(d)).encoding(fmt)
    assert fmt.magnitude(got) == fmt.magnitude(fmt.round(value))
    assert fmt.is_negative(got) == str(d).startswith("-")


def test_a_decimal_is_not_rounded_twice() -> None:
    # Just above a midpoint of binary32, by less than binary64 can tell.
    midpoint = Fraction(1) + Fraction(1, 2**24)
    text = f"{1 + 2.0**-24:.24f}" + "0" * 30 + "1"
    assert parse(text).encoding(BINARY32) == BINARY32.next_up(BINARY32.round(Fraction(1)))
    assert BINARY32.round(midpoint) == BINARY32.round(Fraction(1))
    assert np.float32(float(text)) == np.float32(1)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize(
    ("text", "infinite"),
    [("1e99999999999999999999", True), ("0x1p99999999", True), ("1e-99999999999999999999", False)],
)
def test_huge_exponents_end_at_infinity_or_zero(fmt: Format, text: str, infinite: bool) -> None:
    number = parse(f"-{text}")
    assert number.encoding(fmt) == fmt.sign_bit | (fmt.infinity if infinite else 0)
    assert not number.is_in(fmt)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("inf", BINARY16.infinity),
        ("-Infinity", BINARY16.infinity | BINARY16.sign_bit),
        ("nan", BINARY16.nan),
        ("-0", BINARY16.sign_bit),
        (" 1 ", BINARY16.round(Fraction(1))),
        (".5", BINARY16.round(Fraction(1, 2))),
        ("5.", BINARY16.round(Fraction(5))),
        ("0x.8p1", BINARY16.round(Fraction(1))),
        ("0X1", BINARY16.round(Fraction(1))),
        ("+1E1", BINARY16.round(Fraction(10))),
    ],
)
def test_the_notations_that_are_read(text: str, encoding: int) -> None:
    assert parse(text).encoding(BINARY16) == encoding


@pytest.mark.parametrize(
    "text", ["", "abc", ".", "e5", "0x", "0x.p3", "1_0", "1e", "1/3", "--1", "٣", "1" * 1001]
)
def test_other_texts_are_refused_with_the_notations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number; write it as 40, -1e-3"):
        parse(text)


def test_whether_a_format_has_the_number() -> None:
    assert parse("0.5").is_in(BINARY16)
    assert not parse("0.1").is_in(BINARY64)
    assert parse("inf").is_in(BINARY16)
    assert not parse("65520").is_in(BINARY16)


@given(st.floats())
def test_targets_are_the_numbers_of_the_unit_interval_and_nan(x: float) -> None:
    assert parse(repr(x)).is_target() == (math.isnan(x) or 0 <= x <= 1)


def test_a_target_above_1_by_less_than_a_float_can_tell_is_outside() -> None:
    assert not parse("1." + "0" * 40 + "1").is_target()
