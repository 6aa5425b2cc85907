"""Distances from midpoints, against the oracle."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from stablelce import oracle
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels.search import draws
from stablelce.kernels.search.functions import FUNCTIONS, Function
from stablelce.kernels.search.measure import measure
from tests.midpoints import from_midpoint, spacing_at

COUNT = 60


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("exponent", [-24, -7, 0, 3, 6])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f"{f.quantity}{f.sign:+}{f.soft}")
def test_distances_and_offsets(function: Function, exponent: int, fmt: Format) -> None:
    rng = np.random.default_rng(exponent + 77)
    a = draws.logits(rng, COUNT, exponent, fmt)
    t = draws.targets(rng, COUNT, "uniform", fmt) if function.soft else np.zeros(COUNT)
    measured = measure(function.quantity, function.sign, a, t, fmt)
    assert measured.known.all()
    for i in range(COUNT):
        z, target = function.sign * a[i], t[i]
        distance = from_midpoint(function.quantity, z, target, fmt, Fraction(1, 2**80))
        assert distance < Fraction(2) ** -int(measured.bits[i])
        assert (
            math.isclose(
                abs(measured.offset[i]),
                distance * spacing_at(function.quantity, z, target, fmt),
                rel_tol=1e-4,
            )
            or measured.bits[i] > 30
        )
        value = oracle.exact(function.quantity, z, target, fmt).value(Fraction(1, 2**1200))
        if function.quantity == "gradient" and function.sign < 0:
            value = -value  # w - y
        there = value + Fraction(float(measured.offset[i]))
        nearest = fmt.to_fraction(fmt.round(there))
        assert (
            abs(abs(there - nearest) - spacing_at(function.quantity, z, target, fmt) / 2)
            < (spacing_at(function.quantity, z, target, fmt) * Fraction(1, 2**20))
            or fmt.round(there) & (fmt.min_normal - 1) == 0
        )


def test_a_known_hard_case() -> None:
    """sigmoid(3 * 2^-23) in binary32: 1/2 + z/4 is a midpoint, z^3/48 = 27/3 * 2^-73 = 2^-69.8 away."""
    measured = measure("gradient", 1.0, np.array([3 * 2.0**-23]), np.array([0.0]), BINARY32)
    assert measured.bits.tolist() == [45]  # in ulps of 2^-24


def test_where_the_kernel_does_not_serve_nothing_is_known() -> None:
    a = np.array([2.0**-60, 800.0, 1.0])
    for quantity in ("loss", "gradient", "hessian"):
        measured = measure(quantity, 1.0, a, np.full(3, 0.25), BINARY64)
        assert measured.known.tolist() == [False, False, True]
        assert measured.bits[:2].tolist() == [-1, -1]


def test_subnormal_results_are_measured_at_their_own_spacing() -> None:
    a = np.linspace(709.0, 744.0, 50)
    measured = measure("gradient", -1.0, a, np.zeros(50), BINARY64)
    assert measured.known.all()
    for x, bits in zip(a.tolist(), measured.bits.tolist(), strict=True):
        distance = from_midpoint("sigmoid", -x, 0.0, BINARY64, Fraction(1, 2**60))
        assert distance < Fraction(2) ** -bits
        assert bits > 20 or distance >= Fraction(2) ** -(bits + 1) * Fraction(99, 100)
