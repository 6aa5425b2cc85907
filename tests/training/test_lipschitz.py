"""The sum of squares: never too small, hardly too large, whatever the order of the rows."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.training.blocks import Block
from stablelce.training.lipschitz import Squares, round_up
from stablelce.training.scales import Scales, measure


def squares(blocks: list[Block], scales: Scales) -> Squares:
    total = Squares(scales)
    for block in blocks:
        part = Squares(scales)
        part.add(block)
        total.merge(part)
    return total


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_bound_is_above_the_exact_sum_by_next_to_nothing(weighted: bool, dtype: type) -> None:
    rng = np.random.default_rng(0)
    limit = 140 if dtype == np.float64 else 30
    X: Any = (rng.normal(size=(300, 6)) * 10.0 ** rng.integers(-limit, limit, 6)).astype(dtype)
    s = rng.random(300) * 1e-200 if weighted else None
    block = Block(X, np.zeros(300), s)
    weights = [1.0] * 300 if s is None else s.tolist()
    exact = sum(
        Fraction(w) * sum(Fraction(x) ** 2 for x in row) for w, row in zip(weights, X.tolist(), strict=True)
    )
    bound = squares([block], measure(block)).upper_bound()
    assert exact < bound < exact * (1 + Fraction(1, 2**80))


def test_order_and_cut_do_not_show() -> None:
    rng = np.random.default_rng(1)
    X, t, s = rng.normal(size=(500, 3)), np.zeros(500), rng.random(500)
    scales = measure(Block(X, t, s))
    found = set()
    for _ in range(10):
        order = rng.permutation(500)
        parts = [Block(X[i], t[i], s[i]) for i in np.array_split(order, rng.integers(1, 9))]
        found.add(squares(parts, scales).upper_bound())
    assert len(found) == 1


@pytest.mark.parametrize("x", [5e-324, 1e-310, 1e-170, 1e150])
def test_squares_at_the_ends_of_the_range_are_bounded(x: float) -> None:
    block = Block(np.array([[x], [x / 2]]), np.zeros(2))
    exact = Fraction(x) ** 2 + Fraction(x / 2) ** 2
    bound = squares([block], measure(block)).upper_bound()
    assert exact < bound < exact * (1 + Fraction(1, 2**80))


def test_zeros_add_nothing() -> None:
    block = Block(np.zeros((5, 2)), np.zeros(5))
    assert squares([block], measure(block)).upper_bound() == 0


def test_rounding_up() -> None:
    assert round_up(Fraction(1, 2)) == 0.5
    above = round_up(Fraction(1, 3))
    assert Fraction(math.nextafter(above, 0.0)) < Fraction(1, 3) < Fraction(above)
    assert round_up(Fraction(1, 10) ** 400) == 5e-324
