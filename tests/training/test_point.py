"""Scaled coefficients: nothing overflows, and the exponents bound what they are to bound."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stablelce.training import rows
from stablelce.training.blocks import Block
from stablelce.training.point import LOGIT_EXPONENT, Point
from stablelce.training.scales import measure

SIZES = [1e-323, 1e-290, 1e-140, 1.0, 1e140]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coefficient", [0.0, 1e-320, 1.0, -1e160, 1.7e308])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_no_logit_is_beyond_its_bound(size: float, coefficient: float, fit_intercept: bool) -> None:
    X = np.array([[size, 1.0], [-size / 3, -1.0]])
    coef = np.array([coefficient, 1.0, 1e3])[: 2 + fit_intercept]
    block = Block(X, np.array([0.0, 1.0]), np.array([1e-310, 5.0]))
    point = Point.at(coef, measure(block), fit_intercept=fit_intercept)
    with np.errstate(all="ignore"):
        scaled = rows.scaled(block, point)
        found = rows.compute(scaled, point, hessian=True)
        z = rows.logits(scaled.X, point)
    assert all(np.isfinite(column).all() for column in found if column is not None)
    assert scaled.s is not None
    assert scaled.s.max() <= 1
    bounds = [Fraction(2) ** int(k) for k in point.exponents]
    for r, row in zip(found.r.tolist(), scaled.X.tolist(), strict=True):
        for x, bound in zip([*row, 1.0], bounds, strict=False):
            assert abs(Fraction(r) * Fraction(x)) <= bound
    assert found.loss.max() <= Fraction(2) ** point.loss_exponent
    exact = [
        sum(
            (Fraction(a) * Fraction(b) for a, b in zip([*row, 1.0], coef.tolist(), strict=False)), Fraction(0)
        )
        for row in X.tolist()
    ]
    limit = Fraction(2) ** LOGIT_EXPONENT
    for value, wanted in zip(z.tolist(), exact, strict=True):
        held = min(max(wanted, -limit), limit)
        # One rounding, and what double words lose; a scaled coefficient may lose what underflows.
        assert abs(Fraction(value) - held) <= abs(held) * Fraction(1, 2**52) + Fraction(1, 2**800)


def test_shifts_have_an_element_for_each_coefficient() -> None:
    X = np.array([[1e-300, 1.0]])
    scales = measure(Block(X, np.zeros(1)))
    for fit_intercept in (False, True):
        point = Point.at(np.ones(2 + fit_intercept), scales, fit_intercept=fit_intercept)
        assert len(point.column_shifts) == len(point.exponents) == 2 + fit_intercept
        assert point.column_shifts[0] > 0
        assert not point.column_shifts[1:].any()
