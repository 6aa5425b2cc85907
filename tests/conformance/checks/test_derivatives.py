from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.derivatives import FINITE_DIFFERENCE
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import allowance, gradient_allowance
from stablelce.formats import BFLOAT16, BINARY32, BINARY64, FORMATS, Format
from tests.conformance.correct import fault, function, offering, outcome, scaled, subject


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("quantity", FINITE_DIFFERENCE.quantities)
def test_correctly_rounded_derivatives_agree(quantity: str, profile: Profile, fmt: Format) -> None:
    result = outcome(FINITE_DIFFERENCE, subject(), quantity, fmt, points=6, profile=profile)
    assert result.status in ("passed", "inconclusive"), result
    assert result.failures == 0
    if fmt in (BINARY32, BINARY64) and profile in ("correctly-rounded", "faithful"):
        assert result.points > 0


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", FINITE_DIFFERENCE.quantities)
def test_a_scaled_derivative_is_found(quantity: str, fmt: Format) -> None:
    result = outcome(FINITE_DIFFERENCE, fault(quantity, scaled(1.25)), quantity, fmt)
    assert (result.status, result.required) == ("failed", True)
    assert result.mode == "violates: finite difference"


def test_a_hessian_of_another_function_is_found() -> None:
    judged = subject({"hessian": lambda z, _t: function("sigmoid")(z)})
    result = outcome(FINITE_DIFFERENCE, judged, "hessian", BINARY64)
    assert result.status == "failed"


def test_a_gradient_of_the_wrong_sign_is_found_even_where_the_bound_exceeds_the_signal() -> None:
    result = outcome(FINITE_DIFFERENCE, fault("gradient", lambda r, _z, _t: -r), "gradient", BFLOAT16)
    assert result.status == "failed"


def test_where_rounding_drowns_the_difference_the_check_says_so() -> None:
    # bfloat16 has 8 bits: the loss moves by less than its allowance over any step short enough.
    result = outcome(FINITE_DIFFERENCE, subject(), "hessian", BFLOAT16)
    assert result.status in ("passed", "inconclusive")
    assert result.points < 60, "most points can tell nothing"
    if result.status == "inconclusive":
        assert "the bound exceeds the signal" in result.message


@pytest.mark.parametrize(
    ("quantity", "functions"),
    [("gradient", ["gradient"]), ("hessian", ["hessian"]), ("hessian", ["hessian", "loss"])],
    ids=str,
)
def test_without_the_function_below_there_is_nothing_to_compare(quantity: str, functions: list[str]) -> None:
    judged: Any = offering({name: function(name) for name in functions})
    result = outcome(FINITE_DIFFERENCE, judged, quantity, BINARY64)
    assert (result.status, result.points) == ("not applicable", 0)


def test_the_third_derivatives_stay_below_the_constants_of_the_bound() -> None:
    # y(1-y)(1-2y) has its extrema at y = (3 +- sqrt 3)/6, with value 1/(6 sqrt 3) = 0.09622...;
    # y(1-y)(1-6y+6y^2) is largest in magnitude at y = 1/2, with value -1/8. A grid misses an extremum
    # by h^2 max|f''| / 2 < (1/2^13)^2 * 48 / 2 < 1e-6.
    y = np.linspace(0, 1, 2**12 + 1)
    assert 0.0962 < np.abs(y * (1 - y) * (1 - 2 * y)).max() < 0.0963 - 1e-6
    assert np.abs(y * (1 - y) * (1 - 6 * y + 6 * y * y)).max() == 0.125


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("z", [8.0, 3.0, 0.5, 0.0, -0.75, -2.0])
@pytest.mark.parametrize(
    ("quantity", "primitive", "third"), [("gradient", "loss", 0.0963), ("hessian", "gradient", 0.125)]
)
def test_a_derivative_may_differ_by_rounding_and_by_the_remainder_and_by_no_more(
    quantity: str, primitive: str, third: float, z: float, side: int
) -> None:
    fmt, bound, h, t = BINARY32, 4, Fraction(1, 256), Fraction(1, 4)  # 2^-8: a third of 24 bits

    def allowed(name: str, at: Fraction, result: Fraction) -> Fraction:
        of_gradient = name == "gradient"
        return gradient_allowance(fmt, at, t, bound) if of_gradient else allowance(fmt, result, bound)

    def value(name: str, at: Fraction) -> Fraction:
        result = function(name)(*(np.array([float(part)], np.float32) for part in (at, t)))
        return Fraction(float(result[0]))

    low, high = (Fraction(z) - h, Fraction(z) + h)
    quotient = (value(primitive, high) - value(primitive, low)) / (2 * h)
    rounding = sum(allowed(primitive, at, value(primitive, at)) for at in (low, high)) / (2 * h)
    remainder = h * h / 6 * Fraction(min(third, math.exp(-max(abs(z) - float(h), 0))))

    def fails(result: float) -> bool:
        judged = subject({quantity: lambda z, _t: np.full_like(z, result)})
        arrays = (fmt.encodings(np.array([float(part)], np.float32)) for part in (z, t))
        judgement = FINITE_DIFFERENCE.judge(Run(judged, fmt, "accurate"), quantity, *arrays)
        return bool(judgement.failed[0])

    def is_within(result: Fraction, slack: Fraction) -> bool:
        own = allowed(quantity, Fraction(z), result)
        return abs(quotient - result) <= rounding + own + remainder * slack

    # The last float within the bound, and the first that is beyond it by 2 % of the remainder too.
    near, far = quotient, quotient + side * 8 * (rounding + remainder)
    middle = np.float32(float(quotient + side * (rounding + remainder)))
    floats = [middle]
    while is_within(Fraction(float(floats[-1])), Fraction(102, 100)):
        floats.append(np.nextafter(floats[-1], np.float32(float(far))))
    inside = floats[-1]
    while not is_within(Fraction(float(inside)), Fraction(1)):
        inside = np.nextafter(inside, np.float32(float(near)))
    assert not fails(float(inside))
    assert fails(float(floats[-1]))
