from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from stablelce.conformance.trainers import reference
from stablelce.conformance.trainers.base import Order
from stablelce.conformance.trainers.problems import Problem, problem
from tests.conformance.trainers import faulty

L2 = Fraction(1, 16)
TINY = Problem("tiny", np.array([[1.0], [2.0], [-1.0]]), np.array([1.0, 0.0, 0.0]))


def test_the_first_step_is_the_one_computed_by_hand() -> None:
    # At 0 every residual is 1/2 - t: gradient of w (-1/2 + 1 - 1/2)/3 = 0, of b (-1/2 + 1/2 + 1/2)/3 = 1/6.
    path = reference.exact_steps(TINY, L2, 0.75, 1, "batch", intercept=True)
    assert path[0] == [0, 0]
    assert path[1][0] == 0
    assert abs(path[1][1] + mpmath.mpf(1) / 8) < 1e-45
    rows = reference.exact_steps(TINY, L2, 0.75, 1, "rows", intercept=True)
    assert [float(v) for v in rows[1]] == [0.375, 0.375]


def test_without_an_intercept_there_is_one_parameter_less() -> None:
    assert len(reference.exact_steps(TINY, L2, 0.5, 2, "batch", intercept=False)[-1]) == 1


def test_the_bound_of_the_hessian() -> None:
    # Norms of the rows with a one: 2, 5, 2.
    assert reference.lipschitz(TINY, L2, "batch", intercept=True) == Fraction(9, 12) + L2
    assert reference.lipschitz(TINY, L2, "rows", intercept=True) == Fraction(5, 4) + L2
    assert reference.lipschitz(TINY, L2, "batch", intercept=False) == Fraction(6, 12) + L2


@pytest.mark.parametrize("bound", [Fraction(1, 9), Fraction(1, 8), Fraction(1), Fraction(7), Fraction(1, 3)])
def test_the_rate_is_the_largest_power_of_two(bound: Fraction) -> None:
    rate = reference.largest_rate(bound)
    assert np.frexp(rate)[0] == 0.5
    assert Fraction(rate) * bound <= 1 < 2 * Fraction(rate) * bound


@pytest.mark.parametrize("order", ["batch", "rows"])
@pytest.mark.parametrize("l2", [Fraction(0), L2])
def test_steps_in_binary64_stay_within_the_bound_and_in_binary32_do_not(order: Order, l2: Fraction) -> None:
    judged = problem("plain")
    rate = reference.largest_rate(reference.lipschitz(judged, l2, order, intercept=True))
    trainer = faulty.Rows if order == "rows" else faulty.Newton
    for count in (1, 50):
        path = reference.exact_steps(judged, l2, rate, count, order, intercept=True)
        bound = count * reference.step_error(judged, l2, rate, path, order)
        got = np.concatenate(trainer.steps(judged.x, judged.labels, rate, count, l2=float(l2)))
        want = np.array(path[-1], dtype=np.float64)
        assert (np.abs(got - want) <= bound).all()
        assert (bound < 1e-11).all()
    # The last count: one row's first step is a short dyadic, which binary32 holds.
    assert (np.abs(got.astype(np.float32) - want) > bound).any()


def test_the_loss_is_that_of_mpmath() -> None:
    judged, values = problem("soft"), np.array([0.5, -1.25, 0.1, 2.0])
    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        for row, t in zip(judged.x.tolist(), judged.t.tolist(), strict=True):
            z = mpmath.fdot(row, values[:3].tolist()) + values[3]
            total += t * mpmath.log1p(mpmath.exp(-z)) + (1 - t) * mpmath.log1p(mpmath.exp(z))
        want = total / len(judged.x) + mpmath.fdot(values[:3].tolist(), values[:3].tolist()) / 32
        got = reference.exact_loss(judged, L2, values)
        assert abs(mpmath.mpf(got.numerator) / got.denominator - want) < 1e-30
