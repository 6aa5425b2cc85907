"""Shrinking finds simple points, loses no failure, and gives the same answer every time."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance.shrink import simplest
from stablelce.formats import BINARY64, FORMATS, Format


def _encode(fmt: Format, value: float) -> int:
    return fmt.round(Fraction(value))


def test_a_threshold_shrinks_to_the_first_short_number_beyond_it() -> None:
    fmt, one = BINARY64, _encode(BINARY64, 1.0)

    def fails(z: int, t: int) -> bool:
        return fmt.to_fraction(z) > Fraction("36.7368") and t == one

    assert simplest(fmt, _encode(fmt, 41.98765432123), one, fails) == (_encode(fmt, 40.0), one)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_failure_at_one_encoding_is_kept(fmt: Format) -> None:
    z, t = _encode(fmt, 3.14159), _encode(fmt, 0.3)
    assert simplest(fmt, z, t, lambda a, b: (a, b) == (z, t)) == (z, t)


def test_a_target_that_does_not_matter_becomes_1() -> None:
    fmt = BINARY64
    z, t = simplest(
        fmt, _encode(fmt, -7.25), _encode(fmt, 0.123456), lambda a, b: fmt.is_negative(a) and b >= 0
    )
    assert (z, t) == (_encode(fmt, -1.0), _encode(fmt, 1.0))


def test_a_failure_seen_in_company_only_is_returned_as_it_was() -> None:
    assert simplest(BINARY64, 5, 7, lambda _z, _t: False) == (5, 7)


def test_a_logit_that_is_not_finite_is_returned_as_it_was() -> None:
    assert simplest(BINARY64, BINARY64.infinity, 0, lambda _z, _t: True) == (BINARY64.infinity, 0)


@given(z=st.floats(allow_nan=False, allow_infinity=False), t=st.floats(0, 1), cut=st.floats(0, 50))
def test_the_answer_fails_and_comes_again(z: float, t: float, cut: float) -> None:
    fmt = BINARY64

    def fails(a: int, b: int) -> bool:
        return abs(fmt.to_fraction(a)) >= cut and b >= 0

    point = _encode(fmt, z), _encode(fmt, t)
    found = simplest(fmt, *point, fails)
    assert fails(*found) or not fails(*point)
    assert simplest(fmt, *point, fails) == found
