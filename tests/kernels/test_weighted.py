"""Weighted quantities against the oracle's weighted values, where binary64 alone would overflow."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stablelce.formats import BINARY64
from stablelce.kernels import evaluate
from stablelce.oracle import exact
from stablelce.ulp import ulp_exponent

logits = st.floats(-2000, 2000) | st.floats(-2, 2) | st.floats(allow_nan=False, allow_infinity=False)
targets = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
some_weights = st.floats(0.01, 100) | st.floats(0, allow_infinity=False)


def compute(quantity: str, z: float, t: float, weight: float, pos_weight: float) -> float:
    out = np.empty(1)
    blocks = [np.array([value]) for value in (z, t, weight, pos_weight)]
    with np.errstate(all="ignore"):  # the kernels run so
        evaluate({quantity: out}, *blocks)
    return float(out[0])


def encoding(value: float) -> int:
    return int(np.array([value]).view(np.uint64)[0])


@pytest.mark.parametrize("quantity", ["loss", "hessian"])
@given(z=logits, t=targets, weight=some_weights, pos_weight=some_weights)
def test_weights_of_any_size_neither_overflow_nor_underflow_on_the_way(
    quantity: str, z: float, t: float, weight: float, pos_weight: float
) -> None:
    assume(weight != 0)
    got = compute(quantity, z, t, weight, pos_weight)
    wanted = exact(quantity, z, t, BINARY64, weight=weight, pos_weight=pos_weight)
    # In the tail exp is taken to the fourth power: four times its 2 ulp, three roundings; then at most
    # seven more roundings, all of terms of one sign.
    assert wanted.error(encoding(got)) <= 16
    assert math.copysign(1, got) == 1


@given(z=logits, t=targets, weight=some_weights, pos_weight=some_weights)
def test_the_gradient_is_as_good_as_the_larger_of_its_terms(
    z: float, t: float, weight: float, pos_weight: float
) -> None:
    assume(weight != 0)
    got = compute("gradient", z, t, weight, pos_weight)
    wanted = exact("gradient", z, t, BINARY64, weight=weight, pos_weight=pos_weight)
    w, p, target = Fraction(weight), Fraction(pos_weight), Fraction(t)
    # The sigmoids from below, so that the unit is not too large; each within 2^-2000 in absolute terms.
    y, complement = (
        max(exact("sigmoid", sign * z, None, BINARY64).value(Fraction(1, 2**2000)), Fraction(0))
        for sign in (1, -1)
    )
    largest = w * max((1 - target) * y, p * target * complement)
    if largest > BINARY64.to_fraction(BINARY64.max_finite):
        return  # the result may be an infinity by a term that alone rounds to one
    # As for the loss, 16; the difference of the two terms adds their errors.
    assert wanted.error(encoding(got), ulp_exponent(largest, BINARY64)) <= 32


@given(z=logits, t=targets)
def test_identity_weights_give_the_plain_bits(z: float, t: float) -> None:
    for quantity in ("loss", "gradient", "hessian"):
        plain = np.empty(1)
        with np.errstate(all="ignore"):
            evaluate({quantity: plain}, np.array([z]), np.array([t]))
        assert encoding(compute(quantity, z, t, 1.0, 1.0)) == encoding(plain[0])


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
@pytest.mark.parametrize("z", [0.0, 3.0, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0, math.nan])
@pytest.mark.parametrize("weight", [0.0, -0.0])
def test_weight_zero_gives_positive_zero_whatever_the_element(
    quantity: str, z: float, t: float, weight: float
) -> None:
    assert encoding(compute(quantity, z, t, weight, 3.0)) == 0


@pytest.mark.parametrize("p", [0.0, -0.0, 0.5, 2.0, 5e-324, 1e308])
@pytest.mark.parametrize("t", [0.0, 5e-324, 0.25, 1.0])
def test_limits_at_infinite_logits(p: float, t: float) -> None:
    down = compute("loss", -math.inf, t, 1.0, p)
    assert encoding(down) == encoding(math.inf if p and t else 0.0)
    up = compute("loss", math.inf, t, 1.0, p)
    assert encoding(up) == encoding(math.inf if t < 1 else 0.0)
    # A product p*t that underflows is a nonzero limit: its zero is negative.
    down = compute("gradient", -math.inf, t, 1.0, p)
    assert encoding(down) == encoding(-abs(p) * t if p and t else 0.0)
    up = compute("gradient", math.inf, t, 1.0, p)
    assert encoding(up) == encoding(1 - t if t < 1 else (-0.0 if p else 0.0))
    assert encoding(compute("hessian", math.inf, t, 1.0, p)) == 0
    assert encoding(compute("hessian", -math.inf, t, 1.0, p)) == 0


@pytest.mark.parametrize("z", [0.0, 5.0, -5.0, 800.0, -800.0])
def test_an_element_without_any_term_is_exactly_zero(z: float) -> None:
    for quantity in ("loss", "gradient", "hessian"):
        assert encoding(compute(quantity, z, 1.0, 2.0, 0.0)) == 0


def test_the_hessian_needs_no_target() -> None:
    out, with_target = np.empty(1), compute("hessian", 1.5, 0.0, 3.0, 1.0)
    with np.errstate(all="ignore"):
        evaluate({"hessian": out}, np.array([1.5]), weight=np.array([3.0]))
    assert encoding(out[0]) == encoding(with_target)
