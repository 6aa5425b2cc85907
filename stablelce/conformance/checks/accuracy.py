"""Results against the oracle: within the error allowed, no zero in a tail, no flushed subnormal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Judgement, PointCheck
from stablelce.conformance.regions import REGIONS
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES
from stablelce.formats import Format, UIntArray
from stablelce.oracle import Expected

__all__ = [
    "ACCURACY",
    "HARD_CASES_CHECK",
    "SUBNORMALS",
    "TAILS",
    "expect",
    "failure_mode",
    "flushed",
    "wrong",
    "zero_for_subnormal",
]

Mask = npt.NDArray[np.bool_]


def expect(fmt: Format, quantity: str, z: UIntArray, t: UIntArray) -> Expected:
    """The oracle's answers; the target plays no part in functions of z alone, nor in the hessian."""
    needs_target = quantity not in ONE_ARGUMENT and quantity != "hessian"
    return oracle.expected(quantity, z, t if needs_target else None, fmt)


def wrong(run: Run, expected: Expected, got: UIntArray) -> Mask:
    """Where results miss the required profile, whatever the reason."""
    if run.profile == "correctly-rounded":
        return np.asarray(got != expected.encodings)
    if run.profile == "faithful":
        return ~expected.is_faithful(got)
    return expected.errors(got) > run.bound


def flushed(run: Run, expected: Expected, got: UIntArray) -> Mask:
    """Where the result is 0 though the exact value rounds to a subnormal and exceeds the bound."""
    return zero_for_subnormal(run.fmt, expected, got) & wrong(run, expected, got)


def zero_for_subnormal(fmt: Format, expected: Expected, got: UIntArray) -> Mask:
    """Where the result is 0 though the exact value rounds to a subnormal."""
    sign = fmt.uint.type(fmt.sign_bit)
    rounded = expected.encodings & ~sign
    return np.asarray(((got & ~sign) == 0) & (rounded > 0) & (rounded < fmt.min_normal))


def _accuracy(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    expected = expect(run.fmt, quantity, z, t)
    got = run.elementwise(quantity, z, t)
    excused = flushed(run, expected, got)  # a finding of its own: see "subnormals"
    return Judgement(
        wrong(run, expected, got) & ~excused, ~excused, got, expected.encodings, expected.errors(got)
    )


def _tails(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    expected = expect(run.fmt, quantity, z, t)
    got = run.elementwise(quantity, z, t)
    sign = run.fmt.uint.type(run.fmt.sign_bit)
    normal = (expected.encodings & ~sign) >= run.fmt.min_normal
    # A zero is an error of at least 2^(p-1) ulps there, beyond every profile, but in the gradient
    # near its optimum, where the unit is larger than the ulp of the result: ask for the error too.
    failed = normal & ((got & ~sign) == 0) & (expected.errors(got) > run.bound)
    return Judgement(failed, normal, got, expected.encodings, expected.errors(got))


def _subnormals(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    expected = expect(run.fmt, quantity, z, t)
    got = run.elementwise(quantity, z, t)
    sign = run.fmt.uint.type(run.fmt.sign_bit)
    rounded = expected.encodings & ~sign
    subnormal = (rounded > 0) & (rounded < run.fmt.min_normal)
    return Judgement(flushed(run, expected, got), subnormal, got, expected.encodings, expected.errors(got))


def failure_mode(fmt: Format, got: int, want: int, error: float) -> str:
    """A few words for how one result is wrong."""
    if fmt.is_nan(got):
        return "spurious NaN"
    if fmt.is_infinite(got):
        return "spurious overflow"
    if fmt.is_zero(got) and not fmt.is_zero(want):
        return "flushed subnormal" if fmt.is_subnormal(want) else "premature underflow or cancellation to 0"
    if fmt.is_negative(got) != fmt.is_negative(want) and not fmt.is_zero(got):
        return "wrong sign"
    if error > 2.0 ** (fmt.precision / 2):
        return "more than half of the significand lost"
    return "rounding error beyond the bound"


ACCURACY = PointCheck("accuracy", QUANTITIES, _accuracy, tuple(region.name for region in REGIONS))
HARD_CASES_CHECK = PointCheck("hard cases", QUANTITIES, _accuracy, ("hard cases",))
TAILS = PointCheck("tails", QUANTITIES, _tails, ("tails", "middle", "moderate"))
SUBNORMALS = PointCheck("subnormals", QUANTITIES, _subnormals)
