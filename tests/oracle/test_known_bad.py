"""Oracles that look right and are not: for each, a search finds an input where it is wrong.

They are the ways in which reference values are often made. Each search runs over a stated set and stops at
the first input where the bad oracle and ours differ; there the defining formula in Arb's balls, with four
times the bits that the smallest term needs, lies wholly inside what rounds to our encoding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx

from stablelce.formats import BINARY32, BINARY64, FORMATS, Format
from stablelce.oracle import exact
from stablelce.oracle.decomposition import decompose
from stablelce.oracle.dyadic import ONE, Dyadic
from tests.oracle.reference import to_fraction

Point = tuple[float, float]
BadOracle = Callable[[float, float], int]


def first_difference(quantity: str, bad: BadOracle, inputs: Iterable[Point], fmt: Format = BINARY64) -> Point:
    """The first input where a bad oracle is wrong, and proof that ours is not."""
    for z, t in inputs:
        ours = exact(quantity, z, t, fmt).encoding
        if bad(z, t) != ours:
            assert roundings(quantity, z, t, fmt) == {ours}
            return z, t
    raise AssertionError(f"this bad oracle of {quantity} was not found out")


def roundings(quantity: str, z: float, t: float, fmt: Format) -> set[int]:
    """What the two ends of Arb's ball around the defining formula round to."""
    with ctx.workprec(4 * (1200 + 2 * math.ceil(abs(z)))):  # exp(-|z|) > 2^(-2|z|); 1200 for the format
        x, target = arb(z), arb(t)
        value = {
            "loss": lambda: target * (1 + (-x).exp()).log() + (1 - target) * (1 + x.exp()).log(),
            "gradient": lambda: 1 / (1 + (-x).exp()) - target,
            "sigmoid": lambda: 1 / (1 + (-x).exp()),
            "log_sigmoid": lambda: -(1 + (-x).exp()).log(),
        }[quantity]()
        ends = (end.man_exp() for end in (value.lower(), value.upper()))
        return {fmt.round_dyadic(int(m), int(e)) for m, e in ends}


def logits(low: int, high: int, step: float = 1.0) -> Iterable[Point]:
    """low, low + step, ... with t = 0."""
    return ((low + k * step, 0.0) for k in range(int((high - low) / step)))


def test_log_of_sigmoid_at_a_hundred_digits_is_zero_too_early() -> None:
    def bad(z: float, _: float) -> int:
        with mpmath.workdps(100):
            return BINARY64.round(to_fraction(mpmath.log(1 / (1 + mpmath.exp(-mpmath.mpf(z))))))

    z, _ = first_difference("log_sigmoid", bad, logits(1, 700))
    assert z < 232  # exp(-z) < 10^-100 from 231 on
    for far in (240.0, 400.0, 700.0):
        assert bad(far, 0.0) & ~BINARY64.sign_bit == 0
        assert exact("log_sigmoid", far).sign == -1
        assert exact("log_sigmoid", far).encoding != BINARY64.sign_bit


def test_float_of_an_mpf_rounds_a_subnormal_twice() -> None:
    """First to 53 bits, then to the bits that a subnormal has."""

    def bad(z: float, _: float) -> int:
        with mpmath.workprec(500):
            return int(BINARY64.encodings([float(1 / (1 + mpmath.exp(-mpmath.mpf(z))))])[0])

    z, _ = first_difference("sigmoid", bad, logits(-713, -708, 2.0**-4))
    assert BINARY64.is_subnormal(exact("sigmoid", z).encoding)


def test_a_longer_format_rounds_a_shorter_one_twice() -> None:
    """The right binary64 result, rounded to binary32: wrong where it fell on a midpoint."""

    def bad(z: float, t: float) -> int:
        return BINARY32.round(BINARY64.to_fraction(exact("loss", z, t).encoding))

    # 3/4 * (2^23 + k) with odd k has 25 bits: a midpoint of binary32, and exp(-128) is far below 2^-53.
    first_difference("loss", bad, (((2**23 + k) / 2**16, 0.25) for k in range(20)), BINARY32)


@pytest.mark.parametrize("bits", [200, 1000, 2000])
def test_no_fixed_working_precision_suffices(bits: int) -> None:
    def bad(z: float, t: float) -> int:
        with mpmath.workprec(bits):
            x, target = mpmath.mpf(z), mpmath.mpf(t)
            ramp, tail = x * (1 - target), mpmath.log(1 + mpmath.exp(-x))
            return BINARY64.round(to_fraction(ramp + tail))

    # In two thirds of each binade 3/4 * z has the ulp of z, and with z = 2 ulp (mod 4 ulp) it is a midpoint.
    candidates = ((z + k * math.ulp(z), 0.25) for z in map(float, range(64, 2064, 8)) for k in (2, 6))
    z, _ = first_difference("loss", bad, candidates)
    assert z > 0.69 * (bits - 64)  # before, the sum still holds exp(-z) = 2^(-z / log 2)


def test_a_remainder_that_is_dropped_leaves_a_tie() -> None:
    """The exact part, rounded, once the remainder is too small to be added."""

    def bad(z: float, t: float) -> int:
        parts = decompose("loss", Dyadic.of(z), Dyadic.of(t), ONE, ONE)
        assert parts.argument.floor_log2() >= 6  # remainder below 2^-92
        return BINARY64.round(parts.base.fraction())

    first_difference("loss", bad, ((64.0 + k * 2.0**-46, 0.25) for k in range(1, 20)))


def test_a_dropped_remainder_shows_in_the_gradient_as_well() -> None:
    def bad(_: float, t: float) -> int:
        return BINARY64.round(1 - Fraction(t))

    _, t = first_difference("gradient", bad, ((200.0, k * 2.0**-54) for k in range(1, 20)))
    assert t == 2.0**-54


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_an_exact_part_alone_is_wrong_in_every_format(fmt: Format) -> None:
    def bad(z: float, t: float) -> int:
        return fmt.round(Fraction(z) * (1 - Fraction(t)))

    p = fmt.precision
    first_difference("loss", bad, ((64 + k * 2.0 ** (7 - p), 0.25) for k in range(8)), fmt)


def test_binary64_arithmetic_is_no_oracle_for_binary64() -> None:
    def bad(z: float, t: float) -> int:
        value = t * math.log1p(math.exp(-z)) + (1 - t) * math.log1p(math.exp(z))
        return int(BINARY64.encodings([value])[0])

    first_difference("loss", bad, ((k / 8, 0.3) for k in range(1, 100)))
    assert bad(-40.0, 1.0) == exact("loss", -40.0, 1.0).encoding  # right here and there is not enough


def test_the_search_reports_an_oracle_that_is_not_wrong() -> None:
    with pytest.raises(AssertionError, match="was not found out"):
        first_difference("loss", lambda z, t: exact("loss", z, t).encoding, [(1.0, 0.5), (40.0, 0.25)])
