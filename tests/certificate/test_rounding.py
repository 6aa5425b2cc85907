"""Rounding an enclosure: both ends decide, against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate.balls import Ball, around, ball, power_of_two, precision
from stablelce.certificate.rounding import bounds, correctly_rounded, rounded_up
from stablelce.formats import BINARY64

floats = st.floats(allow_nan=False, allow_infinity=False)


def wide(middle: float, exponent: int) -> Ball:
    with precision(200):
        return around(ball(middle), power_of_two(exponent))


@given(floats, st.integers(-1200, 900))
def test_a_value_is_given_only_if_both_ends_round_to_it(middle: float, exponent: int) -> None:
    radius = Fraction(2) ** exponent
    got = correctly_rounded(wide(middle, exponent))
    ends = [BINARY64.round(Fraction(middle) + way * radius) for way in (-1, 1)]
    if got is None:
        # Arb may round the ends outward by 2^-200; that far from a decision nothing is claimed.
        outer = [BINARY64.round(Fraction(middle) + way * radius * Fraction(9, 8)) for way in (-1, 1)]
        assert outer[0] != outer[1]
    else:
        assert [int(BINARY64.encodings([got])[0])] * 2 == ends


@given(floats, st.integers(-1200, 900))
def test_bounds_hold_the_ball(middle: float, exponent: int) -> None:
    lower, upper = bounds(wide(middle, exponent))
    radius = Fraction(2) ** exponent
    assert lower == -math.inf or Fraction(lower) <= Fraction(middle) - radius
    assert upper == math.inf or Fraction(middle) + radius <= Fraction(upper)
    assert rounded_up(wide(middle, exponent)) == upper


@given(floats)
def test_bounds_of_a_float_are_the_float(value: float) -> None:
    assert bounds(ball(value)) == (value, value)
    assert correctly_rounded(ball(value)) == value


def test_the_bounds_are_neighbours_around_a_number_between() -> None:
    with precision(200):
        lower, upper = bounds(ball(Fraction(1, 3)))
    assert upper == math.nextafter(lower, 1)
    assert Fraction(lower) < Fraction(1, 3) < Fraction(upper)


def test_a_ball_around_zero_has_no_sign_and_no_rounding() -> None:
    assert correctly_rounded(wide(0.0, -5000)) is None
    assert correctly_rounded(ball(0.0)) == 0.0


def test_beyond_the_range() -> None:
    assert correctly_rounded(power_of_two(5000)) == math.inf
    assert bounds(power_of_two(5000)) == (float.fromhex("0x1.fffffffffffffp+1023"), math.inf)
    assert bounds(-power_of_two(5000)) == (-math.inf, -float.fromhex("0x1.fffffffffffffp+1023"))
    assert bounds(power_of_two(-5000)) == (0.0, 5e-324)


def test_an_unbounded_ball() -> None:
    assert correctly_rounded(ball(math.nan)) is None
    assert bounds(ball(math.inf) - ball(math.inf)) == (-math.inf, math.inf)
