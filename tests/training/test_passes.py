"""States: small, mergeable, and made by a pure function that other processes can call."""

from __future__ import annotations

import functools
import pickle
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import numpy as np
import pytest

import stablelce as lce
from stablelce.sums.fixed_point import UNIT
from stablelce.training.passes import State, differentiate
from stablelce.training.point import Point
from stablelce.training.scales import measure
from tests.training.problems import data, permuted


def same(a: State, b: State) -> bool:
    grams = [None if state.gram is None else state.gram.limbs.tobytes() for state in (a, b)]
    sums = [state.gradient.limbs.tobytes() + state.loss.limbs.tobytes() for state in (a, b)]
    return sums[0] == sums[1] and grams[0] == grams[1]


@pytest.mark.parametrize("slices", [0, 1, 2])
def test_random_merge_trees_give_one_state(slices: int) -> None:
    block, coef = data(2000, 5), np.linspace(-1, 1, 6)
    scales = measure(block)
    whole = differentiate(block, scales, coef, slices=slices)
    rng = np.random.default_rng(0)
    for _ in range(10):
        pieces = np.array_split(rng.permutation(2000), rng.integers(2, 12))
        parts = [differentiate(permuted(block, index), scales, coef, slices=slices) for index in pieces]
        while len(parts) > 1:
            a, b = rng.choice(len(parts), 2, replace=False)
            parts[a].merge(parts[b])
            del parts[b]
        assert same(parts[0], whole)


def test_other_processes_compute_the_same() -> None:
    block, coef = data(900, 4), np.ones(5) * 1e-3
    scales = measure(block)
    whole = differentiate(block, scales, coef, slices=2)
    blocks = [permuted(block, index) for index in np.array_split(np.arange(900), 3)]
    task = functools.partial(differentiate, scales=scales, coef=coef, slices=2)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        first, *others = pool.map(task, blocks)
    for other in others:
        first.merge(other)
    assert same(first, whole)


def test_a_state_is_small_and_pickles() -> None:
    block = data(10_000, 20)
    state = differentiate(block, measure(block), np.zeros(21))
    content = pickle.dumps(state)
    assert len(content) < 3000 < block.X.nbytes
    assert same(pickle.loads(content), state)


def test_sums_are_those_of_the_rounded_factors_to_within_the_bound() -> None:
    block = data(700, 6, weighted=False)
    scales, coef = measure(block), np.full(7, 1e-3)
    state = differentiate(block, scales, coef)
    point = Point.at(coef, scales, fit_intercept=True)
    X = np.column_stack([block.X, np.ones(700)])
    # Logits by rationals, rounded once: those of the pass may differ in the last place, and r by as much.
    z = [sum(Fraction(a) * Fraction(b) for a, b in zip(x, coef.tolist(), strict=True)) for x in X.tolist()]
    logits = np.array([float(value) for value in z])
    r, losses = lce.gradient(logits, block.t), lce.loss(logits, block.t)
    for j in range(7):
        exact = sum(Fraction(a) * Fraction(x) for a, x in zip(r.tolist(), X[:, j].tolist(), strict=True))
        slack = sum(
            (abs(Fraction(a)) / 2**52 + Fraction(1, 2**52)) * abs(Fraction(x))
            for a, x in zip(logits.tolist(), X[:, j].tolist(), strict=True)
        )
        unit = Fraction(2) ** (int(point.exponents[j]) + UNIT)
        assert abs(state.gradient.value(j) - exact) <= slack + 700 * Fraction(5, 8) * unit
    slack = sum((abs(Fraction(a)) + 1) / 2**51 for a in logits.tolist())
    assert abs(state.loss.value() - sum(map(Fraction, losses.tolist()))) <= slack
