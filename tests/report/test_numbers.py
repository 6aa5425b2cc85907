from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.report.numbers import format_count, format_error, format_share

ERRORS = st.floats(min_value=0, allow_nan=False)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (0.0, "0"),
        (0.5, "0.50"),
        (math.nextafter(0.5, 1), "0.51"),
        (2.55, "2.6"),
        (4.0, "4.0"),
        (math.nextafter(4.0, 5), "4.1"),
        (9.95, "10"),
        (64.0, "64"),
        (99.5, "100"),
        (2048.0, "2048"),
        (9999.7, "1.0e4"),
        (2.0**24, "1.7e7"),
        (2.0**53, "9.0e15"),
        (1e300, "1.0e300"),
        (math.inf, "inf"),
    ],
)
def test_errors_read_as_people_write_them(error: float, shown: str) -> None:
    assert format_error(error) == shown


@given(ERRORS)
def test_an_error_below_100_never_reads_smaller_than_it_is(error: float) -> None:
    if error < 100:
        assert Fraction(format_error(error)) >= Fraction(error)


@given(ERRORS)
def test_an_error_reads_within_a_tenth_of_itself_or_a_hundredth_of_a_unit(error: float) -> None:
    # Two digits are at most 10 % off (1.05 rounded up to 1.1 is 5 %); below 0.1 a step of 0.01 decides.
    if not math.isinf(error):
        shown = Fraction(format_error(error))
        assert abs(shown - Fraction(error)) <= max(Fraction(error) / 10, Fraction(1, 100))


@given(ERRORS, ERRORS)
def test_a_larger_error_never_reads_smaller(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert float(format_error(low)) <= float(format_error(high))


@given(st.integers(1, 10**9), st.data())
def test_only_all_read_as_100_percent_and_only_none_as_0(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    shown = format_share(part, whole)
    assert (shown == "100 %") == (part == whole)
    assert (shown == "0 %") == (part == 0)
    if shown not in ("0 %", "<0.1 %"):
        assert 0 <= Fraction(100 * part, whole) - Fraction(shown.removesuffix(" %")) < Fraction(1, 10)


def test_shares_round_down() -> None:
    assert format_share(999_999, 1_000_000) == "99.9 %"
    assert format_share(1, 1_000_000) == "<0.1 %"


def test_counts_are_grouped() -> None:
    assert format_count(1234567) == "1,234,567"
