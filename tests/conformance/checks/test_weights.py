from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.weights import WEIGHTS
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import finding, function, moved, subject


@pytest.mark.unmeasured
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
