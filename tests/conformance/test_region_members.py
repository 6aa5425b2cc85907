"""Each predicate accepts and rejects points on either side of its border, chosen by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance import region_members
from stablelce.conformance.region_members import is_midpoint
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format, UIntArray

INF, NAN = float("inf"), float("nan")
MIDPOINT = 64.0 + 2.0**-46  # an odd significand below 4/3, so three quarters of it need 54 bits


def encode(value: float) -> UIntArray:
    return BINARY64.encodings(np.array([value]))


@pytest.mark.parametrize(
    ("name", "z", "t", "inside"),
    [
        ("any_finite", 1.7e308, 1.0, True),
        ("any_finite", INF, 0.5, False),
        ("any_finite", NAN, 0.5, False),
        ("any_finite", 1.0, -0.1, False),
        ("any_finite", 1.0, 1.1, False),
        ("any_finite", 1.0, NAN, False),
        ("moderate", -50.0, 0.3, True),
        ("moderate", -50.1, 0.3, False),
        ("middle", -40.0, 1.0, True),
        ("middle", 4.0, 0.0, True),
        ("middle", 3.9, 0.0, False),
        ("middle", 40.1, 0.0, False),
        ("middle", 17.0, 0.5, False),
        ("thresholds", np.nextafter(20.0, 21.0), 0.5, True),
        ("thresholds", np.nextafter(-37.0, 0.0), 0.5, True),
        ("thresholds", 20.0 * (1 + 64 * 2.0**-52), 0.5, False),
        ("tails", -720.0, 0.0, True),
        ("tails", 745.2, 1.0, True),
        ("tails", -720.0, 0.5, False),
        ("tails", 700.0, 1.0, False),
        ("tails", 747.0, 1.0, False),
        ("tiny_logits", 5e-324, 0.5, True),
        ("tiny_logits", -1.0, 0.5, True),
        ("tiny_logits", 0.0, 0.5, False),
        ("tiny_logits", 1.1, 0.5, False),
        ("tiny_logits", 0.1, 0.5001, False),
        ("near_optimum", 0.0, np.nextafter(0.5, 1.0), True),
        ("near_optimum", 800.0, 1.0, True),
        ("near_optimum", -800.0, 0.0, True),
        ("near_optimum", 2.0, 0.88, False),
        ("midpoints", MIDPOINT, 0.25, True),
        ("midpoints", -MIDPOINT, 0.75, True),
        ("midpoints", -MIDPOINT, 0.25, False),
        ("midpoints", 64.0, 0.25, False),
        ("midpoints", MIDPOINT, 0.3, False),
        ("tiny_targets", 3.0, 2.0**-54, True),
        ("tiny_targets", 3.0, 5e-324, True),
        ("tiny_targets", 3.0, float(np.nextafter(2.0**-54, 1.0)), False),
        ("tiny_targets", 3.0, 0.0, False),
        ("near_one", 3.0, 1 - 2.0**-53, True),
        ("near_one", 3.0, 1.0, False),
        ("near_one", 3.0, 0.99, False),
        ("huge", -1024.0, 0.0, True),
        ("huge", 1023.9, 0.0, False),
    ],
)
def test_a_predicate_decides_as_its_definition_says(name: str, z: float, t: float, inside: bool) -> None:
    assert getattr(region_members, name)(BINARY64, encode(z), encode(t)).tolist() == [inside]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@given(data=st.data())
def test_the_mean_of_two_neighbours_is_a_midpoint_and_no_float_is(fmt: Format, data: st.DataObject) -> None:
    low = data.draw(st.integers(-fmt.max_finite, fmt.max_finite - 1))
    below, above = fmt.to_fraction(fmt.from_ordinal(low)), fmt.to_fraction(fmt.from_ordinal(low + 1))
    assert is_midpoint(fmt, (below + above) / 2)
    assert not is_midpoint(fmt, below)
    assert not is_midpoint(fmt, (2 * below + above) / 3)


def test_half_the_smallest_subnormal_is_a_midpoint() -> None:
    assert is_midpoint(BINARY16, Fraction(1, 2**25))
    assert is_midpoint(BINARY32, Fraction(-1, 2**150))


def test_beyond_the_largest_float_there_is_no_midpoint() -> None:
    largest = BINARY16.to_fraction(BINARY16.max_finite)
    assert not is_midpoint(BINARY16, largest + 16)
