from __future__ import annotations

from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from stablelce.conformance.checks import weights
from stablelce.conformance.checks.weights import NOT_MASKED, WEIGHTS, _Call, _gradient_unit, _suspects
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.faults.planting import right
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import finding, function, moved, subject


@pytest.mark.bulk
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
        if z.size < 1000 and np.shape(weight) == z.shape:
            calls.append(set(zip(t.ravel().tolist(), np.ravel(weight).tolist(), strict=True)))
        return function("loss")(z, t, weight=weight)

    judged = subject({"loss": compute}, keywords=frozenset({"weight"}))
    assert finding(WEIGHTS, judged, "loss", BINARY64).status == "passed"
    calls = [call for call in calls if {t for t, _ in call} == {0.0, 1.0, 0.5, 0.9, 2.0**-12}]
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
    assert (5, 5) in calls
    assert max(calls) == (10, 10)


# -- one fault for each thing that the calls go through --------------------------------------------


def edited(quantity: str, edit: Any) -> Any:
    """The right function of what ``edit(z, t, weight, pos_weight)`` makes of its arguments."""

    def compute(z: Any, t: Any, *, weight: Any = None, pos_weight: Any = None) -> Any:
        target, v, p = edit(z, t, weight, pos_weight)
        return right(quantity)(z, target, weight=v, pos_weight=p)

    return compute


def altered(quantity: str, where: Any, value: float) -> Any:
    """The right function, but for one value where ``where(z, t, weight, pos_weight)``."""

    def compute(z: Any, t: Any, *, weight: Any = None, pos_weight: Any = None) -> Any:
        result = right(quantity)(z, t, weight=weight, pos_weight=pos_weight)
        return np.where(where(z, t, weight, pos_weight), z.dtype.type(value), result)

    return compute


def given(weight: Any) -> bool:
    return weight is not None


FAULTY = {
    "pos_weight of 0 taken for none": (
        edited("loss", lambda _z, t, v, p: (t, v, p if given(p) and np.any(p) else None)),
        "loss",
        "pos_weight: more than half of the significand lost",
    ),
    "pos_weight clipped at 100": (
        edited("loss", lambda _z, t, v, p: (t, v, np.minimum(p, 100) if given(p) else None)),
        "loss",
        "pos_weight: more than half of the significand lost",
    ),
    "weights raised to 1e-3": (
        edited("gradient", lambda _z, t, v, p: (t, np.where(v == 0, 0, np.maximum(v, 1e-3)), p)),
        "gradient",
        "weight: more than half of the significand lost",
    ),
    "the smallest weights dropped": (
        edited("loss", lambda _z, t, v, p: (t, np.where(np.less(v, 1e-36), 0, v), p)),
        "loss",
        "weight: premature underflow or cancellation to 0",
    ),
    "NaN where another weight is not 0": (
        altered("loss", lambda z, _t, v, _p: given(v) and np.any(v) & (v == 0) & ~np.isfinite(z), np.nan),
        "loss",
        NOT_MASKED,
    ),
    "NaN where the weight is 0 and pos_weight given": (
        altered("loss", lambda _z, _t, v, p: given(v) and given(p) and v == 0, np.nan),
        "loss",
        NOT_MASKED,
    ),
    "NaN at infinite logits": (
        altered("loss", lambda z, _t, _v, p: given(p) and np.isinf(z), np.nan),
        "loss",
        "pos_weight: wrong limit at an infinite logit",
    ),
    "a NaN lost": (
        altered("hessian", lambda z, _t, v, _p: given(v) and np.isnan(z), 0.0),
        "hessian",
        "weight: NaN does not propagate",
    ),
    "nothing at -0": (
        altered("gradient", lambda z, _t, _v, p: given(p) and (z == 0) & np.signbit(z), 0.0),
        "gradient",
        "pos_weight: premature underflow or cancellation to 0",
    ),
    "tiny targets dropped": (
        edited("loss", lambda _z, t, v, p: (np.where(t < 1e-5, 0, t) if given(p) else t, v, p)),
        "loss",
        "pos_weight: rounding error beyond the bound",
    ),
    "a scalar ignored": (
        edited("loss", lambda _z, t, v, p: (t, v if np.ndim(v) else None, p)),
        "loss",
        "weight: more than half of the significand lost",
    ),
    "one weight for rows": (
        edited("loss", lambda z, t, v, p: (t, v, np.mean(p) if given(p) and z.ndim == 2 else p)),
        "loss",
        "pos_weight: more than half of the significand lost",
    ),
    "weights shifted in a long array": (
        edited("loss", lambda z, t, v, p: (t, np.roll(v, 1) if given(v) and z.size > 5000 else v, p)),
        "loss",
        "weight: more than half of the significand lost",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_weights_are_tried_where_implementations_go_wrong(name: str) -> None:
    compute, quantity, expected = FAULTY[name]
    keywords = frozenset({"weight"} if expected.startswith("weight:") else {"weight", "pos_weight"})
    judged = subject({quantity: compute}, keywords=keywords)
    with patch.object(weights, "_SCREENED", 400):
        result = WEIGHTS.judge(Run(judged, BINARY32, "accurate"), quantity)
    assert (result.status, result.mode) == ("failed", expected)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", WEIGHTS.quantities)
def test_binary64_arithmetic_passes_at_full_size(quantity: str, fmt: Format) -> None:
    judged = subject({quantity: right(quantity)})
    result = WEIGHTS.judge(Run(judged, fmt, "accurate"), quantity)
    assert result.status == "passed", result


def test_a_flushed_result_under_a_weight_fails_unless_that_is_allowed() -> None:
    def flushing(z: Any, t: Any, **keywords: Any) -> Any:
        result = right("loss")(z, t, **keywords)
        return np.where(np.abs(result) < np.finfo(np.float32).tiny, np.float32(0), result)

    judged = subject({"loss": flushing})
    failed, allowed = (WEIGHTS.judge(Run(judged, BINARY32, "accurate", ftz), "loss") for ftz in (False, True))
    assert failed.mode.endswith(": flushed subnormal")
    assert allowed.status == "passed"
