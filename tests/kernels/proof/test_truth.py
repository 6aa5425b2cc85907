"""The exact results over a cell, against mpmath."""

from __future__ import annotations

import mpmath
import pytest

from stablelce.kernels.proof.balls import Ball, Polynomial, upward, working_precision
from stablelce.kernels.proof.enclosure import Enclosure, ProofError
from stablelce.kernels.proof.truth import sigmoid_error, softplus_error

CELLS = [0, 1, 17, 40, 700, 1280, 22080]
ERRORS = {"softplus": softplus_error, "sigmoid": sigmoid_error}


def true(quantity: str, index: int, rho: float) -> mpmath.mpf:
    e = mpmath.exp(-(mpmath.mpf(index) / 32 + mpmath.mpf(rho) / 64))
    return mpmath.log1p(e) if quantity == "softplus" else e / (1 + e)


@pytest.mark.parametrize("quantity", ERRORS)
@pytest.mark.parametrize("index", CELLS)
def test_the_error_of_a_constant_is_its_distance_from_the_curve(quantity: str, index: int) -> None:
    with working_precision(), mpmath.workprec(200):
        centre = true(quantity, index, 0.0)
        for factor in (1, 3):
            number = Ball(str(centre * factor))
            found = upward(ERRORS[quantity](Enclosure(Polynomial([number])), index))
            wanted = max(
                abs(centre * factor - value) / value
                for value in (true(quantity, index, rho) for rho in (-1.0, -0.5, 0.0, 0.5, 1.0))
            )
            # Numerator and denominator are bounded apart, and a curve changes by 1/63 from middle to end.
            assert wanted <= found <= wanted * 1.04


@pytest.mark.parametrize("quantity", ERRORS)
@pytest.mark.parametrize("index", CELLS)
def test_the_curve_through_many_points_is_on_the_curve(quantity: str, index: int) -> None:
    with working_precision(), mpmath.workprec(300):
        # Interpolation in 13 Chebyshev points errs by far less than 2^-75 here.
        nodes = [float(mpmath.cos((2 * k + 1) * mpmath.pi / 26)) for k in range(13)]
        values = [true(quantity, index, node) for node in nodes]
        solution = mpmath.lu_solve(
            mpmath.matrix([[mpmath.mpf(x) ** k for k in range(13)] for x in nodes]), values
        )
        curve = Polynomial([Ball(mpmath.nstr(c, 60)) for c in solution])
        assert upward(ERRORS[quantity](Enclosure(curve), index)) < 2.0**-80


def test_underflow_counts() -> None:
    with working_precision(), mpmath.workprec(200):
        number = Ball(str(true("softplus", 0, 0.0)))
        exact = Enclosure(Polynomial([number]))
        loose = Enclosure(Polynomial([number]), underflow=Ball(0.25))
        assert upward(softplus_error(loose, 0)) > upward(softplus_error(exact, 0)) + 0.3


def test_nothing_is_said_where_the_precision_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stablelce.kernels.proof.truth._centre", lambda _: Ball(0, 1000))
    with pytest.raises(ProofError, match="may vanish"):
        softplus_error(Enclosure(Polynomial([1])), 0)
