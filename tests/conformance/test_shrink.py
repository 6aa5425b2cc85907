"""Shrinking finds the simple points that exist, loses no failure, and gives the same answer every time."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance.shrink import simplest
from stablelce.conformance.strategies import pairs
from stablelce.formats import BFLOAT16, BINARY32, BINARY64, FORMATS, Format

# 1 for the point itself; 70 easy logits with 5 easy targets and with sigmoid(z); then at most two passes
# over 5 easy targets, 50 roundings and the target itself, and one over the logits likewise.
MOST_CALLS = 1 + 70 * 6 + 2 * (5 + 50 + 1) + (70 + 50 + 1)


def encode(value: float, fmt: Format = BINARY64) -> int:
    return fmt.round(Fraction(value)) | (fmt.sign_bit if np.signbit(value) else 0)


OPTIMUM = 1 / (1 + math.exp(-1.23456))

PLANTED: list[tuple[float, float, Callable[[float, float], bool], float, float]] = [
    # A half-line: the first integer beyond its end.
    (38.23456, 1.0, lambda z, t: z > 36.7368 and t == 1, 37.0, 1.0),
    (-38.23456, 0.0, lambda z, t: z < -36.7368 and t == 0, -37.0, 0.0),
    (1e300, 1.0, lambda z, _: z > 709.79, 1000.0, 1.0),
    # A band that no integer meets: few digits.
    (-8.23456, 0.0, lambda z, t: -8.24 < z < -8.22 and t == 0, -8.23, 0.0),
    (8.5671234, 0.5, lambda z, _: 8.56712 <= z <= 8.56713, 8.56712, 1.0),
    # The target: easy ones first, then short ones, and 1 where it does not matter.
    (-7.25, 0.123456, lambda z, _: z < 0, -1.0, 1.0),
    (3.7, 0.123456, lambda _, t: 0 < t < 1, 0.0, 0.5),
    (3.7, 0.123456, lambda _, t: 0.12 < t < 0.13, 0.0, 0.123),
    (17.3, 1e-300, lambda _, t: 0 < t < 2.0**-60, 0.0, 1e-300),
    # Both bound to each other: the gradient cancels near t = sigmoid(z).
    (1.23456, OPTIMUM, lambda z, t: 0 < z < 9 and abs(sigmoid(z) - t) < 1e-9, 1.0, 1 / (1 + math.exp(-1.0))),
    # Subnormals, and powers of two that no short decimal hits.
    (1.1e-310, 0.5, lambda z, _: 0 < z < 2.0**-1022, 1e-310, 1.0),
    (-3 * 2.0**-44, 0.5, lambda z, _: -1 < z < 0 and (z * 2.0**44).is_integer(), -(2.0**-43), 1.0),
    # Zero with its sign.
    (-0.0, 0.5, lambda z, _: z == 0 and math.copysign(1, z) < 0, -0.0, 1.0),
    (0.0, 0.5, lambda z, _: z == 0, 0.0, 1.0),
]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(("z", "t", "fails", "simple_z", "simple_t"), PLANTED)
def test_the_simplest_failing_point_is_found(
    z: float, t: float, fails: Callable[[float, float], bool], simple_z: float, simple_t: float
) -> None:
    def at(a: int, b: int) -> bool:
        return fails(*BINARY64.array([a, b]).tolist())

    assert at(encode(z), encode(t))
    assert simplest(BINARY64, encode(z), encode(t), at) == (encode(simple_z), encode(simple_t))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@given(data=st.data())
def test_a_failure_at_one_encoding_is_kept(fmt: Format, data: st.DataObject) -> None:
    z, t = (int(fmt.encodings(np.array([x]))[0]) for x in data.draw(pairs(fmt)))
    assert simplest(fmt, z, t, lambda a, b: (a, b) == (z, t)) == (z, t)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@given(data=st.data(), salt=st.integers(0, 10**6), share=st.sampled_from([0.01, 0.1, 0.5, 0.9]))
def test_the_answer_fails_comes_again_and_costs_a_bounded_number_of_calls(
    fmt: Format, data: st.DataObject, salt: int, share: float
) -> None:
    z, t = (int(fmt.encodings(np.array([x]))[0]) for x in data.draw(pairs(fmt)))
    seen: list[tuple[int, int]] = []

    def fails(a: int, b: int) -> bool:
        """Failures scattered over all points, as irregular as rounding errors."""
        seen.append((a, b))
        return (a, b) == (z, t) or random.Random(f"{a} {b} {salt}").random() < share

    found = simplest(fmt, z, t, fails)
    assert len(seen) <= MOST_CALLS
    assert fails(*found)
    assert simplest(fmt, z, t, fails) == found
    # Every point that was asked for is finite, with a target in [0, 1].
    assert all(fmt.is_finite(a) and 0 <= b <= fmt.round(Fraction(1)) for a, b in seen)


def test_a_failure_seen_in_company_only_is_returned_as_it_was() -> None:
    assert simplest(BINARY64, 5, 7, lambda _a, _b: False) == (5, 7)


@pytest.mark.parametrize(
    ("z", "t"), [(BINARY64.infinity, 0), (BINARY64.nan, 0), (0, BINARY64.nan), (0, BINARY64.infinity)]
)
def test_a_point_that_is_not_finite_is_returned_without_a_call(z: int, t: int) -> None:
    def fails(_a: int, _b: int) -> bool:
        raise AssertionError("called")

    assert simplest(BINARY64, z, t, fails) == (z, t)


@given(st.integers(0, 2**32))
def test_a_predicate_that_changes_its_mind_does_no_harm(seed: int) -> None:
    generator = random.Random(seed)
    z, t = encode(3.14159), encode(0.3)
    asked = {(z, t)}

    def fails(a: int, b: int) -> bool:
        asked.add((a, b))
        return generator.random() < 0.02

    a, b = simplest(BINARY64, z, t, fails)
    assert {a, z} & {point[0] for point in asked}
    assert {b, t} & {point[1] for point in asked}
    assert (a, b) in asked or (a, b) == (z, t)


def test_the_global_random_generators_are_left_alone() -> None:
    legacy = np.random.mtrand._rand  # the generator behind np.random.seed, which subjects may use
    before, state = random.getstate(), legacy.get_state(legacy=False)
    simplest(BINARY32, BINARY32.round(Fraction(10, 3)), 0, lambda a, _: a > 100)
    assert random.getstate() == before
    np.testing.assert_equal(legacy.get_state(legacy=False), state)


@given(z=st.floats(allow_nan=False, allow_infinity=False), t=st.floats(0, 1))
def test_a_failure_everywhere_shrinks_to_zero_and_one(z: float, t: float) -> None:
    assert simplest(BINARY64, encode(z), encode(t), lambda _a, _b: True) == (0, encode(1.0))


@given(st.integers(BFLOAT16.min_normal, BFLOAT16.max_finite))
def test_roundings_never_leave_the_format(start: int) -> None:
    """Few digits may lie above the largest finite value: such candidates are left out."""
    found, _ = simplest(BFLOAT16, start, 0, lambda a, _b: a >= start)
    assert start <= found <= BFLOAT16.max_finite
