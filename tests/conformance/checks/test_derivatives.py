from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.derivatives import FINITE_DIFFERENCE
from stablelce.conformance.contract import PROFILES, Profile
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
