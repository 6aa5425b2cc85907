"""The fused form in binary64 against the oracle, and its independence of lanes, lengths and strides."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY64
from stablelce.kernels import evaluate
from stablelce.oracle import exact
from stablelce.ulp import ulp

QUANTITIES = ("loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus")
OF_Z_ALONE = QUANTITIES[2:]

logits = st.floats(-800, 800) | st.floats(-2, 2) | st.floats(allow_nan=False, allow_infinity=False)
targets = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])


def compute(quantity: str, z: list[float], t: list[float] | None = None) -> list[float]:
    out = np.empty(len(z))
    with np.errstate(all="ignore"):  # the kernels run so
        evaluate({quantity: out}, np.array(z), None if t is None else np.array(t))
    return [float(value) for value in out]


def bits(values: list[float]) -> list[int]:
    return [int(one) for one in np.array(values).view(np.uint64)]


@pytest.mark.parametrize("quantity", OF_Z_ALONE)
@given(z=logits)
def test_functions_of_the_logit_are_accurate(quantity: str, z: float) -> None:
    (got,) = compute(quantity, [z])
    # 4 ulp, the profile "accurate" of the contract: exp and log1p of NumPy, each good to 1 or 2 ulp, and at
    # most three roundings of 1/2 ulp.
    assert exact(quantity, z, None, BINARY64).error(bits([got])[0]) <= 4


@given(logits, targets)
def test_the_loss_is_accurate(z: float, t: float) -> None:
    (got,) = compute("loss", [z], [t])
    assert exact("loss", z, t, BINARY64).error(bits([got])[0]) <= 4  # as above: no term is negative


@given(logits, targets)
def test_the_gradient_is_accurate_in_units_of_what_it_is_the_difference_of(z: float, t: float) -> None:
    (got,) = compute("gradient", [z], [t])
    # The unit of the contract; sigmoid(z) and sigmoid(-z) to within 2^-80 of themselves. 4 units as above.
    y, complement = (
        exact("sigmoid", sign * z, None, BINARY64).value(Fraction(1, 2**1200)) for sign in (1, -1)
    )
    unit = ulp(min(max(y, Fraction(t)), max(complement, 1 - Fraction(t))), BINARY64)
    wanted = exact("gradient", z, t, BINARY64)
    assert wanted.error(bits([got])[0], unit_exponent(unit)) <= 4


def unit_exponent(unit: Fraction) -> int:
    return unit.numerator.bit_length() - unit.denominator.bit_length()


@given(st.floats(-1e-10, 1e-10).filter(bool))
def test_the_gradient_at_one_half_keeps_what_the_logit_adds(z: float) -> None:
    (got,) = compute("gradient", [z], [0.5])
    assert exact("gradient", z, 0.5, BINARY64).error(bits([got])[0]) <= 4  # tanh to 2 ulp, and two halvings
    assert np.signbit(got) == (z < 0)


@given(st.lists(st.tuples(logits, targets), min_size=1, max_size=40), st.integers(0, 8))
def test_an_element_has_the_same_bits_alone_in_any_lane_and_at_any_stride(
    elements: list[tuple[float, float]], offset: int
) -> None:
    z, t = (np.array(column) for column in zip(*elements, strict=True))
    for quantity in QUANTITIES:
        alone = [compute(quantity, [x], [y])[0] for x, y in elements]
        padded = compute(quantity, [*np.zeros(offset), *z], [*np.zeros(offset), *t])[offset:]
        assert bits(padded) == bits(alone)
        wide_z, wide_t, out = np.repeat(z, 3)[::-3], np.repeat(t, 2)[::-2], np.empty(2 * len(z))[::2]
        with np.errstate(all="ignore"):
            evaluate({quantity: out}, wide_z, wide_t)
        assert bits(out[::-1].tolist()) == bits(alone)


def test_quantities_may_be_written_over_the_inputs() -> None:
    z, t = np.linspace(-3, 3, 7), np.linspace(0, 1, 7)
    wanted = {quantity: compute(quantity, z.tolist(), t.tolist()) for quantity in ("loss", "gradient")}
    with np.errstate(all="ignore"):
        evaluate({"loss": z, "gradient": t}, z, t)
    assert z.tolist() == wanted["loss"]
    assert t.tolist() == wanted["gradient"]
