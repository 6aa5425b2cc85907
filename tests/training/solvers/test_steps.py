"""The steps of stochastic gradient descent: each is the formula's, rounded as it says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import stablelce as lce
from stablelce.functions import gradient
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Problem
from stablelce.training.solvers.steps import Samples, _logits, descend
from tests.training.data import soft
from tests.training.reference import Reference


def samples(l2: float = 0.0) -> tuple[Problem, Samples]:
    X, t, s = soft()
    problem = Problem(ArrayBlocks(X, t, s), l2=l2)
    return problem, Samples(X, t, s * (len(t) / problem.total_weight), l2, fit_intercept=True)


def test_a_step_is_that_of_the_formula() -> None:
    """w - rate*(s*(y-t)*x + l2*w), each operation rounded once, with y - t of the correctly rounded logit."""
    _, data = samples(l2=0.5)
    w = np.array([0.3, -0.7, 1.1, 0.2])
    got = descend(data, w, np.array([5]), rate=0.125, batch_size=1)
    x = np.append(data.rows[5], 1.0)
    z = float(sum(Fraction(a) * Fraction(b) for a, b in zip(x.tolist(), w.tolist(), strict=True)))
    r = float(gradient(z, float(data.targets[5]))) * float(data.weights[5])
    penalty = np.array([0.5, 0.5, 0.5, 0.0])
    assert got.tobytes() == (w - 0.125 * (r * x + penalty * w)).tobytes()


def test_the_mean_of_the_steps_is_that_of_gradient_descent() -> None:
    """Over all rows, from one point: the weights make the mean step unbiased."""
    problem, data = samples(l2=0.25)
    X, t, s = soft()
    w = np.array([0.3, -0.7, 1.1, 0.2])
    moves = [descend(data, w, np.array([i]), rate=0.5, batch_size=1) - w for i in range(len(t))]
    reference = Reference(X, t, s, l2=0.25)
    want = [-0.5 * float(g) for g in reference.gradient([reference.context.mpf(x) for x in w.tolist()])]
    # Every move is at most 4 and a difference of numbers below 8, so it errs by a few times 2^-50.
    assert np.abs(np.mean(moves, axis=0) - want).max() < 2.0**-46
    whole = descend(data, w, np.arange(len(t)), rate=0.5, batch_size=len(t)) - w
    assert np.abs(whole - want).max() < 2.0**-46
    assert problem.rows == len(t)


def test_a_logit_is_that_of_the_exact_sum_but_for_its_rounding() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 12))
    w = rng.normal(size=12)
    rows[:, 11] = -(rows[:, :11] @ w[:11]) / w[11]  # the sum is rounding only
    for row, z in zip(rows.tolist(), _logits(rows, w).tolist(), strict=True):
        exact = sum((Fraction(x) * Fraction(c) for x, c in zip(row, w.tolist(), strict=True)), Fraction(0))
        # Half an ulp, and (n*2^-53)^2 times the sum of the magnitudes, below 2^-90 here.
        assert abs(Fraction(z) - exact) <= Fraction(2) ** -53 * abs(exact) + Fraction(2) ** -90


def test_a_row_has_one_logit_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(1)
    rows, w = rng.normal(size=(9, 5)), rng.normal(size=5)
    alone = np.concatenate([_logits(rows[i : i + 1], w) for i in range(9)])
    assert _logits(rows, w).tobytes() == alone.tobytes()


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=0)[::2]])
def test_any_layout_gives_the_same_bits(layout: object) -> None:
    pytest.importorskip("numba")
    _, data = samples(l2=0.1)
    other = Samples(layout(data.rows), data.targets, data.weights, 0.1, fit_intercept=True)  # type: ignore[operator]
    order = np.arange(60, dtype=np.int64)
    with lce.engine("numba"):
        one, two = (
            descend(each, np.zeros(4), order, rate=0.1, batch_size=7).tobytes() for each in (data, other)
        )
    assert one == two
