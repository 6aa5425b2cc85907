"""The contract's data: the design's bounds, limits that exact values approach, checks that exist."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.contract import (
    CHECKS,
    INFINITE_LOGITS,
    PROFILES,
    InfiniteLogit,
    Profile,
    allowed_error,
)
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

# From the design: the largest error of each profile, in units of the format.
BOUNDS: dict[Profile, dict[Format, float]] = {
    "correctly-rounded": dict.fromkeys(FORMATS, 0.5),
    "faithful": dict.fromkeys(FORMATS, 1.0),
    "accurate": dict.fromkeys(FORMATS, 4.0),
    "stable": {BINARY16: 16.0, BFLOAT16: 4.0, BINARY32: 64.0, BINARY64: 64.0},
}

INFORMATIONAL = {
    "infinite logits, soft targets",
    "signs of zeros at infinity",
    "memory",
    "warnings and output",
}

SOFT = (Fraction(1, 256), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(255, 256))
"""In every format, with their complements: a limit 1-t or -t is exact."""


@formats
@pytest.mark.parametrize("profile", PROFILES)
def test_the_bounds_are_those_of_the_design(profile: Profile, fmt: Format) -> None:
    assert allowed_error(profile, fmt) == BOUNDS[profile][fmt]


@formats
def test_each_profile_implies_those_after_it(fmt: Format) -> None:
    assert list(PROFILES) == ["correctly-rounded", "faithful", "accurate", "stable"]
    assert all(allowed_error(a, fmt) <= allowed_error(b, fmt) for a, b in pairwise(PROFILES))


@formats
def test_the_loosest_profile_keeps_some_digits(fmt: Format) -> None:
    """64 units of bfloat16 would be half of its significand: at most 1/32 of a value may be lost."""
    assert allowed_error("stable", fmt) * 2.0 ** (1 - fmt.precision) <= 1 / 32


def targets_of(row: InfiniteLogit) -> tuple[Fraction, ...]:
    return {
        "zero": (Fraction(0),),
        "one": (Fraction(1),),
        "soft": SOFT,
        "any": (Fraction(0), *SOFT, Fraction(1)),
    }[row.target]


def limit(row: InfiniteLogit, t: Fraction, fmt: Format) -> int:
    if row.value == "1-t":
        return fmt.round(1 - t)
    if row.value == "-t":
        return fmt.round(-t)
    assert isinstance(row.value, float)
    sign = fmt.sign_bit if math.copysign(1, row.value) < 0 else 0
    return sign | (fmt.infinity if math.isinf(row.value) else fmt.round(Fraction(abs(row.value))))


@formats
@pytest.mark.parametrize("row", INFINITE_LOGITS, ids=lambda row: f"{row.quantity} {row.z} {row.target}")
def test_the_limit_is_what_exact_values_round_to_far_out(row: InfiniteLogit, fmt: Format) -> None:
    """At |z| = 2^3000 every quantity has reached its limit in every format, with the sign of its side."""
    z = Fraction(2**3000) * (1 if row.z > 0 else -1)
    for t in targets_of(row):
        target = fmt.to_fraction(fmt.round(t))
        exact = oracle.exact(row.quantity, z, target, fmt)
        assert exact.encoding == limit(row, target, fmt), float(target)


@formats
@pytest.mark.parametrize("row", INFINITE_LOGITS, ids=lambda row: f"{row.quantity} {row.z} {row.target}")
def test_a_zero_limit_has_the_sign_of_the_values_that_approach_it(row: InfiniteLogit, fmt: Format) -> None:
    z = Fraction(100_000) * (1 if row.z > 0 else -1)
    for t in targets_of(row):
        exact = oracle.exact(row.quantity, z, t, fmt)
        negative = fmt.is_negative(limit(row, t, fmt))
        assert exact.sign == (-1 if negative else 1)


def test_every_quantity_has_a_limit_for_each_side_and_target() -> None:
    for quantity in QUANTITIES:
        for z in (math.inf, -math.inf):
            targets = [row.target for row in INFINITE_LOGITS if (row.quantity, row.z) == (quantity, z)]
            assert sorted(targets) in (["any"], ["one", "soft", "zero"])
            assert (quantity in ("loss", "gradient")) == (len(targets) == 3)
    assert all(math.isinf(row.z) for row in INFINITE_LOGITS)


@pytest.mark.parametrize(
    "row",
    [row for row in INFINITE_LOGITS if row.quantity in ("loss", "gradient")],
    ids=lambda row: f"{row.quantity} {row.z} {row.target}",
)
def test_the_limits_are_mirror_images_where_the_exact_values_are(row: InfiniteLogit) -> None:
    """loss(z,t) = loss(-z,1-t), gradient(z,t) = -gradient(-z,1-t)."""
    mirrored = {"zero": "one", "one": "zero", "soft": "soft"}[row.target]
    other = next(
        r for r in INFINITE_LOGITS if (r.quantity, r.z, r.target) == (row.quantity, -row.z, mirrored)
    )
    if isinstance(row.value, str):
        assert {row.value, other.value} == {"1-t", "-t"}
    else:
        assert isinstance(other.value, float)
        wanted = row.value if row.quantity == "loss" else -row.value
        assert np.float64(other.value).tobytes() == np.float64(wanted).tobytes()


def test_the_checks_that_are_informational_are_those_of_the_design() -> None:
    assert {name for name, spec in CHECKS.items() if not spec.required} == INFORMATIONAL


def test_each_check_is_specified_once_and_each_specification_has_a_check() -> None:
    written = [check.name for check in POINT_CHECKS] + [check.name for check in ARRAY_CHECKS]
    assert len(set(written)) == len(written)
    # What a subject emits is collected over all calls, by the runner.
    assert {*written, "warnings and output"} == set(CHECKS)


def test_a_check_is_found_under_its_own_name_with_a_summary() -> None:
    for name, spec in CHECKS.items():
        assert spec.name == name
        assert spec.summary
