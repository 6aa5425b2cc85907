"""Smoothed targets against exact rationals rounded once by MPFR."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY64, FORMATS, Format
from stablelce.kernels.smoothing import smooth
from tests.reference_rounding import rounded

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def units(fmt: Format) -> st.SearchStrategy[int]:
    """Encodings in [0, 1]: simple fractions, neighbours of 1, all sizes."""
    one = fmt.round(Fraction(1))
    simple = st.integers(0, 64).map(lambda n: fmt.round(Fraction(n, 64)))
    return st.integers(0, one) | simple | st.integers(one - 3, one) | st.integers(0, 3)


smoothing_cases = st.sampled_from(FORMATS).flatmap(
    lambda fmt: st.tuples(st.just(fmt), st.lists(units(fmt), max_size=20), units(fmt).filter(bool))
)


@given(smoothing_cases)
def test_the_exact_target_is_rounded_once(case: tuple[Format, list[int], int]) -> None:
    fmt, targets, s_bits = case
    s = fmt.to_fraction(s_bits)
    with np.errstate(all="ignore"):
        got = smooth(fmt.array(np.array(targets, dtype=fmt.uint)), float(s))
    exact = [fmt.to_fraction(bits) * (1 - s) + s / 2 for bits in targets]
    assert fmt.encodings(got).tolist() == [rounded(value, fmt) for value in exact]


@each_format
def test_infinities_and_nan_stay(fmt: Format) -> None:
    targets = fmt.array([fmt.infinity, fmt.nan, 0])
    with np.errstate(all="ignore"):
        got = fmt.encodings(smooth(targets, 0.5))
    assert got.tolist() == [fmt.infinity, fmt.nan, fmt.round(Fraction(1, 4))]


def test_unchecked_targets_of_any_size_are_exact_too() -> None:
    # The largest float overflows the splitting of the product: the rational path takes over.
    largest = BINARY64.array([BINARY64.max_finite])
    with np.errstate(all="ignore"):
        (got,) = BINARY64.encodings(smooth(largest, 0.25))
    exact = BINARY64.to_fraction(BINARY64.max_finite) * Fraction(3, 4) + Fraction(1, 8)
    assert int(got) == rounded(exact, BINARY64)
