from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.checks.special import HARD_INFINITE, NAN, SIGNED_ZEROS, SOFT_INFINITE
from stablelce.conformance.contract import INFINITE_LOGITS, InfiniteLogit, Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format
from tests.conformance.correct import fault, finding, function, limit, subject

CHECKS = (HARD_INFINITE, SOFT_INFINITE, SIGNED_ZEROS, NAN)

Change = Callable[..., Any]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_contract_s_own_values_pass(check: ArrayCheck, fmt: Format) -> None:
    for quantity in check.quantities:
        for profile in ("correctly-rounded", "stable"):
            result = finding(check, subject(), quantity, fmt, profile)
            assert result.status in ("passed", "not applicable"), result


@pytest.mark.parametrize("row", INFINITE_LOGITS, ids=str)
def test_every_limit_is_approached_by_exact_values(row: InfiniteLogit) -> None:
    # Far out the exact value rounds to a finite limit, the sign of a zero included, since exp(-z) is
    # below every subnormal; where the limit is infinite, the value grows with z: t*z or more, t >= 1/4.
    fmt = BINARY32
    t = {"zero": Fraction(0), "one": Fraction(1), "soft": Fraction(1, 4), "any": Fraction(0)}[row.target]
    sign = 1 if row.z > 0 else -1
    z = sign * 2**20
    wanted = limit(row.quantity, fmt, fmt.infinity | (fmt.sign_bit if sign < 0 else 0), fmt.round(t))
    exact = oracle.exact(row.quantity, z, t, fmt)
    if fmt.is_infinite(wanted):
        assert abs(fmt.to_fraction(exact.encoding)) >= 2**18
        assert fmt.is_negative(exact.encoding) == fmt.is_negative(wanted)
    else:
        assert exact.encoding == wanted


def where_infinite(value: float) -> Change:
    def change(r: Any, z: Any, _t: Any) -> Any:
        return np.where(np.isinf(z), value, r).astype(r.dtype)

    return change


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_nan_at_infinity_is_found(quantity: str) -> None:
    result = finding(HARD_INFINITE, fault(quantity, where_infinite(math.nan)), quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN at infinity")
    assert result.point is not None
    assert BINARY64.is_infinite(result.point[0])
    assert result.got is not None
    assert BINARY64.is_nan(result.got)
    assert result.want == limit(quantity, BINARY64, *result.point)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_wrong_limit_is_found(quantity: str) -> None:
    result = finding(HARD_INFINITE, fault(quantity, where_infinite(7.0)), quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "wrong limit at infinity")


def test_a_loss_clipped_at_infinity_is_found() -> None:
    judged = fault("loss", lambda r, _z, _t: np.minimum(r, 100).astype(r.dtype))
    result = finding(HARD_INFINITE, judged, "loss", BINARY32)
    assert (result.status, result.mode) == ("failed", "wrong limit at infinity")


@pytest.mark.parametrize("quantity", SOFT_INFINITE.quantities)
def test_a_wrong_limit_with_a_soft_target_is_found_apart(quantity: str) -> None:
    def change(r: Any, z: Any, t: Any) -> Any:
        soft = np.isinf(z) & (t > 0) & (t < 1)
        return np.where(soft, np.nan, r).astype(r.dtype)

    judged = fault(quantity, change)
    assert finding(HARD_INFINITE, judged, quantity, BINARY64).status == "passed"
    result = finding(SOFT_INFINITE, judged, quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN at infinity")


@pytest.mark.parametrize(("profile", "status"), [("accurate", "passed"), ("correctly-rounded", "failed")])
def test_a_rounded_limit_may_err_as_the_profile_allows(profile: Profile, status: str) -> None:
    def change(r: Any, z: Any, t: Any) -> Any:
        nudged = np.nextafter(r, np.float64(2))
        return np.where(np.isposinf(z) & (t > 0) & (t < 1), nudged, r)

    judged = fault("gradient", change)
    assert finding(SOFT_INFINITE, judged, "gradient", BINARY64, profile).status == status


@pytest.mark.parametrize("quantity", SOFT_INFINITE.quantities)
def test_soft_targets_at_infinity_lie_inside_the_unit_interval(quantity: str) -> None:
    seen: set[float] = set()

    def compute(z: Any, t: Any) -> Any:
        seen.update(t.tolist())
        return function(quantity)(z, t)

    assert finding(SOFT_INFINITE, subject({quantity: compute}), quantity, BINARY64).status == "passed"
    assert 0 < min(seen) < 0.001
    assert 0.5 < max(seen) < 1


def test_without_soft_targets_their_limits_are_not_asked_for() -> None:
    judged = subject(soft_targets=False)
    assert finding(SOFT_INFINITE, judged, "loss", BINARY64).status == "not applicable"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_zero_of_the_other_sign_is_found_apart(quantity: str) -> None:
    judged = fault(quantity, lambda r, _z, _t: np.where(r == 0, -r, r).astype(r.dtype))
    assert finding(HARD_INFINITE, judged, quantity, BINARY64).status == "passed"
    result = finding(SIGNED_ZEROS, judged, quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "wrong sign of zero")
    assert result.got is not None
    assert result.want == result.got ^ BINARY64.sign_bit


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("replacement", [0.0, math.inf])
def test_a_swallowed_nan_is_found(quantity: str, replacement: float) -> None:
    judged = fault(quantity, lambda r, _z, _t: np.where(np.isnan(r), replacement, r).astype(r.dtype))
    result = finding(NAN, judged, quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN swallowed")
    assert result.want == BINARY64.nan


@pytest.mark.parametrize("quantity", ["loss", "gradient"])
def test_a_nan_swallowed_in_the_target_only_is_found(quantity: str) -> None:
    def compute(z: Any, t: Any) -> Any:
        return function(quantity)(z, np.nan_to_num(t, nan=0.0))

    result = finding(NAN, subject({quantity: compute}), quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN swallowed")
    assert result.point is not None
    assert BINARY64.is_nan(result.point[1])
    assert not BINARY64.is_nan(result.point[0])


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_nan_that_spreads_is_found(quantity: str) -> None:
    def change(r: Any, _z: Any, _t: Any) -> Any:
        return np.full_like(r, np.nan) if np.isnan(r).any() else r

    result = finding(NAN, fault(quantity, change), quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN spread")
    assert result.message
    assert result.want is not None
    assert not BINARY64.is_nan(result.want)


def test_nan_is_asked_for_in_hard_targets_alone_where_no_soft_ones_are_taken() -> None:
    seen = []

    def compute(z: Any, t: Any) -> Any:
        seen.append(t)
        return function("loss")(z, t)

    judged = subject({"loss": compute}, soft_targets=False)
    assert finding(NAN, judged, "loss", BINARY64).status == "passed"
    targets = np.concatenate(seen)
    assert set(targets[~np.isnan(targets)].tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("z", "t"),
    [
        (math.inf, math.nan),
        (-math.inf, math.nan),
        (math.nan, math.nan),
        (60.0, math.nan),
        (np.finfo(np.float64).max, math.nan),
        (math.nan, 0.75),
    ],
)
def test_a_nan_swallowed_beside_an_unusual_number_is_found(z: float, t: float) -> None:
    def change(r: Any, zs: Any, ts: Any) -> Any:
        there = np.isnan(r) & np.isclose(zs, z, rtol=0, equal_nan=True) & np.isclose(ts, t, equal_nan=True)
        return np.where(there, 0, r).astype(r.dtype)

    result = finding(NAN, fault("gradient", change), "gradient", BINARY64)
    assert (result.status, result.mode) == ("failed", "NaN swallowed")
    assert result.point is not None
    assert np.array_equal(BINARY64.array(list(result.point)), [z, t], equal_nan=True)


@pytest.mark.parametrize(
    "encoding", [BINARY32.nan | BINARY32.sign_bit, BINARY32.nan | 1], ids=["-", "payload"]
)
def test_a_nan_swallowed_in_another_encoding_is_found(encoding: int) -> None:
    def change(r: Any, z: Any, _t: Any) -> Any:
        return np.where(BINARY32.encodings(z) == encoding, 0, r).astype(r.dtype)

    result = finding(NAN, fault("softplus", change), "softplus", BINARY32)
    assert (result.status, result.mode, result.point) == ("failed", "NaN swallowed", (encoding, 0))


SIZES: dict[str, Callable[[int], bool]] = {
    "alone": lambda size: size == 1,
    "in packets of 8": lambda size: size >= 32,
    "in long arrays": lambda size: size >= 100,
}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize(
    ("check", "change", "mode"),
    [
        (HARD_INFINITE, lambda r, z: np.where(np.isinf(z), np.nan, r), "NaN at infinity"),
        (SIGNED_ZEROS, lambda r, _z: np.where(r == 0, -r, r), "wrong sign of zero"),
        (NAN, lambda r, _z: np.where(np.isnan(r), 0, r), "NaN swallowed"),
    ],
    ids=["infinite", "zeros", "NaN"],
)
def test_a_special_value_is_asked_for_alone_and_in_longer_arrays(
    check: ArrayCheck, change: Change, mode: str, size: Callable[[int], bool]
) -> None:
    def some(r: Any, z: Any, _t: Any) -> Any:
        return change(r, z).astype(r.dtype) if size(z.size) else r

    result = finding(check, fault("loss", some), "loss", BINARY64)
    assert (result.status, result.mode) == ("failed", mode)


def test_a_sparing_run_asks_for_special_values_alone_and_in_arrays_of_two_lengths() -> None:
    sizes = []

    def loss(z: Any, t: Any) -> Any:
        sizes.append(z.size)
        return function("loss")(z, t)

    run = Run(subject({"loss": loss}, compiles=True), BINARY32, "accurate", sparing=True)
    result = HARD_INFINITE.judge(run, "loss")
    assert result.status == "passed"
    assert sizes == [65, 1025, *[1] * result.points]
