"""Exact arithmetic on enclosures, and what it forgets."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from stablelce.kernels.proof.balls import UNIT, Ball, Polynomial, power_of_two, working_precision
from stablelce.kernels.proof.enclosure import Enclosure, ProofError


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with working_precision():
        yield


def example(seed: int, order: int = 0) -> tuple[list[float], dict[int, list[float]], float]:
    """Coefficients of P and of the N_k, and the underflow."""
    source = random.Random(seed)
    main = [0.0] * order + [source.uniform(0.5, 1)] + [source.uniform(-1, 1) / 64**k for k in range(1, 9)]
    symbols = {k: [0.0] * order + [source.uniform(-1, 1) * 2.0**-20] for k in (1, 2 + seed)}
    return main, symbols, 2.0**-40 * seed


def enclosure(parts: tuple[list[float], dict[int, list[float]], float]) -> Enclosure:
    main, symbols, underflow = parts
    return Enclosure(Polynomial(main), {k: Polynomial(n) for k, n in symbols.items()}, Ball(underflow))


def value(
    parts: tuple[list[float], dict[int, list[float]], float], rho: float, eps: dict[int, float]
) -> Ball:
    """The variable for one rho and one choice of the errors; t is chosen as large as it may be."""
    main, symbols, underflow = parts
    at = Polynomial(main)(Ball(rho)) + eps[0] * Ball(underflow)
    return at + sum((Polynomial(n)(Ball(rho)) * eps[k] for k, n in symbols.items()), Ball(0))


@pytest.mark.parametrize("order", [0, 1])
def test_results_hold_the_results_of_members(order: int) -> None:
    a, b = example(1, order), example(2)
    results = {
        "plus": enclosure(a).plus(enclosure(b)),
        "minus": enclosure(a).minus(enclosure(b)),
        "times": enclosure(a).times(enclosure(b)),
        "over": enclosure(a).over(enclosure(b)),
        "scaled": enclosure(a).scaled(Ball(-3)),
    }
    source = random.Random(order)
    for _ in range(300):
        rho = source.choice((-1.0, 0.0, 1.0, source.uniform(-1, 1)))
        eps = {k: source.choice((-1.0, 1.0, source.uniform(-1, 1))) for k in range(5)}
        v, w = value(a, rho, eps), value(b, rho, eps)
        wanted = {"plus": v + w, "minus": v - w, "times": v * w, "over": v / w, "scaled": -3 * v}
        for name, result in results.items():
            assert (result.total(Ball(rho)) + UNIT * result.underflow).contains(wanted[name]), name


def test_a_symbol_cancels_and_balls_do_not() -> None:
    main = Polynomial([1])
    symbol = Enclosure(main, {7: Polynomial([power_of_two(-53)])})
    ball = Enclosure(main + power_of_two(-53) * UNIT)
    assert symbol.minus(symbol).total(UNIT) == 0
    assert float(ball.minus(ball).magnitude.upper) == pytest.approx(2.0**-52)


def test_a_quotient_times_its_denominator_is_the_numerator() -> None:
    a, b = enclosure(example(1)), enclosure(example(2))
    a.underflow = b.underflow = Ball(0)
    rest = a.over(b).times(b).minus(a)
    # The error symbols, of size 2^-20, cancel; their squares and what is cut off are left.
    assert float(rest.magnitude.upper) < 2.0**-36


def test_the_magnitude_keeps_the_power_of_rho() -> None:
    v = Enclosure(Polynomial([0, 0, 2, Ball(0.5)]), {1: Polynomial([0, 0, 0, Ball(0.25)])})
    assert v.magnitude.order == 2
    assert float(v.magnitude.lower) == pytest.approx(1.25)
    assert float(v.magnitude.upper) == pytest.approx(2.75)


@pytest.mark.parametrize(
    "denominator",
    [
        Enclosure(Polynomial([])),
        Enclosure(Polynomial([0, 1])),
        Enclosure(Polynomial([1, 1])),
        Enclosure(Polynomial([1]), underflow=Ball(1)),
        Enclosure(Polynomial([1]), {1: Polynomial([1])}),
    ],
)
def test_a_denominator_that_may_vanish_is_refused(denominator: Enclosure) -> None:
    with pytest.raises(ProofError, match="may vanish"):
        Enclosure(Polynomial([1])).over(denominator)
