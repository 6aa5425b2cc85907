"""Two libraries, two sets of formulas, one answer: mpmath and Arb agree, and neither is slow anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import pytest

from stablelce.conformance.hard_cases import points as hard_cases
from stablelce.formats import BINARY64, FORMATS, Format, UIntArray
from stablelce.oracle import arb_backend, exact, expected, mpmath_backend
from stablelce.oracle.decomposition import FUNCTIONS_OF_Z, QUANTITIES
from stablelce.oracle.enclosure import Backend
from stablelce.oracle.exact import backend
from tests.oracle.cases import points

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

# An oracle is slow where it computes exp(-z) to as many bits as z is large, or raises the precision without
# a decision: that takes seconds or forever, while a decision takes less than a millisecond. The best of
# three attempts counts, since a busy machine may hold up any single one.
LIMIT = 0.050


def assert_agreement(fmt: Format, z: UIntArray, t: UIntArray, quantity: str) -> None:
    targets = None if quantity in FUNCTIONS_OF_Z else t
    by_arb, by_mpmath = (expected(quantity, z, targets, fmt, using) for using in ("arb", "mpmath"))
    for name in ("encodings", "units", "sides"):
        differ = getattr(by_arb, name) != getattr(by_mpmath, name)
        assert not differ.any(), f"{name} of {quantity} differ at {z[differ][:3]}, {t[differ][:3]}"


def agree(fmt: Format, count: int, seed: int) -> None:
    """Every quantity on its own share of the points, each share with all regions in it."""
    z, t = points(fmt, count, seed)
    assert len(z) >= count
    for i, quantity in enumerate(QUANTITIES):
        assert_agreement(fmt, z[i :: len(QUANTITIES)], t[i :: len(QUANTITIES)], quantity)


def test_the_two_opinions_come_from_two_libraries() -> None:
    assert backend("arb") is arb_backend.bounds
    assert backend("mpmath") is mpmath_backend.bounds


@formats
def test_the_backends_agree_on_two_thousand_points(fmt: Format) -> None:
    agree(fmt, 2000, seed=1)


@pytest.mark.deep
@formats
def test_the_backends_agree_on_a_hundred_thousand_points(
    fmt: Format, record_property: Callable[[str, object], None]
) -> None:
    agree(fmt, 100_000, seed=2)
    record_property("inputs", 100_000)


@formats
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_backends_agree_on_every_hard_case(fmt: Format, quantity: str) -> None:
    z, t, _ = hard_cases(fmt)
    assert_agreement(fmt, z, t, quantity)


@pytest.mark.parametrize("bounds", ["arb", "mpmath"])
@formats
def test_every_hard_case_is_decided_in_time(fmt: Format, bounds: str) -> None:
    for z, t, name in zip(*hard_cases(fmt), strict=True):
        for quantity in QUANTITIES:
            seconds = best_of_three(quantity, fmt.to_fraction(int(z)), fmt.to_fraction(int(t)), fmt, bounds)
            assert seconds < LIMIT, f"{quantity} at {name!r} took {seconds:.3f} s"


@pytest.mark.parametrize("using", ["arb", "mpmath"])
@pytest.mark.parametrize("pos_weight", [Fraction(1), Fraction(2) ** 1000, Fraction(1, 2**1074)])
@pytest.mark.parametrize(
    ("z", "t"),
    [
        (Fraction(2) ** 50, Fraction(1, 4)),
        (Fraction(1e300), Fraction(1, 4)),
        (Fraction(-2000), Fraction(1, 2**54)),
        (Fraction(-2000), Fraction(1, 2**1074)),
        (Fraction(1, 2**1074), Fraction(1, 2)),
        (Fraction(2) ** 100000, Fraction(3, 8)),
    ],
)
def test_an_extreme_input_with_weights_is_decided_in_time(
    z: Fraction, t: Fraction, pos_weight: Fraction, using: str
) -> None:
    for quantity in ("loss", "gradient", "hessian"):
        seconds = best_of_three(quantity, z, t, BINARY64, using, pos_weight)
        assert seconds < LIMIT, f"{quantity} took {seconds:.3f} s"


def best_of_three(
    quantity: str, z: Fraction, t: Fraction, fmt: Format, using: str, pos_weight: Fraction = Fraction(1)
) -> float:
    """Seconds for the encoding and the ulp; further attempts only where the first was slow."""
    p = Fraction(1) if quantity in FUNCTIONS_OF_Z else pos_weight
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        value = exact(quantity, z, t, fmt, pos_weight=p, using=using)
        assert value.ulp_exponent >= fmt.quantum
        best = min(best, time.perf_counter() - start)
        if best < LIMIT:
            break
    return best


def test_a_disagreement_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one backend off by 2^-50 of the remainder, the comparison above fails."""

    def off(remainder: str, argument: object, precision: int) -> object:
        enclosure = right(remainder, argument, precision)  # type: ignore[arg-type]  # passed on as it came
        shift = enclosure.high >> 50
        return type(enclosure)(enclosure.low + shift, enclosure.high + shift, enclosure.exponent)

    right: Backend = mpmath_backend.bounds
    monkeypatch.setattr(mpmath_backend, "bounds", off)
    backend.cache_clear()
    try:
        with pytest.raises(AssertionError, match="differ at"):
            agree(BINARY64, 100, seed=3)
    finally:
        backend.cache_clear()
