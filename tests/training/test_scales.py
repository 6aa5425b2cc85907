"""The first pass: scales that do not depend on the order of the rows, and sentences about bad data."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.sums.fixed_point import LEAST_EXPONENT
from stablelce.training.blocks import Block
from stablelce.training.scales import LARGEST, Scales, measure


def block(X: Any, t: Any = None, s: Any = None) -> Block:
    X = np.asarray(X)
    return Block(X, np.zeros(len(X)) if t is None else np.asarray(t), None if s is None else np.asarray(s))


def test_scales_merge_to_those_of_all_rows() -> None:
    rng = np.random.default_rng(0)
    X, s = rng.normal(size=(1000, 40)), rng.random(1000) * 10.0 ** rng.integers(-300, 300, 1000)
    whole = measure(block(X, s=s))
    merged = Scales.of_nothing(40)
    for index in np.array_split(rng.permutation(1000), 7):
        merged.merge(measure(block(X[index], s=s[index])))
    for scales in (whole, merged):
        assert scales.rows == 1000
        assert (scales.maxima == np.abs(X).max(axis=0)).all()
        assert scales.largest_weight == s.max()
        assert scales.total_weight == sum(map(Fraction, s.tolist()))


def test_rows_without_weights_weigh_one_beside_others() -> None:
    scales = measure(block(np.ones((3, 1))))
    scales.merge(measure(block(np.ones((2, 1)), s=[0.25, 0.5])))
    assert scales.total_weight == Fraction(15, 4)
    assert scales.largest_weight == 1
    empty = measure(block(np.ones((0, 1))))
    assert empty.total_weight == empty.largest_weight == empty.rows == 0


@pytest.mark.parametrize("largest", [5e-324, 1e-300, 0.5, 0.75, 1.0, 3.0, 1e300])
def test_powers_of_two_bound_weights_and_features(largest: float) -> None:
    scales = measure(block(np.ones((2, 1)), s=[largest, 0.0]))
    power = Fraction(2) ** scales.weight_exponent
    assert power / 2 < Fraction(largest) <= power
    feature = min(largest, LARGEST)
    scales = measure(block([[feature, 0.0], [-feature / 2, 0.0]]))
    exponent, shift = int(scales.exponents[0]), int(scales.shifts[0])
    assert Fraction(feature) * 2**shift <= Fraction(2) ** exponent
    assert exponent >= LEAST_EXPONENT
    assert shift == 0 or exponent == LEAST_EXPONENT
    assert scales.shifts[1] == 0


def test_float32_features_are_measured_too() -> None:
    X = np.array([[1, -7], [-2, 3]], np.float32)
    assert measure(block(X)).maxima.tolist() == [2.0, 7.0]
    assert measure(block(X)).maxima.dtype == np.float64


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row", [0, 5000, 9999])
def test_features_that_are_not_finite_are_refused_with_their_place(value: float, row: int) -> None:
    X = np.zeros((10_000, 7))
    X[row, 3] = value
    with pytest.raises(ValueError, match=rf"^row {row + 100}, column 3 of X is {value}: "):
        measure(block(X), 100)


def test_features_that_are_too_large_are_refused_with_advice() -> None:
    X = np.zeros((5, 2))
    X[4, 1] = -np.nextafter(LARGEST, math.inf)
    with pytest.raises(ValueError, match=r"row 4, column 1 of X is -1.*, beyond 1e\+150 .*scale the column"):
        measure(block(X))
    X[4, 1] = -LARGEST
    assert measure(block(X)).maxima.tolist() == [0.0, LARGEST]


def test_targets_and_weights_are_looked_at() -> None:
    X = np.zeros((3, 1))
    for bad in (-0.1, 1.5, math.nan):
        with pytest.raises(ValueError, match=r"targets must lie in \[0, 1\]: row 11 has"):
            measure(block(X, t=[0.0, bad, 1.0]), 10)
    for bad in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="weights must be finite and not negative: row 12 has"):
            measure(block(X, s=[0.0, 1.0, bad]), 10)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="X must be float64 or float32: got int64"):
        measure(block([[1]]))
    with pytest.raises(TypeError, match="t must be float64: got float32"):
        measure(block([[1.0]], t=np.zeros(1, np.float32)))
    with pytest.raises(TypeError, match="s must be float64: got int64"):
        measure(block([[1.0]], s=[1]))
