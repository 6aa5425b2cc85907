"""Arrays of expected results: the same as one value at a time, and errors read from three numbers."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY16, BINARY64, FORMATS, Format, UIntArray
from stablelce.oracle import Expected, batch, exact, expected
from stablelce.oracle.batch import gradient_unit_exponent
from stablelce.oracle.decomposition import QUANTITIES
from stablelce.oracle.dyadic import Dyadic
from stablelce.oracle.exact import backend
from stablelce.ulp import ulp_exponent
from tests.oracle import reference
from tests.oracle.cases import points

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
quantities = pytest.mark.parametrize("quantity", QUANTITIES)


def results(rng: np.random.Generator, answer: Expected) -> UIntArray:
    """Results to judge: near the right ones, far from them, of the other sign, zeros, inf and NaN."""
    fmt, count = answer.format, len(answer.encodings)
    near = fmt.from_ordinals(fmt.ordinals(answer.encodings) + rng.integers(-3, 4, count))
    anything = rng.integers(0, 1 << fmt.width, count, dtype=np.uint64).astype(fmt.uint)
    flipped = answer.encodings ^ fmt.uint.type(fmt.sign_bit)
    special = rng.choice([0, fmt.sign_bit, fmt.infinity, fmt.nan, fmt.max_finite, 1], count).astype(fmt.uint)
    return np.choose(rng.integers(0, 6, count), [near, near, near, anything, flipped, special])


@formats
@quantities
def test_arrays_hold_what_single_values_say(fmt: Format, quantity: str) -> None:
    z, t = points(fmt, 140, seed=5)
    answer = expected(quantity, z, t, fmt)
    for i in range(len(z)):
        one = exact(quantity, fmt.to_fraction(int(z[i])), fmt.to_fraction(int(t[i])), fmt)
        assert answer.encodings[i] == one.encoding
        if quantity != "gradient":
            assert answer.units[i] == one.ulp_exponent
        # Offsets are promised to 2^-50 units.
        unit = int(answer.units[i])
        assert abs(abs(float(answer.offsets[i])) - one.error(one.encoding, unit)) <= 2.0**-50


@formats
@quantities
def test_errors_are_those_of_single_values(fmt: Format, quantity: str) -> None:
    z, t = points(fmt, 210, seed=6)
    answer = expected(quantity, z, t, fmt)
    got = results(np.random.default_rng(7), answer)
    errors = answer.errors(got)
    for i in range(len(z)):
        one = exact(quantity, fmt.to_fraction(int(z[i])), fmt.to_fraction(int(t[i])), fmt)
        want = one.error(int(got[i]), int(answer.units[i]))
        # The offset is good to 2^-50, the difference and the sum are rounded once each, to 2^-53.
        assert errors[i] == pytest.approx(want, rel=2.0**-50, abs=2.0**-49), (z[i], t[i], got[i])
    assert np.array_equal(np.isinf(errors), ~np.isfinite(fmt.array(got).astype(np.float64)))


@formats
@quantities
def test_sides_and_faithful_results_are_those_of_the_definition(fmt: Format, quantity: str) -> None:
    z, t = points(fmt, 140, seed=8)
    inside = np.abs(fmt.array(z).astype(np.float64)) <= reference.LARGEST_LOGIT
    z, t = z[inside], t[inside]
    answer = expected(quantity, z, t, fmt)
    got = results(np.random.default_rng(9), answer)
    faithful = answer.is_faithful(got)
    for i in range(len(z)):
        value = reference.value(quantity, fmt.to_fraction(int(z[i])), fmt.to_fraction(int(t[i])))
        rounded = fmt.to_fraction(int(answer.encodings[i]))
        known = not answer.sides[i]
        if known:  # rational: z = 0; the reference divides and may be off by its last bit
            assert abs(rounded - value) <= reference.ERROR
            value = rounded
        assert answer.sides[i] == (rounded > value) - (rounded < value)
        assert faithful[i] == is_faithful(int(got[i]), value, fmt), (z[i], t[i], got[i])


def is_faithful(got: int, value: Fraction, fmt: Format) -> bool:
    """No other float lies between the result and the value."""
    if not fmt.is_finite(got):
        return False
    result = fmt.to_fraction(got)
    if result == value:
        return True
    toward = fmt.next_up(got) if result < value else fmt.next_down(got)
    if fmt.is_infinite(toward):
        return True
    beyond = fmt.to_fraction(toward)
    return beyond > value if result < value else beyond < value


@formats
def test_infinity_is_not_a_faithful_result_for_the_largest_value(fmt: Format) -> None:
    """softplus(largest) exceeds the largest float by exp(-largest), yet infinity is no neighbour."""
    answer = expected("softplus", np.array([fmt.max_finite], dtype=fmt.uint), None, fmt)
    assert answer.encodings[0] == fmt.max_finite
    assert answer.sides[0] == -1
    for got in (fmt.infinity, fmt.nan, fmt.infinity | fmt.sign_bit):
        assert not answer.is_faithful(np.array([got], dtype=fmt.uint))[0]
        assert answer.errors(np.array([got], dtype=fmt.uint))[0] == math.inf
    assert answer.is_faithful(answer.encodings)[0]


@formats
def test_a_finite_error_is_never_infinite(fmt: Format) -> None:
    z = np.array([fmt.round(Fraction(-5000))], dtype=fmt.uint)
    answer = expected("sigmoid", z, None, fmt)
    largest = np.array([fmt.max_finite], dtype=fmt.uint)
    wanted = min(fmt.to_fraction(fmt.max_finite) / Fraction(2) ** fmt.quantum, Fraction(sys.float_info.max))
    assert answer.errors(largest)[0] == float(wanted)
    assert answer.errors(largest ^ fmt.uint.type(fmt.sign_bit))[0] == float(wanted)


def test_an_error_between_the_largest_values_of_both_signs_does_not_overflow() -> None:
    z = np.array([BINARY64.max_finite], dtype=np.uint64)
    answer = expected("softplus", z, None, BINARY64)
    negative = z ^ np.uint64(BINARY64.sign_bit)
    assert answer.errors(negative)[0] == 2.0 * (2**53 - 1)  # in ulps of 2^971


@given(st.data(), st.sampled_from(FORMATS), st.floats(-700, 700), st.floats(0, 1))
def test_the_unit_of_a_gradient_is_that_of_the_design(
    data: st.DataObject, fmt: Format, z: float, t: float
) -> None:
    """ulp(min(max(y,t), max(1-y,1-t))), also where sigmoid(z) is next to a power of two."""
    if data.draw(st.booleans()):
        k = data.draw(st.integers(2, 60))
        z = math.log(2.0**k - 1) * data.draw(st.sampled_from([-1, 1]))
    logit, target = Fraction(z), Fraction(t)
    y = reference.value("sigmoid", logit)
    unit = ulp_exponent(min(max(y, target), max(1 - y, 1 - target)), fmt)
    for using in ("arb", "mpmath"):
        assert gradient_unit_exponent(Dyadic.of(z), Dyadic.of(t), fmt, backend(using)) == unit


@formats
def test_the_unit_of_a_gradient_is_the_ulp_of_the_value_for_hard_targets(fmt: Format) -> None:
    z, t = points(fmt, 350, seed=10)
    hard = (t == 0) | (t == fmt.round(Fraction(1)))
    answer = expected("gradient", z[hard], t[hard], fmt)
    assert len(answer.units) > 50
    for i, (one_z, one_t) in enumerate(zip(z[hard].tolist(), t[hard].tolist(), strict=True)):
        value = exact("gradient", fmt.to_fraction(one_z), fmt.to_fraction(one_t), fmt)
        assert answer.units[i] == value.ulp_exponent


def test_the_unit_where_float_arithmetic_is_in_doubt_comes_from_an_enclosure() -> None:
    """The float next to log(2^k - 1) puts sigmoid(-z) within 2^-50 of 2^-k."""
    asked = []

    def bounds(remainder: str, argument: Dyadic, precision: int) -> object:
        asked.append(remainder)
        return right(remainder, argument, precision)

    right = backend("mpmath")
    for k in (3, 20, 50):
        for z in (math.log(2.0**k - 1), math.nextafter(math.log(2.0**k - 1), 0)):
            wanted = ulp_exponent(1 - reference.value("sigmoid", Fraction(z)), BINARY64)
            unit = gradient_unit_exponent(Dyadic.of(z), Dyadic.of(1), BINARY64, bounds)  # type: ignore[arg-type]
            assert unit == wanted
    assert len(asked) >= 6


def test_results_are_remembered_and_cannot_be_changed() -> None:
    z = BINARY16.encodings(np.array([1.5, -2.0], dtype=np.float16))
    first = expected("sigmoid", z, None, BINARY16)
    assert expected("sigmoid", z.copy(), None, BINARY16) is first
    assert expected("softplus", z, None, BINARY16) is not first
    with pytest.raises(ValueError, match="read-only"):
        first.encodings[0] = 0


def test_old_results_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_CACHE_SIZE", 2)
    zs = [np.array([k], dtype=np.uint16) for k in (1, 2, 3)]
    first = [expected("sigmoid", z, None, BINARY16) for z in zs]
    assert len(batch._cache) == 2
    assert expected("sigmoid", zs[2], None, BINARY16) is first[2]
    assert expected("sigmoid", zs[0], None, BINARY16) is not first[0]


def test_no_points_give_no_results() -> None:
    none = np.array([], dtype=np.uint32)
    answer = expected("loss", none, none, FORMATS[2])
    assert answer.encodings.shape == answer.offsets.shape == answer.errors(none).shape == (0,)


def test_take_selects_points() -> None:
    z = BINARY16.encodings(np.array([1.5, -2.0, 0.25], dtype=np.float16))
    answer = expected("sigmoid", z, None, BINARY16)
    picked = answer.take(np.array([2, 0]))
    for name in ("encodings", "offsets", "sides", "units"):
        assert np.array_equal(getattr(picked, name), getattr(answer, name)[[2, 0]])


def test_arguments_that_do_not_fit_are_refused() -> None:
    z = np.array([1, 2], dtype=np.uint16)
    with pytest.raises(ValueError, match="loss needs targets"):
        expected("loss", z, None, BINARY16)
    with pytest.raises(ValueError, match="must be alike"):
        expected("loss", z, z[:1], BINARY16)
    with pytest.raises(ValueError, match="not finite"):
        expected("sigmoid", np.array([BINARY16.infinity], dtype=np.uint16), None, BINARY16)
    with pytest.raises(ValueError, match="unknown quantity"):
        expected("cost", z, None, BINARY16)
