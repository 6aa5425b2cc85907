"""Walks: every element once, in blocks of bounded size, cast and ordered as asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce._blocks import Walk
from stablelce.kernels import BLOCK

DOUBLE = np.dtype(np.float64)


@pytest.mark.parametrize("order", ["K", "C"])
def test_every_element_is_visited_once_in_blocks(order: Any) -> None:
    source = np.arange(3.0 * BLOCK).reshape(3, BLOCK).T
    out = np.zeros(source.shape)
    sizes = []
    with Walk([source], [out], [DOUBLE, DOUBLE], order, BLOCK) as walk:
        for read, write in walk.blocks(0, source.size):
            sizes.append(read.size)
            write[...] = read + 1
    assert (out == source + 1).all()
    assert sum(sizes) == source.size
    assert max(sizes) <= BLOCK


def test_a_range_follows_the_order_of_the_elements() -> None:
    source = np.arange(24).reshape(4, 6)[::-1].T
    with Walk([source], [], [DOUBLE], "C", BLOCK) as walk:
        parts = [np.concatenate([view.copy() for (view,) in walk.blocks(a, a + 8)]) for a in (0, 8, 16)]
        assert list(walk.blocks(5, 5)) == []
    assert np.concatenate(parts).tolist() == source.ravel().tolist()
    assert parts[0].dtype == DOUBLE


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_arrays_have_no_blocks(shape: tuple[int, ...]) -> None:
    with Walk([np.zeros(shape)], [np.zeros(shape)], [DOUBLE, DOUBLE], "C", BLOCK) as walk:
        assert list(walk.blocks(0, 0)) == []


def test_an_array_without_dimensions_is_one_element() -> None:
    out = np.zeros(())
    with Walk([np.array(3, dtype=">i2")], [out], [DOUBLE, DOUBLE], "K", BLOCK) as walk:
        for read, write in walk.blocks(0, 1):
            write[...] = read
    assert out == 3


def test_results_arrive_where_output_and_input_overlap_in_part() -> None:
    memory = np.arange(3.0 * BLOCK)
    wanted = memory[:-1] * 2
    with Walk([memory[:-1]], [memory[1:]], [DOUBLE, DOUBLE], "K", BLOCK) as walk:
        for read, write in walk.blocks(0, memory.size - 1):
            write[...] = read * 2
    assert (memory[1:] == wanted).all()
