"""Drawing states: what is recorded, who is told, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from stablelce.training.solvers.state import State, start
from stablelce.training.watching import Iteration, Watch


def states(count: int = 10, last: State | None = None) -> Iterator[State]:
    first = replace(start(np.array([1.0, 2.0, 3.0])), loss=1.0, gradient_norm=0.5)
    for k in range(count):
        yield replace(first, iteration=k, loss=1.0 / (k + 1))
    if last is not None:
        yield last


def test_losses_of_all_iterations_are_recorded_up_to_the_last() -> None:
    watch = Watch("gd", 2, max_iter=4)
    assert watch.draw(states()).iteration == 4
    assert watch.losses == [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


def test_a_state_that_is_drawn_again_is_recorded_once() -> None:
    ends = replace(start(np.zeros(3)), iteration=2, loss=1 / 3, status="stuck")
    watch = Watch("gd", 2, max_iter=10)
    assert watch.draw(states(3, ends)).status == "stuck"
    assert watch.losses == [1.0, 1 / 2, 1 / 3]


def test_callbacks_are_told_every_iteration() -> None:
    told: list[Iteration] = []
    Watch("gd", 2, max_iter=3, callbacks=[told.append]).draw(states())
    assert [one.iteration for one in told] == [0, 1, 2, 3]
    assert told[1].loss == 0.5
    assert told[1].coef.tolist() == [1.0, 2.0]
    assert told[1].intercept == 3.0
    assert told[1].gradient_norm == 0.5


def test_without_an_intercept_a_callback_is_told_zero() -> None:
    told: list[Iteration] = []
    Watch("gd", 3, max_iter=1, callbacks=[told.append]).draw(states())
    assert told[0].intercept == 0.0
    assert told[0].coef.tolist() == [1.0, 2.0, 3.0]


def test_what_a_callback_is_told_cannot_be_changed() -> None:
    told: list[Iteration] = []
    Watch("gd", 2, max_iter=1, callbacks=[told.append]).draw(states())
    with pytest.raises(FrozenInstanceError):
        told[0].loss = 0.0  # type: ignore[misc]  # that is the point
    with pytest.raises(ValueError, match="read-only"):
        told[0].coef[0] = 0.0


def test_true_of_numpy_stops() -> None:
    asked = Watch("gd", 2, max_iter=9, callbacks=[lambda one: np.bool_(one.iteration == 2)])
    assert asked.draw(states()).iteration == 2


def test_true_stops_and_other_answers_do_not() -> None:
    calls: list[int] = []

    def first(one: Iteration) -> bool:
        return one.iteration == 2

    def second(one: Iteration) -> int:
        calls.append(one.iteration)
        return 1

    ended = Watch("gd", 2, max_iter=9, callbacks=[first, second]).draw(states())
    assert (ended.iteration, ended.status) == (2, "stopped")
    assert calls == [0, 1, 2]  # the second is told too, though the first has stopped it
