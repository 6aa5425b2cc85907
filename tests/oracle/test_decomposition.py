"""base + scale * R(a) is the defining formula, with each R by its own definition."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.oracle.decomposition import QUANTITIES, REMAINDERS, Decomposition, decompose
from stablelce.oracle.dyadic import ONE, ZERO, Dyadic
from tests.oracle import reference

logits = st.floats(-reference.LARGEST_LOGIT, reference.LARGEST_LOGIT)
targets = st.floats(0, 1)
weights = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 1e-300, 1e300])

# Away from cancellation between base and remainder both sides are good to reference.ERROR; base and
# scale*R are at most 2^2100 here and the difference may be as small as 2^-2200, its own bound.
ABSOLUTE = Fraction(1, 2**2500)


def recomposed(parts: Decomposition) -> Fraction:
    """The value that a decomposition stands for, R as in the table of the module."""
    with mpmath.workprec(reference.BITS):
        a = mpmath.mpf((parts.argument.m, parts.argument.e))
        y = 1 / (1 + mpmath.exp(-a))
        remainder = {
            "log1p_exp_neg": lambda: mpmath.log(1 + mpmath.exp(-a)),
            "sigmoid_neg": lambda: 1 - y,
            "half_tanh_half": lambda: y - mpmath.mpf(1) / 2,
            "variance": lambda: y * (1 - y),
            "variance_gap": lambda: mpmath.mpf(1) / 4 - y * (1 - y),
        }[parts.remainder]()
        value = reference.to_fraction(remainder)
    return parts.base.fraction() + parts.scale.fraction() * value


@given(st.sampled_from(QUANTITIES), logits, targets, weights, weights)
def test_parts_add_up_to_the_definition(quantity: str, z: float, t: float, v: float, p: float) -> None:
    if quantity not in ("loss", "gradient", "hessian"):
        v = p = 1.0
    parts = decompose(quantity, *(Dyadic.of(x) for x in (z, t, v, p)))
    wanted = reference.value(quantity, *(Fraction(x) for x in (z, t, v, p)))
    assert abs(recomposed(parts) - wanted) <= ABSOLUTE
    assert parts.remainder in REMAINDERS


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("z", [0.0, 2.0**-1074, -(2.0**-1074), 0.75, 1.0, -1.0, 40.0, -40.0, 700.0])
@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 1.0])
def test_parts_add_up_at_the_edges_of_each_form(quantity: str, z: float, t: float) -> None:
    parts = decompose(quantity, Dyadic.of(z), Dyadic.of(t), ONE, ONE)
    assert abs(recomposed(parts) - reference.value(quantity, Fraction(z), Fraction(t))) <= ABSOLUTE


@pytest.mark.parametrize("quantity", ["sigmoid", "gradient", "hessian"])
def test_at_zero_nothing_but_the_exact_part_is_left(quantity: str) -> None:
    parts = decompose(quantity, ZERO, Dyadic.of(0.25), ONE, ONE)
    assert not parts.scale
    assert parts.base.fraction() == {"sigmoid": 0.5, "gradient": 0.25, "hessian": 0.25}[quantity]


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_weight_zero_leaves_an_exact_zero(quantity: str) -> None:
    parts = decompose(quantity, Dyadic.of(-3.5), Dyadic.of(0.25), ZERO, ONE)
    assert not parts.scale
    assert not parts.base


@pytest.mark.parametrize(("quantity", "z"), [("softplus", -1.0), ("log_sigmoid", 1.0), ("hessian", 1.0)])
def test_a_tail_has_no_exact_part_to_cancel_against(quantity: str, z: float) -> None:
    assert not decompose(quantity, Dyadic.of(z), ZERO, ONE, ONE).base


@pytest.mark.parametrize("name", ["", "cost", "gradients", "k", "softmax", "zeta"])
def test_an_unknown_quantity_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown quantity '{name}': use one of loss, gradient"):
        decompose(name, ONE, ZERO, ONE, ONE)
