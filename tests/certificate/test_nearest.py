"""The guess: its residual and weights satisfy the conditions of the minimum, to float64's accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.certificate.nearest import nearest
from tests.certificate.reference import seeded


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0])
def test_the_conditions_of_the_minimum_hold(seed: int, shift: float) -> None:
    """Karush, Kuhn and Tucker: m >= 0, a_i.r + r_0 <= 0, and 0 where m_i > 0. The problem is convex."""
    rows = seeded(seed).standard_normal((80, 5)) + shift
    rows /= np.linalg.norm(rows, axis=1)[:, np.newaxis]
    weights, direction = nearest(rows)
    assert (weights >= 0).all()
    np.testing.assert_allclose(rows.T @ weights, direction, atol=1e-12)
    slopes = rows @ -direction + (1.0 - weights.sum())
    assert slopes.max() <= 1e-12
    assert np.abs(slopes[weights > 0]).max(initial=0.0) <= 1e-12


def test_rows_on_one_side_give_a_direction_and_others_a_sum_of_zero() -> None:
    rng = seeded(1)
    rows = rng.standard_normal((50, 3))
    weights, direction = nearest(rows)
    assert np.abs(direction).max() < 1e-12
    assert 0.999 < weights.sum() < 1.001
    rows *= np.sign(rows[:, :1])
    _, direction = nearest(rows)
    assert (rows @ direction > 0).all()


def test_a_row_of_zeros_is_met_by_nothing() -> None:
    weights, direction = nearest(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert weights.tolist() == [0.0, 1.0]
    assert not direction.any()
