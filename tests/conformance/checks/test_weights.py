from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.weights import WEIGHTS, _Call, _gradient_unit, _suspects
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.evaluation import Run
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import finding, function, moved, subject


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("profile", PROFILES)
def test_correctly_rounded_weighted_results_pass(profile: Profile, fmt: Format) -> None:
    for quantity in WEIGHTS.quantities:
        result = finding(WEIGHTS, subject(), quantity, fmt, profile)
        assert result.status == "passed", result
        assert result.points > 100


def test_without_keywords_there_is_nothing_to_judge() -> None:
    judged = subject(keywords=frozenset())
    assert finding(WEIGHTS, judged, "loss", BINARY64).status == "not applicable"


def test_only_declared_keywords_are_passed() -> None:
    def compute(z: Any, t: Any, *, pos_weight: Any = 1) -> Any:
        return function("loss")(z, t, pos_weight=pos_weight)

    judged = subject({"loss": compute}, keywords=frozenset({"pos_weight"}))
    assert finding(WEIGHTS, judged, "loss", BINARY64).status == "passed"


def mode(compute: Any, quantity: str = "loss", profile: Profile = "accurate") -> str:
    result = finding(WEIGHTS, subject({quantity: compute}), quantity, BINARY32, profile)
    assert result.status == "failed"
    assert result.point is not None
    return result.mode


@pytest.mark.parametrize("quantity", WEIGHTS.quantities)
def test_an_ignored_weight_is_found(quantity: str) -> None:
    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        return function(quantity)(z, t, pos_weight=pos_weight) + 0 * np.asarray(weight, z.dtype)

    assert mode(compute, quantity).startswith("weight: ")


@pytest.mark.parametrize("quantity", WEIGHTS.quantities)
def test_an_ignored_pos_weight_is_found(quantity: str) -> None:
    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        return function(quantity)(z, t, weight=weight) + 0 * np.asarray(pos_weight, z.dtype)

    assert mode(compute, quantity).startswith("pos_weight: ")


def test_a_pos_weight_on_the_wrong_term_is_found() -> None:
    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        return function("loss")(-z, 1 - t, weight=weight, pos_weight=pos_weight)

    assert mode(compute).startswith("pos_weight: ")


@pytest.mark.parametrize("quantity", WEIGHTS.quantities)
def test_a_weight_0_that_lets_nan_through_is_found(quantity: str) -> None:
    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        scale = np.asarray(weight, dtype=z.dtype)
        plain = function(quantity)(z, t, pos_weight=pos_weight)
        with np.errstate(invalid="ignore"):
            naive = plain * scale
        return np.where(scale == 0, naive, function(quantity)(z, t, weight=weight, pos_weight=pos_weight))

    assert mode(compute, quantity) == "weight 0 does not mask"


def test_a_weighted_result_one_float_off_fails_correct_rounding_only() -> None:
    def compute(z: Any, t: Any, **keywords: Any) -> Any:
        result = function("loss")(z, t, **keywords)
        zero = find_format(z.dtype).encodings(result) == 0
        return np.where(zero, result, moved(1)(result, z, t))

    assert mode(compute, profile="correctly-rounded") == "pos_weight: rounding error beyond the bound"
    assert finding(WEIGHTS, subject({"loss": compute}), "loss", BINARY32).status == "passed"


@pytest.mark.parametrize(
    ("profile", "status"), [("faithful", "failed"), ("accurate", "passed"), ("stable", "passed")]
)
def test_a_weighted_result_two_floats_off_is_more_than_faithful_allows(profile: Profile, status: str) -> None:
    def compute(z: Any, t: Any, **keywords: Any) -> Any:
        result = function("loss")(z, t, **keywords)
        return np.where(find_format(z.dtype).encodings(result) == 0, result, moved(2)(result, z, t))

    assert finding(WEIGHTS, subject({"loss": compute}), "loss", BINARY32, profile).status == status


def test_far_logits_are_weighted_on_both_sides_out_to_where_exp_vanishes() -> None:
    seen: list[float] = []

    def compute(z: Any, t: Any, **keywords: Any) -> Any:
        if len(seen) < 100:  # the first call, whose logits are no sample
            seen.extend(z.tolist())
        return function("loss")(z, t, **keywords)

    judged = subject({"loss": compute}, soft_targets=False, keywords=frozenset({"pos_weight"}))
    assert finding(WEIGHTS, judged, "loss", BINARY64).status == "passed"
    far = {z for z in seen[:28] if abs(z) > 100}
    assert far == {-z for z in far}
    assert max(far) > 745.2  # exp(-745.14) is the last that rounds to a subnormal of binary64


@pytest.mark.parametrize(
    ("z", "t", "scale", "larger"),
    [
        (0, Fraction(1, 4096), {"pos_weight": 10}, 0.5 * (1 + 9 / 4096)),  # sigmoid * q above 10 t
        (-20, Fraction(1, 2), {"pos_weight": 10}, 5),  # p t
        (20, Fraction(1, 4), {"pos_weight": 10}, 0.75),  # 1 - t, which pos_weight leaves alone
        (20, Fraction(1, 4), {"weight": 10}, 7.5),
        (-20, Fraction(1, 4), {"weight": 10, "pos_weight": 10}, 25),
    ],
)
def test_the_unit_of_a_weighted_gradient_is_the_ulp_of_its_larger_term(
    z: int, t: Fraction, scale: dict[str, int], larger: float
) -> None:
    given = {name: Fraction(value) for name, value in scale.items()}
    exponent = int(np.frexp(larger)[1]) - 1 - BINARY64.precision + 1
    assert _gradient_unit(BINARY64, Fraction(z), t, given) == exponent


def test_a_weighted_gradient_near_its_zero_may_carry_the_roundings_of_its_two_terms() -> None:
    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        x, target, v, p = (np.asarray(part).astype(np.float64) for part in (z, t, weight, pos_weight))
        e = np.exp(-np.abs(x))
        tail = (v * ((1 - target) + p * target) * (e / (1 + e))).astype(z.dtype)
        other = np.where(x > 0, v * (1 - target), v * (p * target)).astype(z.dtype)
        tail = moved(1)(tail, z, t)
        return np.where(v == 0, z.dtype.type(0), np.where(x > 0, other - tail, tail - other))

    judged = subject({"gradient": compute})
    assert finding(WEIGHTS, judged, "gradient", BINARY32).status == "passed"
    assert finding(WEIGHTS, judged, "gradient", BINARY32, "correctly-rounded").status == "failed"


def test_an_infinity_beside_the_largest_float_is_a_suspect() -> None:
    fmt = BINARY32
    z = np.array([fmt.round(Fraction(1))] * 3 + [fmt.max_finite], dtype=fmt.uint)
    call = _Call(z, np.zeros_like(z), {"weight": np.full_like(z, fmt.round(Fraction(1)))})
    right = fmt.encodings(function("loss")(fmt.array(z), fmt.array(call.t)))
    assert right[3] == fmt.max_finite
    run = Run(subject(), fmt, "accurate")
    assert list(_suspects(run, "loss", call, right)) == []
    assert list(_suspects(run, "loss", call, np.append(right[:3], fmt.uint.type(fmt.infinity)))) == [3]


def test_every_target_meets_every_weight_in_one_call() -> None:
    calls: list[set[tuple[float, float]]] = []

    def compute(z: Any, t: Any, *, weight: Any) -> Any:
        calls.append(set(zip(t.tolist(), np.asarray(weight).tolist(), strict=True)))
        return function("loss")(z, t, weight=weight)

    judged = subject({"loss": compute}, keywords=frozenset({"weight"}))
    assert finding(WEIGHTS, judged, "loss", BINARY64).status == "passed"
    targets, weights = ({pair[i] for pair in max(calls, key=len)} for i in (0, 1))
    assert (len(targets), len(weights)) == (5, 5)
    assert len(max(calls, key=len)) == 25


def test_a_soft_gradient_near_its_zero_is_no_suspect() -> None:
    # The first cancels to -0.06, whose ulps are no units; the others are -0.44 and 0.56.
    fmt = BINARY32
    z, t = (fmt.encodings(np.array(part, np.float32)) for part in ([0.25, 0.25, 0.25], [0.5, 1.0, 0.0]))
    call = _Call(z, t, {"weight": np.full_like(z, fmt.round(Fraction(1)))})
    right = function("gradient")(fmt.array(z), fmt.array(t))
    off = fmt.encodings(moved(9)(right, z, t))
    assert sorted(_suspects(Run(subject(), fmt, "accurate"), "gradient", call, off)) == [1, 2]


def test_both_weights_take_every_value_in_one_call_and_differ() -> None:
    calls: list[tuple[int, int]] = []

    def compute(z: Any, t: Any, *, weight: Any = 1, pos_weight: Any = 1) -> Any:
        calls.append((np.unique(weight).size, np.unique(pos_weight).size))
        differ = np.any(np.asarray(weight) != pos_weight)
        assert differ or 1 in calls[-1]
        return function("loss")(z, t, weight=weight, pos_weight=pos_weight)

    assert finding(WEIGHTS, subject({"loss": compute}), "loss", BINARY64).status == "passed"
    assert max(calls) == (5, 5)
