"""The last stage of the slow path against the oracle, by encoding, and how soon it decides."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stablelce import oracle
from stablelce.conformance import hard_cases
from stablelce.conformance.strategies import pairs, region
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format
from stablelce.kernels import exact as module
from stablelce.kernels.exact import exact, exact_block
from stablelce.kernels.integers import Exponential, exp_of_minus

WITH_TARGET = ("loss", "gradient", "hessian")
QUANTITIES = (*WITH_TARGET, "sigmoid", "log_sigmoid", "softplus")

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def wanted(quantity: str, fmt: Format, z: int, t: int, w: int | None = None, p: int | None = None) -> int:
    weight, pos_weight = (Fraction(1) if factor is None else fmt.to_fraction(factor) for factor in (w, p))
    logit, target = fmt.to_fraction(z), fmt.to_fraction(t)
    return oracle.exact(quantity, logit, target, fmt, weight=weight, pos_weight=pos_weight).encoding


def check(fmt: Format, z: int, t: int) -> None:
    """Compare every quantity at a point with the oracle."""
    for quantity in QUANTITIES:
        got = exact(quantity, fmt, z, t if quantity in WITH_TARGET else None)
        assert got == wanted(quantity, fmt, z, t), (quantity, fmt.name, hex(z), hex(t))


def encode(fmt: Format, value: float | Fraction) -> int:
    return fmt.round(Fraction(value))


def bits(fmt: Format, point: tuple[Any, Any]) -> tuple[int, int]:
    z, t = (int(fmt.encodings(np.array(value))) for value in point)
    return z, t


def finite(fmt: Format) -> st.SearchStrategy[int]:
    """Encodings of either sign, spread over the exponents."""
    magnitudes = st.integers(0, fmt.max_finite)
    return st.builds(lambda m, sign: m | sign, magnitudes, st.sampled_from((0, fmt.sign_bit)))


def weights(fmt: Format) -> st.SearchStrategy[int | None]:
    extremes = st.sampled_from((0, 1, fmt.max_finite, encode(fmt, 1), encode(fmt, 3)))
    return st.none() | extremes | st.integers(0, fmt.max_finite)


# -- against the oracle --------------------------------------------------------------------------


@formats
@given(data=st.data())
def test_points_of_every_region(fmt: Format, data: st.DataObject) -> None:
    check(fmt, *bits(fmt, data.draw(pairs(fmt))))


@formats
def test_hard_cases(fmt: Format) -> None:
    z, t, _ = hard_cases.points(fmt)
    for point in zip(z.tolist(), t.tolist(), strict=True):
        check(fmt, *point)


@pytest.mark.deep  # 20 s; how many doublings such weights take is tested always
@formats
@pytest.mark.parametrize("quantity", WITH_TARGET)
@given(data=st.data())
def test_weights_of_any_size(fmt: Format, quantity: str, data: st.DataObject) -> None:
    z = data.draw(finite(fmt) | pairs(fmt).map(lambda point: bits(fmt, point)[0]))
    t = data.draw(st.integers(0, encode(fmt, 1)) | pairs(fmt).map(lambda point: bits(fmt, point)[1]))
    w, p = data.draw(weights(fmt)), data.draw(weights(fmt))
    assert exact(quantity, fmt, z, t, w, p) == wanted(quantity, fmt, z, t, w, p)


@formats
@given(data=st.data())
def test_next_to_the_optimum(fmt: Format, data: st.DataObject) -> None:
    check(fmt, *bits(fmt, data.draw(region("near optimum", fmt))))


@formats
@given(data=st.data())
def test_next_to_the_optimum_under_a_positive_weight(fmt: Format, data: st.DataObject) -> None:
    # p*t/(p*t + 1-t) = sigmoid(z) at t = q/(p + q), q = exp(z): the weighted gradient cancels.
    z = encode(fmt, data.draw(st.floats(-6, 6)))
    p = encode(fmt, data.draw(st.floats(0.01, 100)))
    q = Fraction(float(mpmath.exp(float(fmt.to_fraction(z)))))
    t = encode(fmt, q / (fmt.to_fraction(p) + q))
    assert exact("gradient", fmt, z, t, None, p) == wanted("gradient", fmt, z, t, None, p)


@given(
    exponent=st.integers(6, 996),
    # 3*s has 54 bits and its last one set, or 55 bits and ends in 10.
    significand=st.integers(2**51, 2**53 // 3 - 1).map(lambda n: 2 * n + 1)
    | st.integers(2**52 // 3 + 1, 2**51 - 1).map(lambda n: 4 * n + 2),
)
@example(exponent=996, significand=2**52 + 1)
def test_an_exact_part_that_is_a_midpoint_rounds_up(exponent: int, significand: int) -> None:
    z = Fraction(significand) * Fraction(2) ** (exponent - 52)
    midpoint = 3 * z / 4
    below = BINARY64.round(midpoint, -1)
    assert below + 1 == BINARY64.round(midpoint, 1)
    for logit, target in ((z, 0.25), (-z, 0.75)):
        point = encode(BINARY64, logit), encode(BINARY64, target)
        assert exact("loss", BINARY64, *point) == below + 1
        check(BINARY64, *point)


@given(z=st.floats(690, 746), t=st.sampled_from((0, 1)), negative=st.booleans())
def test_subnormal_results(z: float, t: int, negative: bool) -> None:
    check(BINARY64, encode(BINARY64, -z if negative else z), encode(BINARY64, t))


@formats
@given(data=st.data())
def test_zero_logits_give_rationals_rounded_once(fmt: Format, data: st.DataObject) -> None:
    t = data.draw(st.integers(0, encode(fmt, 1)))
    w, p = data.draw(weights(fmt)), data.draw(weights(fmt))
    target = fmt.to_fraction(t)
    factor = Fraction(1) if w is None else fmt.to_fraction(w)
    positive = target if p is None else target * fmt.to_fraction(p)
    for z in (0, fmt.sign_bit):
        assert exact("gradient", fmt, z, t, w, p) == fmt.round(factor * (1 - target - positive) / 2)
        assert exact("hessian", fmt, z, t, w, p) == fmt.round(factor * (1 - target + positive) / 4)
        assert exact("loss", fmt, z, t, w, p) == wanted("loss", fmt, z, t, w, p)


@formats
def test_ties_at_zero_go_to_the_even_encoding(fmt: Format) -> None:
    # w/4 for a weight of 2, 6 and 10 quanta: half a quantum, 3/2, 5/2.
    assert [exact("hessian", fmt, 0, None, w) for w in (2, 6, 10)] == [0, 2, 2]
    assert [exact("gradient", fmt, 0, 0, w) for w in (1, 3, 5)] == [0, 2, 2]


@formats
@pytest.mark.parametrize("quantity", WITH_TARGET)
@given(data=st.data())
def test_targets_outside_the_unit_interval_extend_the_formula(
    fmt: Format, quantity: str, data: st.DataObject
) -> None:
    # Logits of a size that leaves the value farther than ``width`` from every midpoint.
    z = encode(fmt, data.draw(st.floats(0.01, 20))) | data.draw(st.sampled_from((0, fmt.sign_bit)))
    t = encode(fmt, data.draw(st.floats(-5, 5)))
    target = fmt.to_fraction(t)
    # The oracle refuses such a target, so its values at 0 and 1 are combined: affine in t.
    width = Fraction(1, 2**400)
    ends = [oracle.exact(quantity, fmt.to_fraction(z), hard, fmt).value(width) for hard in (0, 1)]
    value = (1 - target) * ends[0] + target * ends[1]
    assert exact(quantity, fmt, z, t) == fmt.round(value)


# -- zeros ---------------------------------------------------------------------------------------


@formats
def test_a_zero_has_the_sign_of_the_value_it_stands_for(fmt: Format) -> None:
    one, minus = encode(fmt, 1), fmt.sign_bit
    far = fmt.max_finite
    assert exact("gradient", fmt, far, one) == minus
    assert exact("gradient", fmt, far | minus, 0) == 0
    assert exact("log_sigmoid", fmt, far) == minus
    assert exact("softplus", fmt, far | minus) == 0
    assert exact("sigmoid", fmt, far | minus) == 0
    assert exact("hessian", fmt, far) == exact("hessian", fmt, far | minus) == 0
    half, smallest = encode(fmt, 0.5), 1
    assert exact("gradient", fmt, smallest, half) == 0  # z/4 - z^3/48
    assert exact("gradient", fmt, smallest | minus, half) == minus


@pytest.mark.parametrize("z", [745.0, 746.0, 800.0])
def test_a_gradient_that_underflows_at_the_end_of_the_tail(z: float) -> None:
    check(BINARY64, encode(BINARY64, z), encode(BINARY64, 1))
    check(BINARY64, encode(BINARY64, -z), 0)


@formats
@pytest.mark.parametrize("quantity", WITH_TARGET)
@given(data=st.data())
def test_an_exact_zero_is_positive(fmt: Format, quantity: str, data: st.DataObject) -> None:
    z, t = data.draw(finite(fmt)), data.draw(st.integers(0, encode(fmt, 1)))
    one = encode(fmt, 1)
    for zero in (0, fmt.sign_bit):
        assert exact(quantity, fmt, z, t, zero, 3) == 0  # no weight
        assert exact(quantity, fmt, z, one, one, zero) == 0  # neither p*t nor 1-t
    assert exact("gradient", fmt, 0, encode(fmt, 0.5)) == 0


# -- how soon it decides -------------------------------------------------------------------------


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The precisions at which an exponential is computed from here on."""
    precisions: list[int] = []

    def counted(m: int, e: int, precision: int) -> Exponential:
        precisions.append(precision)
        return exp_of_minus(m, e, precision)

    monkeypatch.setattr("stablelce.kernels.exact.exp_of_minus", counted)
    return precisions


@formats
def test_hard_cases_take_one_doubling_at_most(fmt: Format, attempts: list[int]) -> None:
    z, t, _ = hard_cases.points(fmt)
    for point in zip(z.tolist(), t.tolist(), strict=True):
        for quantity in QUANTITIES:
            attempts.clear()
            exact(quantity, fmt, *point)
            assert len(attempts) <= 2, (quantity, point)


@pytest.mark.parametrize("binade", range(-1074, 0, 7))
def test_gradients_that_cancel_to_a_cube_take_one_doubling_at_most(binade: int, attempts: list[int]) -> None:
    # t = 1/2 + z/4 where that is a float: z^3/48 is left.
    z = Fraction(2) ** binade
    point = encode(BINARY64, z), encode(BINARY64, Fraction(1, 2) + z / 4)
    assert exact("gradient", BINARY64, *point) == wanted("gradient", BINARY64, *point)
    assert len(attempts) <= 2


def test_a_second_attempt_is_made_where_the_first_does_not_decide(attempts: list[int]) -> None:
    point = encode(BINARY64, -(2.0**-50)), encode(BINARY64, Fraction(1, 2) - Fraction(1, 2**52))
    assert exact("gradient", BINARY64, *point) == wanted("gradient", BINARY64, *point)
    first = 2 * BINARY64.precision + 40
    assert attempts == [first, 2 * first]


@pytest.mark.parametrize(
    ("quantity", "z", "t"),
    [
        *((quantity, z, 0.25) for quantity in WITH_TARGET for z in (1e300, -1e300, 1000.5)),
        ("gradient", 2.0**-1074, 0.5),
        ("gradient", -6 * 2.0**-1074, 0.5),  # a midpoint, z^3/48 decides
        ("hessian", 2.0**-60, 0.5),
    ],
)
def test_no_exponential_is_computed_where_its_sign_and_a_bound_suffice(
    quantity: str, z: float, t: float, attempts: list[int]
) -> None:
    point = encode(BINARY64, z), encode(BINARY64, t)
    assert exact(quantity, BINARY64, *point) == wanted(quantity, BINARY64, *point)
    assert not attempts


@given(data=st.data())
def test_weights_of_any_size_take_two_doublings_at_most(data: st.DataObject) -> None:
    z = encode(BINARY64, data.draw(st.floats(-4000, 4000)))
    t, w, p = (data.draw(st.integers(0, BINARY64.max_finite)) for _ in range(3))

    def limited(m: int, e: int, precision: int) -> Exponential:
        assert precision <= 4 * (2 * BINARY64.precision + 40)
        return exp_of_minus(m, e, precision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stablelce.kernels.exact.exp_of_minus", limited)
        for quantity in WITH_TARGET:
            exact(quantity, BINARY64, z, t, w, p)


@pytest.mark.parametrize("remainder", ["sigmoid", "variance"])
@given(significand=st.integers(1, 2**53 - 1), exponent=st.integers(-400, -54))
def test_next_to_zero_the_polynomials_bound_the_function(
    remainder: str, significand: int, exponent: int
) -> None:
    low, high, scale = module._next_to_zero(remainder, significand, exponent)
    with mpmath.mp.workprec(4 * scale):
        half_tanh = mpmath.tanh(mpmath.ldexp(significand, exponent - 1)) / 2
        value = 0.5 - half_tanh if remainder == "sigmoid" else 0.25 - half_tanh**2
        assert low < mpmath.ldexp(value, scale) < high


# -- blocks and arguments ------------------------------------------------------------------------


@formats
def test_a_block_is_its_elements(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    z, t, _ = hard_cases.points(fmt)
    calls: list[tuple[int | None, ...]] = []

    def counted(quantity: str, fmt: Format, *row: int | None) -> int:
        calls.append(row)
        return exact(quantity, fmt, *row)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "exact", counted)
    twice, targets = np.tile(z, 2), np.tile(t, 2)
    weight = np.full_like(twice, encode(fmt, 3))
    got = exact_block("loss", fmt, twice, targets, weight, None)
    assert len(calls) == len(z)  # each distinct row once
    assert got.dtype == fmt.uint
    three = encode(fmt, 3)
    assert got.tolist() == 2 * [
        exact("loss", fmt, *point, three) for point in zip(z.tolist(), t.tolist(), strict=True)
    ]
    assert exact_block("sigmoid", fmt, z).tolist() == [exact("sigmoid", fmt, each) for each in z.tolist()]
    assert exact_block("loss", fmt, z[:0], t[:0]).shape == (0,)


def test_a_function_of_z_takes_no_notice_of_a_target() -> None:
    z = encode(BINARY32, 1.5)
    for quantity in ("sigmoid", "log_sigmoid", "softplus"):
        assert exact(quantity, BINARY32, z, encode(BINARY32, 0.3)) == exact(quantity, BINARY32, z)


def test_what_is_missing_or_not_finite_is_refused() -> None:
    one = encode(BINARY32, 1)
    for quantity in ("loss", "gradient"):
        with pytest.raises(ValueError, match="needs a target"):
            exact(quantity, BINARY32, one)
    with pytest.raises(ValueError, match="needs a target"):
        exact("hessian", BINARY32, one, None, None, one)
    with pytest.raises(ValueError, match="leave the weights out"):
        exact("sigmoid", BINARY32, one, None, one)
    with pytest.raises(ValueError, match="not finite"):
        exact("loss", BINARY32, BINARY32.infinity, one)


def test_it_loads_neither_the_oracle_nor_its_libraries() -> None:
    program = (
        "import sys, stablelce.kernels.exact;"
        "print([name for name in sys.modules if 'stablelce.oracle' in name or name in ('mpmath', 'flint')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
