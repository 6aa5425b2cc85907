from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.checks.accuracy import (
    ACCURACY,
    HARD_CASES_CHECK,
    SUBNORMALS,
    TAILS,
    expect,
    failure_mode,
    zero_for_subnormal,
)
from stablelce.conformance.contract import Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import PointCheck
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import fault, moved, outcome, scaled, subject

CHECKS = (ACCURACY, HARD_CASES_CHECK, TAILS, SUBNORMALS)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_correctly_rounded_results_pass(check: PointCheck, fmt: Format) -> None:
    for quantity in QUANTITIES:
        result = outcome(check, subject(), quantity, fmt, points=4, profile="correctly-rounded")
        assert result.status in ("passed", "not applicable"), result
        assert result.failures == 0


def toward_minus_infinity(quantity: str) -> Subject:
    """The float below the exact value: faithful, and half of the time not the nearest."""

    def compute(z: Any, t: Any = None) -> Any:
        fmt = find_format(z.dtype)
        target = None if quantity in ONE_ARGUMENT else fmt.encodings(t)
        expected = oracle.expected(quantity, fmt.encodings(z), target, fmt)
        below = fmt.ordinals(expected.encodings) - (expected.sides > 0)
        return fmt.array(fmt.from_ordinals(np.maximum(below, -fmt.max_finite)))

    return subject({quantity: compute})


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_results_rounded_down_are_faithful_and_not_correctly_rounded(quantity: str) -> None:
    judged = toward_minus_infinity(quantity)
    nearest = outcome(ACCURACY, judged, quantity, BINARY32, profile="correctly-rounded")
    assert nearest.status == "failed"
    assert nearest.mode == "rounding error beyond the bound"
    assert nearest.counterexample is not None
    assert nearest.counterexample.error is not None
    assert 0.5 <= nearest.counterexample.error < 1
    assert outcome(ACCURACY, judged, quantity, BINARY32, profile="faithful").status == "passed"


# A move of k floats off the nearest one costs between k - 1/2 and k + 1/2 ulps of the exact value where
# no power of two lies between; so 3 is allowed by `accurate` (4), 8 is not, and `stable` allows 8
# (it grants 16 in binary16 and 4 in bfloat16).
@pytest.mark.parametrize(
    ("fmt", "profile", "steps", "status"),
    [
        (BINARY64, "faithful", 2, "failed"),
        (BINARY64, "accurate", 2, "passed"),
        (BINARY64, "accurate", 8, "failed"),
        (BINARY32, "accurate", 8, "failed"),
        (BINARY16, "accurate", 8, "failed"),
        (BFLOAT16, "accurate", 8, "failed"),
        (BINARY32, "stable", 24, "passed"),
        (BINARY32, "stable", 140, "failed"),
        (BINARY16, "stable", 7, "passed"),
        (BFLOAT16, "stable", 10, "failed"),
    ],
    ids=lambda value: value.name if isinstance(value, Format) else str(value),
)
def test_results_some_floats_off_fail_the_profiles_that_allow_less(
    fmt: Format, profile: Profile, steps: int, status: str
) -> None:
    result = outcome(ACCURACY, fault("softplus", moved(steps)), "softplus", fmt, profile=profile)
    assert result.status == status
    if status == "failed":
        half = steps >= 2 ** (fmt.precision / 2) / 2  # an error of 2k where a power of two lies between
        assert half or result.mode == "rounding error beyond the bound"
        assert result.counterexample is not None
        assert result.counterexample.error is not None
        assert result.counterexample.error >= steps - 0.5


def test_hard_cases_are_judged_on_their_own() -> None:
    result = outcome(HARD_CASES_CHECK, fault("loss", moved(8)), "loss", BINARY64)
    assert result.status == "failed"
    assert result.required


def test_a_zero_in_the_tail_is_named_as_such() -> None:
    judged = fault("loss", lambda r, _z, _t: np.where(r < 1e-9, 0, r).astype(r.dtype))
    for check in (TAILS, ACCURACY):
        result = outcome(check, judged, "loss", BINARY64)
        assert result.status == "failed", check
        assert result.mode == "premature underflow or cancellation to 0"
        assert result.counterexample is not None
        assert result.counterexample.got is not None
        assert float(result.counterexample.got.decimal) == 0


def test_a_zero_gradient_within_the_bound_near_the_optimum_is_no_tail() -> None:
    # t within four floats of sigmoid(z): the exact gradient is below 4 units, so 0 is as good as any.
    def change(r: Any, z: Any, t: Any) -> Any:
        fmt = find_format(r.dtype)
        y = fmt.array([fmt.encodings(subject().functions["sigmoid"](z))])[0]
        near = np.abs(fmt.ordinals(fmt.encodings(y)) - fmt.ordinals(fmt.encodings(t))) <= 1
        return np.where(near & (t > 0.25) & (t < 0.5), 0, r).astype(r.dtype)

    judged = fault("gradient", change)
    assert outcome(TAILS, judged, "gradient", BINARY32).status == "passed"
    assert outcome(ACCURACY, judged, "gradient", BINARY32).status == "passed"


def flush(r: Any, _z: Any, _t: Any) -> Any:
    fmt = find_format(r.dtype)
    smallest = float(fmt.to_fraction(fmt.min_normal))
    return np.where(np.abs(r.astype(np.float64)) < smallest, 0, r).astype(r.dtype)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_flushed_subnormals_are_a_finding_of_their_own(fmt: Format) -> None:
    judged = fault("sigmoid", flush)
    result = outcome(SUBNORMALS, judged, "sigmoid", fmt)
    assert (result.status, result.mode, result.required) == ("failed", "flushed subnormal", True)
    assert outcome(ACCURACY, judged, "sigmoid", fmt).status == "passed"
    assert outcome(TAILS, judged, "sigmoid", fmt).status == "passed"


def test_subnormals_alone_are_judged_as_such_and_normal_results_as_tails() -> None:
    # sigmoid(z) is exp(z) here: the smallest normal number is exp(-87.34), half the smallest subnormal
    # exp(-103.97).
    z = BINARY32.encodings(np.array([-110.0, -103.0, -90.0, -87.5, -87.25, -30.0], np.float32))
    run = Run(subject(), BINARY32, "accurate")
    judged = {check: check.judge(run, "sigmoid", z, np.zeros_like(z)) for check in (SUBNORMALS, TAILS)}
    assert judged[SUBNORMALS].judged.tolist() == [False, True, True, True, False, False]
    assert judged[TAILS].judged.tolist() == [False, False, False, False, True, True]


def test_zeros_alone_count_as_flushed() -> None:
    z = BINARY32.encodings(np.full(7, -100.0, np.float32))
    expected = expect(BINARY32, "sigmoid", z, np.zeros_like(z))
    assert 8 < expected.encodings[0] < BINARY32.min_normal
    got = np.array([0, BINARY32.sign_bit, 1, 2, 3, 8, BINARY32.sign_bit + 2], np.uint32)
    assert zero_for_subnormal(BINARY32, expected, got).tolist() == [True, True, *[False] * 5]


def test_flushed_subnormals_may_be_allowed() -> None:
    result = outcome(SUBNORMALS, fault("sigmoid", flush), "sigmoid", BINARY32, allow_ftz=True)
    assert (result.status, result.required) == ("failed", False)


@pytest.mark.parametrize(
    ("change", "mode"),
    [
        (lambda r, z, _t: np.where(np.abs(z) > 20, np.nan, r).astype(r.dtype), "spurious NaN"),
        (lambda r, z, _t: np.where(np.abs(z) > 20, np.inf, r).astype(r.dtype), "spurious overflow"),
        (lambda r, _z, _t: -r, "wrong sign"),
        (scaled(0.99), "more than half of the significand lost"),
    ],
    ids=["NaN", "overflow", "sign", "1 percent"],
)
def test_the_failure_mode_is_named(change: Any, mode: str) -> None:
    result = outcome(ACCURACY, fault("loss", change), "loss", BINARY64)
    assert (result.status, result.mode) == ("failed", mode)


def test_failure_modes_are_told_apart_by_encodings() -> None:
    fmt = BINARY16
    one, tiny = fmt.round(Fraction(1)), 1
    assert failure_mode(fmt, fmt.nan, one, np.inf) == "spurious NaN"
    assert failure_mode(fmt, fmt.infinity | fmt.sign_bit, one, np.inf) == "spurious overflow"
    assert failure_mode(fmt, 0, tiny, 5.0) == "flushed subnormal"
    assert failure_mode(fmt, fmt.sign_bit, one, 1024.0) == "premature underflow or cancellation to 0"
    assert failure_mode(fmt, one | fmt.sign_bit, one, 2048.0) == "wrong sign"
    # Half of a significand of 11 bits is 2^5.5 = 45.25...
    assert failure_mode(fmt, one + 46, one, 46.0) == "more than half of the significand lost"
    assert failure_mode(fmt, one + 45, one, 45.0) == "rounding error beyond the bound"
    assert failure_mode(fmt, tiny, 0, 9.0) == "rounding error beyond the bound"


@pytest.mark.parametrize("quantity", ["hessian", "sigmoid", "log_sigmoid", "softplus"])
def test_the_target_plays_no_part_where_there_is_none(quantity: str) -> None:
    z = np.array([0, 1, BINARY32.max_finite], dtype=np.uint32)
    first = expect(BINARY32, quantity, z, np.zeros_like(z))
    assert expect(BINARY32, quantity, z, np.full_like(z, 0x3F000000)) is first
