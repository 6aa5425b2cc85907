"""Rounding errors of single operations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stablelce.kernels.proof.balls import Ball, Polynomial, power_of_two, working_precision
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.proof.floats import HALF_TINY, Float, constant, named, rounded

U = 2.0**-53


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with working_precision():
        yield


def radius(v: Float) -> float:
    return float(v.total(Ball(1)).rad())


def test_an_operation_errs_by_half_an_ulp_of_its_result() -> None:
    three, seven = constant(3.0), constant(7.0)
    for result, size in [
        (three + seven, 10),
        (three - seven, 4),
        (1.0 - three, 2),
        (three * seven, 21),
        (three * 7.0, 21),
        (three / seven, 3 / 7),
        (3.0 / seven, 3 / 7),
    ]:
        assert radius(result) == pytest.approx(size * U)


def test_negation_and_powers_of_two_are_exact_but_for_underflow() -> None:
    v = constant(0.1)
    for result in (-v, 2.0 * v, 0.5 * v, v * -0.125):
        assert radius(result) == 0
    assert (-v).underflow == 0
    assert (0.5 * v).underflow == HALF_TINY


def test_sums_do_not_underflow_and_products_do() -> None:
    v = constant(2.0**-1000)
    assert (v + v).underflow == 0
    assert (v * v).underflow == HALF_TINY
    assert (v / constant(3.0)).underflow == HALF_TINY


def test_a_rounding_error_vanishes_with_its_result() -> None:
    v = rounded(Float(Polynomial([0, 0, 1, 1])))
    assert v.magnitude.order == 2


def test_an_error_with_a_name_is_what_the_low_word_takes_back() -> None:
    exact = Float(Polynomial([1, Ball(0.01)]))
    high, low = named(exact)
    assert radius(high) == pytest.approx(1.01 * U)
    assert high.plus(low).minus(exact).total(Ball(1)) == 0


def test_the_balls_of_a_named_number_cancel_in_a_residual() -> None:
    uncertain = rounded(Float(Polynomial([Ball(3)])))
    quotient = uncertain / constant(7.0)
    residual = uncertain.minus(quotient.times(constant(7.0)))
    # The quotient's balls have a name from then on, the numerator's have none. Arb keeps radii to 30 bits.
    assert float(residual.magnitude.upper) == pytest.approx(9 * U, rel=2.0**-24)
    again = quotient.times(constant(7.0)).minus(quotient.scaled(Ball(7)))
    assert float(again.magnitude.upper) < 2.0**-100


def test_a_number_that_may_be_too_large_is_refused() -> None:
    v = Float(Polynomial([power_of_two(999)]))
    assert (v + 1.0).magnitude.upper < power_of_two(1000)
    with pytest.raises(ProofError, match="too large"):
        v + v
    with pytest.raises(ProofError, match="too large"):
        v * v
    with pytest.raises(ProofError, match="too large"):
        v * float("nan")
