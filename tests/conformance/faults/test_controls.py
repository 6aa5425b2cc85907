"""Right implementations raise no alarm, however they are written, and however harmlessly they differ."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import gmpy2
import numpy as np
import pytest

from stablelce.conformance import audit
from stablelce.conformance.contract import Profile
from stablelce.conformance.faults.planting import right
from stablelce.conformance.results import AuditResult
from stablelce.conformance.subjects import resolve
from stablelce.conformance.subjects.base import KEYWORDS, ONE_ARGUMENT, QUANTITIES, Subject
from stablelce.formats import Format, find_format
from tests.conformance.correct import ALL_FORMATS, limit, small_audit, weighted

pytestmark = pytest.mark.bulk

NAMES = (*QUANTITIES, "loss_and_gradient")


def alarms(result: AuditResult) -> list[tuple[str, str | None, str, str]]:
    return [
        (c.check, c.quantity, c.format, f"{c.mode}: {c.message}")
        for c in result.checks
        if c.status == "failed"
    ]


# -- an implementation of its own, by MPFR at 200 bits -----------------------------------------------


def precise(quantity: str, z: float, t: float, weight: float, pos_weight: float) -> Any:
    """The quantity to about 200 bits, by formulas that subtract nothing but what the gradient has to."""
    # Of 1/2 - sigmoid(z), which is -z/4 but for z^3/48, no bit is left where z is below 2^-precision.
    precision = 200 if abs(z) > 2.0**-100 else 1400
    with gmpy2.context(precision=precision, emin=-(10**9), emax=10**9):
        x, target, w, p = (gmpy2.mpfr(part) for part in (z, t, weight, pos_weight))
        e = gmpy2.exp(-abs(x))
        rest, tail = gmpy2.log1p(e), e / (1 + e)
        q = (1 - target) + p * target
        if quantity == "loss":
            return w * ((1 - target if x > 0 else p * target) * abs(x) + rest * q)
        if quantity == "gradient":
            return w * ((1 - target) - tail * q if x > 0 else tail * q - p * target)
        if quantity == "hessian":
            return w * q * tail / (1 + e)
        if quantity == "sigmoid":
            return 1 / (1 + e) if x >= 0 else tail
        softplus = rest + max(x if quantity == "softplus" else -x, gmpy2.mpfr(0))
        return softplus if quantity == "softplus" else -softplus


@cache
def element(quantity: str, fmt: Format, z: int, t: int, weight: int, pos_weight: int) -> int:
    if fmt.is_zero(weight):
        return 0
    if fmt.is_nan(z) or (fmt.is_nan(t) and quantity in ("loss", "gradient")):
        return fmt.nan
    if fmt.is_infinite(z):
        factor = fmt.to_fraction(weight) * (fmt.to_fraction(pos_weight) if t == fmt.round(Fraction(1)) else 1)
        return weighted(fmt, limit(quantity, fmt, z, t), factor)
    inputs = (float(fmt.to_fraction(part)) for part in (z, t, weight, pos_weight))
    value = precise(quantity, *inputs)
    if value == 0:
        return fmt.sign_bit if gmpy2.is_signed(value) else 0
    exponent, significand = gmpy2.get_exp(value), value
    with gmpy2.context(precision=200, emin=-(10**9), emax=10**9):
        integer = int(gmpy2.mpz(gmpy2.mul_2exp(significand, 200 - exponent) if exponent < 200 else value))
    return fmt.round_dyadic(integer, exponent - 200 if exponent < 200 else 0)


def by_mpfr(quantity: str) -> Callable[..., Any]:
    if quantity == "loss_and_gradient":
        return lambda z, t: (by_mpfr("loss")(z, t), by_mpfr("gradient")(z, t))

    def compute(z: Any, t: Any = 0, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        fmt = find_format(z.dtype)
        parts = np.broadcast_arrays(*(np.asarray(part, dtype=z.dtype) for part in (z, t, weight, pos_weight)))
        columns = [fmt.encodings(part).ravel().tolist() for part in parts]
        encodings = [element(quantity, fmt, *row) for row in zip(*columns, strict=True)]
        return fmt.array(np.array(encodings, dtype=fmt.uint).reshape(parts[0].shape))

    return compute


# -- harmless differences ----------------------------------------------------------------------------


class Labelled(np.ndarray[Any, Any]):
    """A subclass of ndarray, as libraries of units and of labels return."""


def unchanged(result: Any) -> Any:
    return result


def in_fortran_order(result: Any) -> Any:
    return np.asfortranarray(result) if np.ndim(result) == 2 else result


def as_a_subclass(result: Any) -> Any:
    return np.asarray(result).view(Labelled)


def as_zero_dimensional(result: Any) -> Any:
    return np.asarray(result)  # where NumPy's functions give a scalar


def read_only(result: Any) -> Any:
    array = np.array(result)
    array.flags.writeable = False
    return array


HARMLESS = [in_fortran_order, as_a_subclass, as_zero_dimensional, read_only]


def changed(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    def compute(*arguments: Any, **keywords: Any) -> Any:
        result = function(*arguments, **keywords)
        return tuple(map(change, result)) if isinstance(result, tuple) else change(result)

    return compute


def subject(make: Callable[[str], Callable[..., Any]], formats: tuple[str, ...] = ALL_FORMATS) -> Subject:
    return Subject(
        name="control",
        functions={name: make(name) for name in NAMES},
        formats=formats,
        keywords=frozenset(KEYWORDS),
    )


def seeds(*few: int) -> list[Any]:
    """Fifty seeds, all but these in the deep tier."""
    deep = pytest.mark.deep
    return [seed if seed in few else pytest.param(seed, marks=deep) for seed in range(50)]


def by_the_library(quantity: str) -> Callable[..., Any]:
    return resolve("stablelce").functions[quantity]


CONTROLS: dict[str, tuple[Callable[[str], Callable[..., Any]], Profile]] = {
    "binary64 arithmetic": (right, "accurate"),
    "the library": (by_the_library, "correctly-rounded"),
    # Not correctly rounded: 200 bits cannot tell on which side of a midpoint a remainder of 2^-1000 lies.
    "MPFR": (by_mpfr, "faithful"),
}
"""Right implementations, and the accuracy that each keeps."""


@pytest.mark.parametrize("seed", seeds(1))  # the self-test of the command line has the same audit by seed 0
def test_binary64_arithmetic_raises_no_alarm(seed: int) -> None:
    assert alarms(audit(subject(right), tier="smoke", seed=seed)) == []


@pytest.mark.parametrize("seed", seeds(1))  # test_audit_of_stablelce.py has the same audit by seed 0
def test_the_library_raises_no_alarm(seed: int) -> None:
    assert alarms(audit("stablelce", tier="smoke", profile="correctly-rounded", seed=seed)) == []


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_with_harmless_differences_raises_no_alarm(control: str, seed: int) -> None:
    # Each quantity with another difference, and with another one by the next seed.
    changes = [unchanged, *HARMLESS]
    make, profile = CONTROLS[control]
    fmt = ALL_FORMATS[(seed + list(CONTROLS).index(control)) % len(ALL_FORMATS)]
    judged = subject(
        lambda name: changed(make(name), changes[(seed + NAMES.index(name)) % len(changes)]), (fmt,)
    )
    assert alarms(small_audit(judged, seed=seed, profile=profile)) == []


@pytest.mark.deep
@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.__name__)
@pytest.mark.parametrize("seed", range(50))
def test_a_harmless_difference_raises_no_alarm(change: Callable[[Any], Any], seed: int) -> None:
    judged = subject(lambda name: changed(right(name), change), ("float32", "bfloat16"))
    assert alarms(audit(judged, tier="smoke", seed=seed)) == []


def test_the_two_right_implementations_agree_within_the_profile() -> None:
    fmt = find_format("float32")
    z = np.array([-100.0, -30.5, -1.0, 0.0, 0.25, 8.0, 90.0], np.float32)
    t = np.array([0.0, 1.0, 0.3, 0.5, 1.0, 1.0, 0.9], np.float32)
    for quantity in QUANTITIES:
        arguments = (z,) if quantity in ONE_ARGUMENT else (z, t)
        ours, theirs = (fmt.ordinals(fmt.encodings(make(quantity)(*arguments))) for make in (right, by_mpfr))
        assert np.abs(ours - theirs).max() <= 1, quantity
