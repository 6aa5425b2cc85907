from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stablelce.certificate import NoUniqueOptimumError, certify_point
from stablelce.conformance.trainers.checks.relations import SHIFTS, _permuted
from stablelce.conformance.trainers.contract import HIGHEST_CONDITION
from stablelce.conformance.trainers.problems import (
    BENIGN,
    EXTREME,
    HARD,
    SEPARABLE,
    SOFT,
    Problem,
    optimum,
    problem,
    scaled,
)

UNIQUE = (*BENIGN, *HARD, SOFT)


def exact(judged: Problem) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(optimum(judged, Fraction(0), intercept=True))


def condition(judged: Problem) -> float:
    x = np.column_stack([judged.x, np.ones(len(judged.x))])
    y = 1 / (1 + np.exp(-(x @ exact(judged))))
    return float(np.linalg.cond((x.T * (y * (1 - y))) @ x))


@pytest.mark.parametrize("judged", [*map(problem, BENIGN), *(scaled(problem("plain"), 0, k) for k in SHIFTS)])
def test_benign_problems_are_benign(judged: Problem) -> None:
    assert condition(judged) <= HIGHEST_CONDITION
    assert np.abs(exact(judged)).min() > 0.25
    assert np.abs(judged.x).max() < 32


def test_hard_problems_are_hard() -> None:
    assert all(condition(problem(name)) > 10 * HIGHEST_CONDITION for name in HARD)
    assert exact(problem("nearly separable")).max() > 10


@pytest.mark.parametrize("name", SEPARABLE)
def test_separable_problems_are_proved_so(name: str) -> None:
    judged = problem(name)
    with pytest.raises(NoUniqueOptimumError) as caught:
        exact(judged)
    assert caught.value.kind == name
    assert np.isfinite(optimum(judged, Fraction(1, 8), intercept=True)).all()


@pytest.mark.parametrize("name", [*UNIQUE, *SEPARABLE])
def test_every_number_is_a_short_dyadic(name: str) -> None:
    judged = problem(name)
    for values in (judged.x, judged.t):
        assert (values * 4096 == np.rint(values * 4096)).all()
        assert (values.astype(np.float32) == values).all()
    assert set(judged.t) == {0.0, 1.0} or name == SOFT


def test_soft_targets_are_soft() -> None:
    t = problem(SOFT).t
    assert t.min() >= 0
    assert t.max() <= 1
    assert len(set(t)) > 50


@pytest.mark.parametrize("name", UNIQUE)
def test_the_optimum_is_certified_to_the_last_bit(name: str) -> None:
    judged, values = problem(name), exact(problem(name))
    proof = certify_point(judged.x, judged.t, values[:-1], float(values[-1]))
    assert proof.certified
    assert (proof.radius <= np.spacing(np.abs(values[:-1])) / 2).all()


def test_a_scaled_column_scales_its_coefficient_exactly() -> None:
    base = problem("plain")
    for name, column, exponent in EXTREME:
        there = exact(scaled(base, column, exponent, name))
        there[column] = np.ldexp(there[column], exponent)
        assert (there == exact(base)).all()


def test_the_other_order_holds_each_row_once() -> None:
    for name in BENIGN:
        base, changed = problem(name), _permuted(problem(name))
        assert not (base.x == changed.x).all()
        for one, other in ((base.x, changed.x), (base.t, changed.t)):
            assert (np.sort(one, axis=0) == np.sort(other, axis=0)).all()


def test_weights_count_in_total_and_optimum() -> None:
    base = problem("uneven")
    weighted = Problem("weighted", base.x, base.t, np.where(base.t == 1, 3.0, 0.5))
    assert weighted.total == Fraction(float(np.where(base.t == 1, 3.0, 0.5).sum()))
    assert base.total == len(base.x)
    assert (exact(weighted) != exact(base)).all()
