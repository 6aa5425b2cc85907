"""Stochastic steps: each is the formula's, and a seed decides every bit."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Problem
from stablelce.training.solvers.sgd import _order, epoch_rate, sgd
from stablelce.training.solvers.state import State, start
from stablelce.training.solvers.steps import Samples, descend
from tests.training.data import separable, soft
from tests.training.reference import Reference


def samples(l2: float = 0.0, seed: int = 0) -> tuple[Problem, Samples]:
    X, t, s = soft(seed=seed)
    problem = Problem(ArrayBlocks(X, t, s), l2=l2)
    return problem, Samples(X, t, s * (len(t) / problem.total_weight), l2, fit_intercept=True)


def run(count: int, *, seed: int = 1, batch_size: int = 1, rate: float | None = None) -> list[State]:
    problem, data = samples(l2=0.1)
    states = sgd(
        problem, lambda: [data], start(np.zeros(4)), seed=seed, rate=rate, batch_size=batch_size, tol=0.0
    )
    return list(itertools.islice(states, count + 1))


def test_every_epoch_visits_every_row_once_in_an_order_of_its_own() -> None:
    orders = [_order(50, 7, epoch, 0) for epoch in range(3)]
    assert all(sorted(order.tolist()) == list(range(50)) for order in orders)
    assert len({order.tobytes() for order in orders}) == 3


def test_the_order_is_that_of_the_raw_output_of_pcg64() -> None:
    raw = np.random.PCG64(np.random.SeedSequence(entropy=7, spawn_key=(2,))).random_raw(50).tolist()
    assert _order(50, 7, 2, 0).tolist() == sorted(range(50), key=lambda i: raw[i])


def test_every_block_has_an_order_of_its_own() -> None:
    raw = np.random.PCG64(np.random.SeedSequence(entropy=7, spawn_key=(2, 3))).random_raw(50).tolist()
    assert _order(50, 7, 2, 3).tolist() == sorted(range(50), key=lambda i: raw[i])
    orders = {_order(50, 7, epoch, block).tobytes() for epoch in range(4) for block in range(4)}
    assert len(orders) == 16


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_blocks_are_visited_in_turn_and_end_a_batch(batch_size: int) -> None:
    """Against one descent for each block, in the documented order, with the rate of the epoch."""
    problem, data = samples(l2=0.1)
    cuts = [slice(0, 25), slice(25, 60)]
    parts = [replace(data, rows=data.rows[c], targets=data.targets[c], weights=data.weights[c]) for c in cuts]
    states = sgd(
        problem, lambda: parts, start(np.zeros(4)), seed=3, rate=None, batch_size=batch_size, tol=0.0
    )
    coef = np.zeros(4)
    for epoch, state in enumerate(itertools.islice(states, 4)):
        assert state.coef.tobytes() == coef.tobytes()
        for block, part in enumerate(parts):
            order = _order(len(part.targets), 3, epoch, block)
            rate = epoch_rate(problem.lipschitz, epoch)
            coef = descend(part, coef, order, rate=rate, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [1, 7, 60, 1000])
def test_a_seed_decides_every_bit(batch_size: int) -> None:
    one, two = run(4, batch_size=batch_size), run(4, batch_size=batch_size)
    assert [s.coef.tobytes() for s in one] == [s.coef.tobytes() for s in two]
    if batch_size < 60:
        assert run(4, batch_size=batch_size, seed=2)[-1].coef.tobytes() != one[-1].coef.tobytes()


def test_the_default_rate_falls_and_leads_near_the_optimum() -> None:
    X, t, s = soft()
    best = float(Reference(X, t, s, l2=0.1).loss(Reference(X, t, s, l2=0.1).optimum()))
    losses = [state.loss for state in run(60)]
    # The noise of a constant rate would leave a distance in proportion to it: with 1/sqrt(1+e) it is 8 times
    # smaller after 60 epochs than after the first.
    assert losses[-1] - best < (losses[1] - best) / 4
    assert epoch_rate(2.0, 0) == 0.25
    assert epoch_rate(2.0, 3) == 0.125


def test_a_rate_that_is_too_large_ends_with_finite_coefficients() -> None:
    last = run(1000, rate=1e8)[-1]
    assert last.status == "overflow"
    assert np.isfinite(last.coef).all()


def test_separable_data_give_falling_losses() -> None:
    X, y = separable()
    problem = Problem(ArrayBlocks(X, y))
    data = Samples(X, y.astype(float), np.ones(len(y)), 0.0, fit_intercept=True)
    states = sgd(problem, lambda: [data], start(np.zeros(4)), seed=0, rate=None, batch_size=5, tol=0.0)
    losses = [state.loss for state in itertools.islice(states, 20)]
    assert losses[-1] < losses[10] < losses[0]


def test_it_goes_on_from_any_state_with_the_same_bits() -> None:
    states = run(6)
    problem, data = samples(l2=0.1)
    again = sgd(problem, lambda: [data], states[3], seed=1, rate=None, batch_size=1, tol=0.0)
    assert [s.coef.tobytes() for s in itertools.islice(again, 4)] == [s.coef.tobytes() for s in states[3:]]
