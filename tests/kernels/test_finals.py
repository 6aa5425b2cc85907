"""The bounds of the last step, in exact rationals: what roundings add, and all of it.

Each function takes d = softplus(-a) and y = sigmoid(-a) as they come, right to within a relative PAIR or
PLAIN; any pair is drawn here. So the part of a bound that stands for roundings can be checked without
knowing a single value of these functions.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stablelce.kernels import finals
from stablelce.kernels.finals import PAIR, PLAIN
from stablelce.kernels.table_layout import LIMIT
from tests.kernels.arguments import fraction

LOG2 = math.log(2)
SMALLEST = 2.0**-996
"""exp(-690) = 2^-995.5 or so: no smaller d or y comes from the table."""


def floats_by_scale(low: float, high: float) -> st.SearchStrategy[float]:
    """Uniform, and uniform by exponent."""
    exponents = st.floats(math.log2(low), math.log2(high))
    return st.floats(low, high) | exponents.map(lambda x: min(max(2.0**x, low), high))


@st.composite
def pair(draw: st.DrawFn, high: float) -> tuple[float, float]:
    """A normalised pair in (0, high]."""
    value = draw(floats_by_scale(SMALLEST, high))
    low = math.ulp(value) / 2 * draw(st.floats(-1, 1))
    return (value, low) if value + low == value else (value, 0.0)


arguments = floats_by_scale(2.0**-1074, LIMIT) | st.just(0.0)
targets = (
    st.floats(0, 1)
    | floats_by_scale(2.0**-1074, 1.0)
    | st.sampled_from((0.0, 5e-324, 1e-300, 1e-20, 2.0**-54, 2.0**-53, 0.25, 0.5, 1.0))
    | st.integers(0, 40).map(lambda n: 1 - n * 2.0**-53)
)
signs = st.sampled_from((1.0, -1.0))
shifts = st.floats(-1, 1)
"""An error of d or y, as a part of the largest that is allowed."""


@st.composite
def cancelling(draw: st.DrawFn) -> tuple[float, float, tuple[float, float]]:
    """A sign of z, a target, and a y within a few floats of w."""
    y, y_low = draw(pair(0.5))
    sign, t = draw(signs), y
    for _ in range(draw(st.integers(0, 3))):
        t = math.nextafter(t, draw(st.sampled_from((0.0, 1.0))))
    return sign, (1 - t if sign > 0 else t), (y, y_low)


def distance(sign: float, t: float) -> tuple[float, float]:
    w, w_low = finals.distance(sign, t)
    return float(w), float(w_low)


def exact_distance(sign: float, t: float) -> Fraction:
    return 1 - Fraction(t) if sign > 0 else Fraction(t)


def floats(*values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


# -- the distance --------------------------------------------------------------------------------


@given(signs, targets)
@example(1.0, 5e-324)
@example(1.0, 1e-20)
@example(1.0, math.nextafter(1.0, 0))
def test_the_distance_is_exact(sign: float, t: float) -> None:
    w, w_low = distance(sign, t)
    assert fraction(w, w_low) == exact_distance(sign, t)
    assert w + w_low == w


def test_the_distance_takes_z_of_either_zero_as_positive() -> None:
    t = np.array([0.25, 1e-20, 0.25, 1e-20])
    w, w_low = finals.distance(np.array([0.0, -0.0, -5e-324, -5e-324]), t)
    assert w.tolist() == [0.75, 1.0, 0.25, 1e-20]
    assert w_low.tolist() == [0.0, -1e-20, 0.0, 0.0]


def test_a_low_word_is_needed_where_a_target_is_tiny() -> None:
    assert distance(1.0, 1e-20) == (1.0, -1e-20)


# -- pairs ---------------------------------------------------------------------------------------


@given(arguments, signs, targets, pair(LOG2), shifts)
@example(690.0, 1.0, 1e-20, (SMALLEST, 0.0), 1.0)
@example(640.0, 1.0, 5e-324, (2.0**-900, 2.0**-960), -1.0)
@example(5e-324, -1.0, 5e-324, (LOG2, 2.3e-17), 1.0)
def test_the_bound_of_the_loss(a: float, sign: float, t: float, d: tuple[float, float], shift: float) -> None:
    high, low, bound = floats(*finals.loss(a, *distance(sign, t), *d))
    exact = fraction(*d) + Fraction(a) * exact_distance(sign, t)
    roundings = abs(fraction(high, low) - exact)
    assert roundings <= Fraction(bound) - Fraction(PAIR) * Fraction(d[0])
    true = exact + Fraction(shift) * Fraction(PAIR) * Fraction(d[0])
    assert abs(fraction(high, low) - true) <= Fraction(bound)


def check_gradient(sign: float, t: float, y: tuple[float, float], shift: float) -> None:
    high, low, bound = floats(*finals.gradient(*distance(sign, t), *y))
    exact = exact_distance(sign, t) - fraction(*y)
    roundings = abs(fraction(high, low) - exact)
    assert roundings <= Fraction(bound) - Fraction(PAIR) * Fraction(y[0])
    true = exact + Fraction(shift) * Fraction(PAIR) * Fraction(y[0])
    assert abs(fraction(high, low) - true) <= Fraction(bound)


@given(signs, targets, pair(0.5), shifts)
@example(1.0, 1e-20, (SMALLEST, 0.0), 1.0)
@example(-1.0, 5e-324, (0.5, 2.0**-54), 1.0)
@example(1.0, 2.0**-54, (2.0**-54, 2.0**-108), -1.0)
def test_the_bound_of_the_gradient(sign: float, t: float, y: tuple[float, float], shift: float) -> None:
    check_gradient(sign, t, y, shift)


@given(cancelling(), shifts)
def test_the_bound_of_a_gradient_that_cancels(
    case: tuple[float, float, tuple[float, float]], shift: float
) -> None:
    check_gradient(*case, shift)


def test_the_bound_of_the_gradient_is_anchored_to_the_sigmoid() -> None:
    # All of w - y cancels but the error of y: a bound relative to the difference would be 0.
    high, low, bound = floats(*finals.gradient(0.25, 0.0, 0.25, 0.0))
    assert (high, low) == (0.0, 0.0)
    assert bound >= PAIR * 0.25


@given(pair(0.5), shifts)
@example((0.5, 0.0), 1.0)
@example((0.5, 2.0**-54), -1.0)
@example((SMALLEST, 0.0), 1.0)
def test_the_bound_of_the_hessian(y: tuple[float, float], shift: float) -> None:
    high, low, bound = floats(*finals.hessian(*y))
    exact = fraction(*y) * (1 - fraction(*y))
    roundings = abs(fraction(high, low) - exact)
    assert roundings <= Fraction(bound) - 2 * Fraction(PAIR) * Fraction(high)
    moved = fraction(*y) * (1 + Fraction(shift) * Fraction(PAIR))
    assert abs(fraction(high, low) - moved * (1 - moved)) <= Fraction(bound)


# -- numbers -------------------------------------------------------------------------------------


@given(arguments, signs, targets, floats_by_scale(SMALLEST, LOG2), shifts)
@example(690.0, 1.0, 1e-20, SMALLEST, 1.0)
@example(1.0, 1.0, 1 - 2.0**-53, LOG2, -1.0)
def test_the_bound_of_the_plain_loss(a: float, sign: float, t: float, d: float, shift: float) -> None:
    w, _ = distance(sign, t)
    value, bound = floats(*finals.plain_loss(a, w, d))
    exact = Fraction(d) + Fraction(a) * exact_distance(sign, t)
    assert abs(Fraction(value) - exact) <= Fraction(bound) - Fraction(PLAIN) * Fraction(value)
    true = exact + Fraction(shift) * Fraction(PLAIN) * Fraction(d)
    assert abs(Fraction(value) - true) <= Fraction(bound)


def check_plain_gradient(sign: float, t: float, y: float, shift: float) -> None:
    w, _ = distance(sign, t)
    value, bound = floats(*finals.plain_gradient(w, y))
    exact = exact_distance(sign, t) - Fraction(y)
    assert abs(Fraction(value) - exact) <= Fraction(bound) - Fraction(PLAIN) * Fraction(y)
    true = exact + Fraction(shift) * Fraction(PLAIN) * Fraction(y)
    assert abs(Fraction(value) - true) <= Fraction(bound)


@given(signs, targets, floats_by_scale(SMALLEST, 0.5), shifts)
@example(1.0, 1e-20, SMALLEST, 1.0)
@example(1.0, 0.5 + 2.0**-53, 0.5, -1.0)
def test_the_bound_of_the_plain_gradient(sign: float, t: float, y: float, shift: float) -> None:
    check_plain_gradient(sign, t, y, shift)


@given(cancelling(), shifts)
def test_the_bound_of_a_plain_gradient_that_cancels(
    case: tuple[float, float, tuple[float, float]], shift: float
) -> None:
    check_plain_gradient(case[0], case[1], case[2][0], shift)


@given(floats_by_scale(SMALLEST, 0.5), shifts)
@example(0.5, -1.0)
@example(SMALLEST, 1.0)
def test_the_bound_of_the_plain_hessian(y: float, shift: float) -> None:
    value, bound = floats(*finals.plain_hessian(y))
    exact = Fraction(y) * (1 - Fraction(y))
    assert abs(Fraction(value) - exact) <= Fraction(bound) - 2 * Fraction(PLAIN) * Fraction(value)
    moved = Fraction(y) * (1 + Fraction(shift) * Fraction(PLAIN))
    assert abs(Fraction(value) - moved * (1 - moved)) <= Fraction(bound)


# -- the tests' own power ------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["product_low", "w_low", "d_low"])
def test_a_forgotten_low_word_breaks_the_bound_of_the_loss(part: str) -> None:
    a, t, d, d_low = 3.1, 0.3, 0.0441, 0.0441 * 2.0**-55
    w, w_low = distance(1.0, t) if part != "w_low" else distance(1.0, 1e-20)
    exact = fraction(d, d_low) + Fraction(a) * fraction(w, w_low)
    words = {"w_low": (w, 0.0, d, d_low), "d_low": (w, w_low, d, 0.0)}.get(part, (w, w_low, d, d_low))
    high, low, bound = floats(*finals.loss(a, *words))
    if part == "product_low":
        low -= float(Fraction(a) * Fraction(w) - Fraction(a * w))
    assert abs(fraction(high, low) - exact) > Fraction(bound)
