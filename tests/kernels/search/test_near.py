"""The sieve's test, in exact rationals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels.search.near import leading_power, near32, near64

FORMATS = pytest.mark.parametrize(
    ("near", "fmt"), [(near32, BINARY32), (near64, BINARY64)], ids=["binary32", "binary64"]
)


def distance(value: Fraction, fmt: Format) -> Fraction:
    """From the nearest midpoint, in units of the spacing of floats at the value, by a list of midpoints."""
    nearest = fmt.round(abs(value))
    floats = [fmt.to_fraction(n) for n in range(max(nearest - 2, 0), nearest + 3)]
    middles = [(low + high) / 2 for low, high in itertools.pairwise(floats)]
    below = max(x for x in floats if x <= abs(value))
    spacing = next(x for x in floats if x > below) - below
    return min(abs(abs(value) - middle) for middle in middles) / spacing


@given(st.floats(2.0**-1020, 2.0**900))
@example(1.0)
@example(math.nextafter(2.0, 0))
def test_the_leading_power(x: float) -> None:
    assert leading_power(x) == leading_power(-x) == 2.0 ** (math.frexp(x)[1] - 1)


def is_near(near: Callable[..., Any], high: float, low: float, threshold: float) -> bool:
    return bool(near(np.array([high]), np.array([low]), threshold)[0])


@FORMATS
@given(significand=st.integers(0, 2**23 - 1), exponent=st.integers(-140, 9), data=st.data())
def test_it_finds_what_lies_within_the_threshold(
    near: Callable[..., Any], fmt: Format, significand: int, exponent: int, data: st.DataObject
) -> None:
    """A midpoint, moved by some ulps, as a pair."""
    size = (Fraction(1) + Fraction(significand, 2**23)) * Fraction(2) ** exponent
    encoding = fmt.round(size)
    middle = (fmt.to_fraction(encoding) + fmt.to_fraction(encoding + 1)) / 2
    spacing = fmt.to_fraction(encoding + 1) - fmt.to_fraction(encoding)
    value = middle + Fraction(data.draw(st.floats(-0.01, 0.01))) * spacing
    value *= data.draw(st.sampled_from((1, -1)))
    high = float(value)
    low = float(value - Fraction(high))
    exact = distance(Fraction(high) + Fraction(low), fmt)
    assert is_near(near, high, low, float(exact) * 1.001 + 2.0**-50)
    assert exact < 2.0**-40 or not is_near(near, high, low, float(exact) * 0.999)


def test_below_a_power_of_two_floats_are_half_as_far_apart() -> None:
    assert is_near(near64, 1.0, -(2.0**-54), 2.0**-20)
    assert not is_near(near64, 1.0, 2.0**-54, 2.0**-20)
    assert is_near(near64, 1.0, 2.0**-53, 2.0**-20)


def test_subnormal_numbers_of_binary32_are_equally_spaced() -> None:
    assert is_near(near32, 4.5 * 2.0**-149, 0.0, 2.0**-20)
    assert not is_near(near32, 4.25 * 2.0**-149, 0.0, 0.2)


def test_the_low_word_decides() -> None:
    high = 1.0 + 2.0**-24  # a midpoint of binary32
    assert is_near(near32, high, 0.0, 2.0**-25)
    assert is_near(near32, high, 2.0**-54, 2.0**-30)
    assert not is_near(near32, high, 2.0**-54, 2.0**-32)
