"""Marked elements, gathered and put back."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import pytest

import stablelce as lce
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels import numpy_engine
from stablelce.kernels.compiled_rows import CHUNK
from stablelce.kernels.compiled_settling import ROOM, any_left, collect, gather, scatter
from stablelce.kernels.marks import GRADIENT, LOSS


def test_places_are_added_to_those_that_wait() -> None:
    marks = (np.arange(CHUNK) % 3 == 0).astype(np.uint8) * GRADIENT
    places = np.full(ROOM, -1)
    count = collect(marks, 1000, places, collect(marks, 0, places, 0))
    first = np.flatnonzero(marks)
    assert places[:count].tolist() == [*first.tolist(), *(1000 + first).tolist()]


def test_there_is_room_for_a_full_chunk_beside_a_full_chunk() -> None:
    marks, places = np.ones(CHUNK, np.uint8), np.empty(ROOM, np.int64)
    assert collect(marks, CHUNK, places, collect(marks, 0, places, 0)) == ROOM
    assert (places == np.arange(ROOM)).all()


def test_what_is_not_served_is_not_gathered_and_what_is_undecided_stays() -> None:
    z = np.array([1.0, -2.0, 9.0, np.nan, np.inf, 3.0, 4.0, 5.0])
    t = np.array([0.0, 1.0, 0.5, 0.5, 0.5, np.nan, 1.5, 0.25])
    left = np.full(z.size, LOSS | GRADIENT, np.uint8)
    left[0] = GRADIENT
    logits, targets, chosen = gather(LOSS, 8.0, z, t, 0.0, left, np.arange(z.size))
    assert (logits.tolist(), targets.tolist(), chosen.tolist()) == ([-2.0, 5.0], [1.0, 0.25], [1, 7])
    out = np.zeros(z.size)
    scatter(LOSS, np.array([0.1, 0.2]), np.array([True, False]), chosen, out, left)
    assert out.tolist() == [0, 0.1, 0, 0, 0, 0, 0, 0]
    assert left[1] == GRADIENT
    assert left[7] == LOSS | GRADIENT
    assert any_left(left, np.array([1]))
    assert not any_left(np.zeros(3, np.uint8), np.arange(3))


def test_without_targets_it_is_the_fixed_one() -> None:
    z = np.array([1.0, 2.0], np.float32)
    left = np.full(2, LOSS, np.uint8)
    _, targets, _ = gather(LOSS, 8.0, z, np.empty(0, np.float32), 0.75, left, np.arange(2))
    assert targets.tolist() == [0.75, 0.75]


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=str)
@pytest.mark.parametrize("every", [1, 2, 5, 400])
def test_hard_elements_are_right_wherever_they_are(fmt: Format, every: int) -> None:
    """More of them than wait at a time, exactly as many, and so few that they wait to the end."""
    rng = np.random.default_rng(every)
    z = rng.normal(0, 4, 5 * CHUNK + 3).astype(fmt.dtype)
    t = np.where(np.arange(z.size) % every == 0, lce.sigmoid(z), 1.0).astype(fmt.dtype)
    lce.warmup()
    for size in (1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 1, z.size):
        loss, gradient = lce.loss_and_gradient(z[:size], t[:size])
        want = {"loss": np.empty_like(loss), "gradient": np.empty_like(loss)}
        numpy_engine.evaluate(want, z[:size], t[:size])
        assert loss.tobytes() == want["loss"].tobytes()
        assert gradient.tobytes() == want["gradient"].tobytes()
