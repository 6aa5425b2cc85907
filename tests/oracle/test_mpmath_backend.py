"""Enclosures by mpmath: the remainder inside, as narrow as asked."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stablelce.oracle.decomposition import REMAINDERS
from stablelce.oracle.mpmath_backend import bounds
from tests.oracle.backends import assert_encloses, assert_encloses_everywhere


def test_the_remainder_lies_inside_at_chosen_arguments() -> None:
    assert_encloses_everywhere(bounds)


@given(st.sampled_from(REMAINDERS), st.floats(0, 900, exclude_min=True), st.sampled_from([64, 128, 512]))
def test_the_remainder_lies_inside(name: str, a: float, precision: int) -> None:
    assert_encloses(bounds, name, Fraction(a), precision)


@given(st.sampled_from(REMAINDERS), st.integers(1, 2**300), st.integers(-320, -290))
def test_an_argument_of_many_bits_is_not_rounded(name: str, m: int, e: int) -> None:
    assert_encloses(bounds, name, Fraction(m) * Fraction(2) ** e, 64)
