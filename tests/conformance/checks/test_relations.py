from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance.checks.relations import (
    AFFINE,
    CONVEXITY,
    DIFFERENCE,
    MIRROR,
    MONOTONICITY,
    SIGN_AND_RANGE,
    exact_encodings,
    stencil,
)
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import PointCheck
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import fault, function, moved, outcome, scaled, subject

CHECKS = (SIGN_AND_RANGE, MIRROR, MONOTONICITY, CONVEXITY, DIFFERENCE, AFFINE)

formats = st.sampled_from(FORMATS)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("profile", [PROFILES[0], PROFILES[-1]])
def test_correctly_rounded_results_keep_every_relation(
    check: PointCheck, fmt: Format, profile: Profile
) -> None:
    for quantity in check.quantities:
        result = outcome(check, subject(), quantity, fmt, points=4, profile=profile, seed=1)
        assert result.status == "passed", result
        assert result.points > 0


def shown_to_fail(
    check: PointCheck, quantity: str, change: Any, fmt: Format = BINARY64, **arguments: Any
) -> None:
    """Show that a check fails for a change of one quantity, and by its own name."""
    result = outcome(check, fault(quantity, change), quantity, fmt, **arguments)
    assert result.status == "failed", result
    assert result.required
    assert 0 < result.failures <= result.points
    assert result.counterexample is not None
    assert result.counterexample.quantity == quantity
    assert result.mode == f"violates: {check.name}"


# -- sign and range --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "change"),
    [
        ("loss", lambda r, _z, _t: -r),
        ("loss", lambda r, _z, _t: r + 1),
        ("gradient", lambda r, _z, _t: r * 2),
        ("gradient", lambda r, _z, _t: -r),
        ("hessian", lambda r, _z, _t: r + 0.25),
        ("hessian", lambda r, _z, _t: r - 0.25),
        ("sigmoid", lambda r, _z, _t: 1 - r),
        ("softplus", lambda r, _z, _t: -r),
        ("softplus", lambda r, _z, _t: r + 1),
        ("log_sigmoid", lambda r, _z, _t: -r),
        ("log_sigmoid", lambda r, _z, _t: r - 1),
    ],
)
def test_a_result_out_of_its_range_is_found(quantity: str, change: Any) -> None:
    shown_to_fail(SIGN_AND_RANGE, quantity, change)


@pytest.mark.parametrize("profile", ["correctly-rounded", "faithful"])
def test_no_faithful_result_is_negative_where_the_exact_value_is_positive(profile: Profile) -> None:
    def below_zero(r: Any, _z: Any, _t: Any) -> Any:
        fmt = find_format(r.dtype)
        return np.where(r == 0, fmt.array([fmt.sign_bit | 1])[0], r).astype(r.dtype)

    shown_to_fail(SIGN_AND_RANGE, "hessian", below_zero, BINARY32, profile=profile)
    # One subnormal is within 4 ulps of a positive exact value.
    judged = fault("hessian", below_zero)
    assert outcome(SIGN_AND_RANGE, judged, "hessian", BINARY32, profile="accurate").status == "passed"


# -- mirror ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", MIRROR.quantities)
def test_asymmetry_is_found(quantity: str) -> None:
    def lopsided(r: Any, z: Any, _t: Any) -> Any:
        return np.where(z > 0, r * (1 + 2.0**-8), r).astype(r.dtype)

    shown_to_fail(MIRROR, quantity, lopsided)


def test_a_mirror_that_only_wears_a_sign_is_found() -> None:
    shown_to_fail(MIRROR, "gradient", lambda r, z, _t: np.where(z < 0, -r, r).astype(r.dtype))


# -- order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", MONOTONICITY.quantities)
def test_a_jump_against_the_order_is_found(quantity: str) -> None:
    def jagged(r: Any, z: Any, _t: Any) -> Any:
        odd = (find_format(z.dtype).encodings(z) & 1).astype(bool)
        return np.where(odd, r * (1 - 2.0**-6), r).astype(r.dtype)

    shown_to_fail(MONOTONICITY, quantity, jagged)


def test_a_single_float_against_the_order_fails_correct_rounding_only() -> None:
    def zigzag(r: Any, z: Any, _t: Any) -> Any:
        odd = (find_format(z.dtype).encodings(z) & 1).astype(bool)
        return np.where(odd, moved(-2)(r, z, None), r)

    shown_to_fail(MONOTONICITY, "softplus", zigzag, profile="correctly-rounded")
    judged = fault("softplus", zigzag)
    assert outcome(MONOTONICITY, judged, "softplus", BINARY64, profile="accurate").status == "passed"


def test_a_jump_over_many_floats_is_shown_at_a_single_point() -> None:
    # Each run of 1024 floats is right within itself; the step between runs goes the wrong way.
    def stairs(r: Any, z: Any, _t: Any) -> Any:
        low = (find_format(z.dtype).encodings(z) >> np.uint64(10)) & np.uint64(1)
        return np.where(low.astype(bool), r * (1 - 2.0**-6), r).astype(r.dtype)

    shown_to_fail(MONOTONICITY, "softplus", stairs)


def test_order_is_asked_for_between_neighbours_and_over_two_wider_steps() -> None:
    calls: list[Any] = []

    def softplus(z: Any) -> Any:
        calls.append(BINARY32.ordinals(BINARY32.encodings(z)))
        return function("softplus")(z)

    z = np.arange(0x3F800000, 0x3F800009, dtype=np.uint32)
    run = Run(subject({"softplus": softplus}), BINARY32, "accurate")
    assert MONOTONICITY.judge(run, "softplus", z, np.zeros_like(z)).judged.all()
    below, above = calls
    assert sorted(set((above - below).tolist())) == [1, 7, 1024]


def test_a_concave_kink_is_found() -> None:
    shown_to_fail(CONVEXITY, "loss", lambda r, _z, _t: np.minimum(r, 3).astype(r.dtype))


def test_what_is_concave_at_a_quarter_and_at_four_fails_once() -> None:
    one = BINARY32.encodings(np.ones(1, np.float32))
    concave = subject({"loss": lambda z, _t: -z * z})
    assert CONVEXITY.judge(Run(concave, BINARY32, "accurate"), "loss", one, one).failed.all()


def test_convexity_is_asked_for_at_a_quarter_and_at_four_to_both_sides() -> None:
    seen: set[float] = set()

    def loss(z: Any, t: Any) -> Any:
        seen.update(z.tolist())
        return function("loss")(z, t)

    one = BINARY32.encodings(np.ones(1, np.float32))
    result = CONVEXITY.judge(Run(subject({"loss": loss}), BINARY32, "accurate"), "loss", one, one)
    assert result.judged.all()
    assert not result.failed.any()
    assert seen == {1.0, 0.75, 1.25, -3.0, 5.0}


def test_a_loss_off_in_one_target_breaks_the_difference() -> None:
    shown_to_fail(DIFFERENCE, "loss", lambda r, _z, t: np.where(t == 1, r * 1.01, r).astype(r.dtype))


def test_a_loss_that_is_not_affine_in_the_target_is_found() -> None:
    def squared(_r: Any, z: Any, t: Any) -> Any:
        return function("loss")(z, (t * t).astype(t.dtype))

    shown_to_fail(AFFINE, "loss", squared)


def test_a_scaled_loss_is_still_affine_convex_and_symmetric() -> None:
    # So these checks are no copies of "accuracy": each one finds what it is named for.
    for check in (AFFINE, CONVEXITY, MIRROR):
        assert outcome(check, fault("loss", scaled(1.5)), "loss", BINARY64).status == "passed"


def test_a_result_that_is_not_finite_is_left_to_accuracy() -> None:
    nothing = fault("loss", lambda r, _z, _t: np.full_like(r, np.nan))
    for check in CHECKS:
        result = outcome(check, nothing, "loss", BINARY32)
        assert (result.status, result.points) == ("not applicable", 0)


# -- building blocks -------------------------------------------------------------------------------


@given(formats, st.lists(st.fractions(min_value=-(10**6), max_value=10**6) | st.none(), max_size=5))
def test_only_representable_values_are_encoded(fmt: Format, values: list[Fraction | None]) -> None:
    encodings, exactly = exact_encodings(fmt, values)
    for value, encoding, exact in zip(values, encodings.tolist(), exactly.tolist(), strict=True):
        if exact:
            assert fmt.to_fraction(encoding) == value
        elif value is not None:
            overflows = abs(value) > fmt.to_fraction(fmt.max_finite)
            too_long = abs(value.numerator).bit_length() > fmt.precision
            assert overflows or too_long or value.denominator & (value.denominator - 1)


def test_a_value_beyond_the_format_is_not_encoded() -> None:
    _, exactly = exact_encodings(BINARY16, [Fraction(65504), Fraction(65536), Fraction(1, 3), None])
    assert exactly.tolist() == [True, False, False, False]


@given(st.data(), formats, st.integers(-8, 2))
def test_a_stencil_is_exact_and_evenly_spaced(data: st.DataObject, fmt: Format, exponent: int) -> None:
    magnitude = data.draw(st.integers(0, fmt.max_finite))
    sign = data.draw(st.sampled_from([0, fmt.sign_bit]))
    low, mid, high, (step,) = stencil(fmt, np.array([magnitude | sign], dtype=fmt.uint), exponent)
    values = [fmt.to_fraction(int(part[0])) for part in (low, mid, high)]
    assert values[1] - values[0] == values[2] - values[1] == step >= Fraction(2) ** exponent
    asked = fmt.to_fraction(magnitude | sign)
    at_the_edge = values[1] == 0
    assert abs(values[1] - asked) <= step or at_the_edge


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_at_the_edge_of_the_format_the_stencil_moves_to_zero(fmt: Format) -> None:
    low, mid, high, steps = stencil(fmt, np.array([fmt.max_finite], dtype=fmt.uint), 0)
    assert [fmt.to_fraction(int(part[0])) for part in (low, mid, high)] == [-1, 0, 1]
    assert steps == [1]


def test_a_counterexample_of_a_relation_shows_the_result_that_was_judged() -> None:
    result = outcome(DIFFERENCE, fault("loss", scaled(1.5)), "loss", BINARY32)
    example = result.counterexample
    assert example is not None
    assert example.got is not None
    assert example.want is not None
    assert example.got.bits != example.want.bits
