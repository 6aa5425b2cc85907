"""What an enclosure answers holds for every element, and what it leaves open is open."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BFLOAT16, BINARY16, BINARY64, FORMATS, Format
from stablelce.oracle.decomposition import QUANTITIES, decompose
from stablelce.oracle.dyadic import ONE, Dyadic
from stablelce.oracle.enclosure import FIRST_TAIL, Enclosure, enclose, refinements
from stablelce.oracle.mpmath_backend import bounds
from stablelce.ulp import ulp_exponent
from tests.oracle import reference

# Around midpoints, powers of two and zero of the short formats: small integers times a power of two.
exponents = st.integers(-140, 20)


@st.composite
def enclosures(draw: st.DrawFn) -> Enclosure:
    low = draw(st.integers(-5000, 5000))
    return Enclosure(low, low + draw(st.integers(0, 6)), draw(exponents))


def elements(enclosure: Enclosure) -> Iterator[Fraction]:
    """Both extremes of the open interval, nearer to its ends than any midpoint can be, and the middle."""
    low, high = (end.fraction() for end in enclosure.ends())
    for weight in (Fraction(1, 2**400), Fraction(1, 2), 1 - Fraction(1, 2**400)):
        yield low + (high - low) * weight


@given(enclosures(), st.sampled_from([BINARY16, BFLOAT16]))
def test_rounded_is_the_encoding_of_every_element_or_open(enclosure: Enclosure, fmt: Format) -> None:
    encodings = {fmt.round(x) for x in elements(enclosure)}
    if not enclosure.is_point and enclosure.low < 0 < enclosure.high:
        encodings |= {0, fmt.sign_bit}  # both signs are inside, so the sign of a zero is open as well
    assert enclosure.rounded(fmt) == (encodings.pop() if len(encodings) == 1 else None)


@given(enclosures(), st.sampled_from([BINARY16, BFLOAT16]))
def test_ulp_exponent_is_that_of_every_element_or_open(enclosure: Enclosure, fmt: Format) -> None:
    exponents = {ulp_exponent(x, fmt) for x in elements(enclosure)}
    if enclosure.low < 0 < enclosure.high:
        exponents.add(fmt.quantum)  # zero lies inside
    assert enclosure.ulp_exponent(fmt) == (exponents.pop() if len(exponents) == 1 else None)


def test_an_end_at_zero_is_no_element() -> None:
    assert (Enclosure(0, 3, -2).sign(), Enclosure(-3, 0, -2).sign()) == (1, -1)
    assert (Enclosure(0, 0, -2).sign(), Enclosure(-1, 1, -2).sign()) == (0, None)


@given(enclosures())
def test_sign_is_that_of_every_element_or_open(enclosure: Enclosure) -> None:
    signs = {(x > 0) - (x < 0) for x in elements(enclosure)}
    if enclosure.low < 0 < enclosure.high:
        signs |= {-1, 1}
    assert enclosure.sign() == (signs.pop() if len(signs) == 1 else None)


@given(enclosures(), st.integers(-5000, 5000), exponents)
def test_subtraction_from_a_value_keeps_the_elements(enclosure: Enclosure, m: int, e: int) -> None:
    low, high = (end.fraction() for end in enclosure.ends())
    value = Dyadic(m, e)
    got = tuple(end.fraction() for end in enclosure.subtracted_from(value).ends())
    assert got == (value.fraction() - high, value.fraction() - low)


@given(enclosures(), st.integers(-150, 30))
def test_is_narrower_never_says_so_of_a_wide_interval(enclosure: Enclosure, exponent: int) -> None:
    low, high = (end.fraction() for end in enclosure.ends())
    if enclosure.is_narrower(exponent):
        assert high - low < Fraction(2) ** exponent
    else:
        assert 2 * (high - low) >= Fraction(2) ** exponent


@pytest.mark.parametrize("sign", [1, -1])
def test_an_end_on_a_midpoint_or_power_of_two_is_not_an_element(sign: int) -> None:
    """(1, 1 + 2^-1200): above 1 by less than anything that can be written."""
    one = 1 << 1200
    above = Enclosure(one, one + 1, -1200) if sign > 0 else Enclosure(-one - 1, -one, -1200)
    below = Enclosure(one - 1, one, -1200) if sign > 0 else Enclosure(-one, 1 - one, -1200)
    for fmt in FORMATS:
        assert above.ulp_exponent(fmt) == 1 - fmt.precision
        assert below.ulp_exponent(fmt) == -fmt.precision
        assert above.rounded(fmt) == below.rounded(fmt) == fmt.round(Fraction(sign))
    midpoint = (1 << 53) + 1  # between two floats at 2^53; the even one is below
    up = Enclosure(midpoint << 1200, (midpoint << 1200) + 1, -1200)
    assert up.rounded(BINARY64) == BINARY64.round(Fraction(midpoint + 1))
    down = Enclosure((midpoint << 1200) - 1, midpoint << 1200, -1200)
    assert down.rounded(BINARY64) == BINARY64.round(Fraction(midpoint - 1))


@given(st.sampled_from(QUANTITIES), st.floats(-700, 700), st.floats(0, 1), st.sampled_from([0.1, 1.0, 1e300]))
def test_each_refinement_holds_the_value_and_is_narrower(q: str, z: float, t: float, p: float) -> None:
    p = 1.0 if q in ("sigmoid", "softplus", "log_sigmoid") else p
    parts = decompose(q, Dyadic.of(z), Dyadic.of(t), ONE, Dyadic.of(p))
    value = reference.value(q, Fraction(z), Fraction(t), pos_weight=Fraction(p))
    # The reference is good to 2^-2900 of the terms, at most 2^1010 * p: 2^-800 in all, below each width.
    slack = Fraction(1, 2**800)
    widths = []
    for enclosure in islice(refinements(parts, bounds), 3):
        low, high = (end.fraction() for end in enclosure.ends())
        assert low - slack <= value <= high + slack
        widths.append(high - low)
    assert widths[2] < widths[1] < widths[0] or widths == [0, 0, 0]


@pytest.mark.parametrize("quantity", ["loss", "sigmoid", "hessian"])
def test_a_remainder_in_the_far_tail_is_bounded_without_being_computed(quantity: str) -> None:
    def refuse(*_: object) -> Enclosure:
        raise AssertionError("a remainder of exp(-1e300) was to be computed")

    parts = decompose(quantity, Dyadic.of(-1e300), Dyadic.of(0.0), ONE, ONE)
    assert enclose(parts, refuse, 128, FIRST_TAIL) == Enclosure(0, 1, -FIRST_TAIL)


@pytest.mark.parametrize("tail", [1200, 2400, 9600])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "hessian"])
def test_what_is_not_computed_lies_below_the_tail(name: str, tail: int) -> None:
    """At the least argument that is left out, 0.6932 * tail, the remainder is below 2^-tail."""
    a = Fraction(6932 * tail, 10000)
    least = Fraction(-(-a.numerator * 2**20 // a.denominator), 2**20)
    parts = decompose(name, Dyadic.of(-least), Dyadic.of(0), ONE, ONE)
    assert enclose(parts, bounds, 128, tail) == Enclosure(0, 1, -tail)
    computed = bounds(parts.remainder, parts.argument, 128)
    assert computed.ends()[1] < Dyadic(1, -tail)
