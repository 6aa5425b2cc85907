"""Fixed-point enclosures against mpmath at twice the precision: do they contain the value, are they tight."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from stablelce.kernels import integers
from stablelce.kernels.integers import FUNCTIONS, exp_of_minus, floor_scaled, log_two

precisions = st.integers(30, 600)
dyadics = st.tuples(st.integers(0, 2**53 - 1), st.integers(-120, -43))

REFERENCES: dict[str, Callable[[mpf], mpf]] = {
    "softplus": mpmath.log1p,
    "sigmoid": lambda exp: exp / (1 + exp),
    "variance": lambda exp: exp / (1 + exp) ** 2,
}


def contains(low: int, high: int, value: mpf, scale: int) -> bool:
    """Whether [low, high] holds value * 2**scale, for a value right to far more than ``scale`` bits."""
    scaled = mpmath.ldexp(value, scale)
    return bool(low <= scaled <= high)


@given(m=st.integers(-(10**30), 10**30), e=st.integers(-200, 200))
def test_the_floor_of_a_scaled_integer(m: int, e: int) -> None:
    floor = floor_scaled(m, e)
    assert floor * 2 ** max(-e, 0) <= m * 2 ** max(e, 0) < (floor + 1) * 2 ** max(-e, 0)


@given(precision=st.integers(2, 5000))
def test_log_two_is_a_lower_bound_less_than_two_units_off(precision: int) -> None:
    with mp.workprec(precision + 64):
        error = mpmath.ldexp(mp.ln2, precision) - log_two(precision)
    assert 0 <= error < 2


@given(a=dyadics, precision=precisions)
@example(a=(0, 0), precision=146)
@example(a=(1, -1074), precision=146)
@example(a=(1, 12), precision=4000)
def test_exp_lies_in_its_enclosure(a: tuple[int, int], precision: int) -> None:
    low, width, scale = exp_of_minus(*a, precision)
    with mp.workprec(2 * precision + 64):
        assert contains(low, low + width, mpmath.exp(-mpmath.ldexp(a[0], a[1])), scale)
    assert width <= 8 * (scale - precision) + 5  # k = scale - precision is floor(a/log 2) + 1
    assert low.bit_length() in (precision, precision + 1, precision + 2)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(a=dyadics, precision=precisions)
@example(a=(1, -1074), precision=146)
@example(a=(745, 0), precision=146)
@example(a=(1, 12), precision=4000)
def test_a_function_lies_in_its_enclosure(name: str, a: tuple[int, int], precision: int) -> None:
    exp = exp_of_minus(*a, precision)
    low, high = FUNCTIONS[name](exp)
    with mp.workprec(2 * precision + 64):
        value = REFERENCES[name](mpmath.exp(-mpmath.ldexp(a[0], a[1])))
        assert contains(low, high, value, exp.scale)
    # The logarithm needs at most precision/log2(9) terms of 5 units each, and each function one.
    assert high - low <= exp.width + 2 * precision + 10


@given(precision=precisions, data=st.data())
def test_log1p_lies_in_its_enclosure(precision: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, 1 << precision))
    low, width = integers._log1p(x, precision)
    with mp.workprec(2 * precision + 64):
        assert contains(low, low + width, mpmath.log1p(mpmath.ldexp(x, -precision)), precision)


@given(precision=precisions, data=st.data())
def test_exp_of_a_reduced_argument_is_at_most_two_units_below(precision: int, data: st.DataObject) -> None:
    r = data.draw(st.integers(0, log_two(precision)))
    low = integers._exp(r, precision)
    with mp.workprec(2 * precision + 64):
        assert contains(low, low + 2, mpmath.exp(mpmath.ldexp(r, -precision)), precision)
