"""Logits of predictions: those of the exact sum, rounded once, but for the last bit now and then."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stablelce.training.logits import logits


def test_logits_are_within_an_ulp_of_the_exact_sum_where_it_cancels() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 9))
    w = rng.normal(size=10)
    X[:, 8] = -((X[:, :8] @ w[:8]) + w[9]) / w[8]  # the sum is rounding only
    found = logits(X, w)
    for row, z in zip(X.tolist(), found.tolist(), strict=True):
        exact = sum(
            (Fraction(x) * Fraction(c) for x, c in zip(row, w[:9].tolist(), strict=True)), Fraction(w[9])
        )
        # The bound of rows.py: half an ulp and (n*2^-53)^2 times the sum of the magnitudes, below 2^-95 here.
        assert abs(Fraction(z) - exact) <= Fraction(2) ** -53 * abs(exact) + Fraction(2) ** -95


def test_a_row_has_one_logit_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=(40, 5)) * 10.0 ** rng.integers(-200, 100, size=(40, 1)), rng.normal(size=6)
    together = logits(X, w)
    alone = np.concatenate([logits(X[i : i + 1], w) for i in range(40)])
    assert together.tobytes() == alone.tobytes()


def test_huge_coefficients_give_logits_that_are_held() -> None:
    X = np.array([[1e150, 1.0], [-1e150, 1.0], [0.0, 1.0]])
    found = logits(X, np.array([1e300, 2.0, -1.0]))
    assert found.tolist() == [2.0**960, -(2.0**960), 1.0]
