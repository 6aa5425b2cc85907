"""Gradient descent: its steps against mpmath within a derived bound, and its promises."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Problem
from stablelce.training.solvers.gd import gradient_descent
from stablelce.training.solvers.state import State, start
from tests.training.data import soft
from tests.training.reference import Reference

U = 2.0**-53


def steps(problem: Problem, count: int, rate: float | None = None, tol: float = 0.0) -> list[State]:
    states = gradient_descent(problem, start(np.zeros(problem.size)), rate=rate, tol=tol)
    return list(itertools.islice(states, count + 1))


@pytest.mark.parametrize("l2", [0.0, 0.25])
def test_fifty_steps_are_those_of_mpmath(l2: float) -> None:
    """The error e_k of the coefficients grows by no more than what a step rounds.

    w -> w - rate * gradient does not expand distances for rate <= 1/L, so |e_{k+1}| <= |e_k| + |d_k| with

        d_k <= u*(|w_{k+1}| + |rate*g|)  the subtraction and the product
               + rate * u * (|g| + mean of s_i |x_i| (2|r_i| + |z_i|/4))

    where u = 2^-53, g and r are rounded (r once more by its weight) and so is z, which moves r by |dz|/4 at
    most. The fixed-point sums add 60*2^-100 at most. All is taken at the exact path and enlarged by 1/100 for
    the terms of second order.
    """
    X, t, s = soft()
    problem = Problem(ArrayBlocks(X, t, s), l2=l2)
    rate = 1.0 / problem.lipschitz
    reference = Reference(X, t, s, l2=l2)
    number, norm = reference.context.mpf, reference.context.norm
    w: list[Any] = [number(0)] * 4
    bound = number(0)
    for state in steps(problem, 50):
        error = norm([number(a) - b for a, b in zip(state.coef.tolist(), w, strict=True)])
        assert error <= bound
        g, z, r = reference.gradient(w), reference.logits(w), reference.residuals(w)
        w = [x - number(rate) * y for x, y in zip(w, g, strict=True)]
        noise = [
            weight * norm(row) * (2 * abs(ri) + abs(zi) / 4)
            for weight, row, ri, zi in zip(reference.s, reference.rows, r, z, strict=True)
        ]
        step = norm(w) + rate * (2 * norm(g) + reference.context.fsum(noise) / reference.total)
        bound += number("1.01") * U * step
    assert 0 < bound < 1e-13
    assert state.iteration == 50


def test_the_loss_falls_with_every_step() -> None:
    X, t, s = soft(seed=3)
    losses = [state.loss for state in steps(Problem(ArrayBlocks(X, t, s)), 300)]
    assert all(after <= before for before, after in itertools.pairwise(losses))
    assert losses[-1] < losses[0]


def test_a_small_step_is_the_last() -> None:
    X, t, s = soft()
    *before, last = steps(Problem(ArrayBlocks(X, t, s)), 10_000, tol=1e-6)
    assert last.status == "converged"
    assert last.step <= 1e-6 < before[-1].step


def test_a_rate_that_is_too_large_ends_with_finite_coefficients() -> None:
    X, t, s = soft()
    *_, last = steps(Problem(ArrayBlocks(X, t, s), l2=1.0), 10_000, rate=1e6)
    assert last.status == "overflow"
    assert np.isfinite(last.coef).all()
    assert np.isfinite(last.loss)


def test_it_goes_on_from_any_state_with_the_same_bits() -> None:
    X, t, s = soft()
    problem = Problem(ArrayBlocks(X, t, s))
    states = steps(problem, 20)
    again = itertools.islice(gradient_descent(problem, states[7], rate=None, tol=0.0), 14)
    for one, other in zip(states[7:], again, strict=True):
        assert one.coef.tobytes() == other.coef.tobytes()
        assert (one.iteration, one.loss, one.step) == (other.iteration, other.loss, other.step)


def test_coefficients_cannot_be_written() -> None:
    X, t, s = soft()
    for state in steps(Problem(ArrayBlocks(X, t, s)), 2):
        with pytest.raises(ValueError, match="read-only"):
            state.coef[0] = 1.0
