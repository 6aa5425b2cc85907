"""Arrays in blocks: every row once, each time, in the types that the passes take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stablelce.training.blocks import ArrayBlocks


def test_each_pass_gives_every_row_once() -> None:
    X, t, s = np.arange(22.0).reshape(11, 2), np.linspace(0, 1, 11), np.arange(11.0)
    for rows in (1, 4, 11, 50):
        blocks = ArrayBlocks(X, t, s, rows=rows)
        for _ in range(2):
            parts = list(blocks)
            assert all(len(part.t) <= rows for part in parts)
            assert (np.concatenate([part.X for part in parts]) == X).all()
            assert (np.concatenate([part.t for part in parts]) == t).all()
            assert (np.concatenate([part.s for part in parts if part.s is not None]) == s).all()
    assert blocks.features == 2


def test_plain_arrays_are_not_copied_and_others_become_float64_in_c_order() -> None:
    X, t = np.ones((6, 3)), np.zeros(6)
    for dtype in (np.float64, np.float32):
        (block,) = ArrayBlocks(X.astype(dtype), t)
        assert block.X.dtype == dtype
    (block,) = ArrayBlocks(X, t)
    assert np.shares_memory(block.X, X)
    for other in (np.asfortranarray(X), X.astype(np.int32), X.astype(">f8"), np.ones((6, 6))[:, ::2]):
        (block,) = ArrayBlocks(other, t.astype(np.float32))
        assert block.X.dtype == np.float64
        assert block.X.dtype.isnative
        assert block.X.flags.c_contiguous
        assert block.t.dtype == np.float64
        assert (block.X == 1).all()


def test_a_memory_map_is_cut_without_reading_it_whole(tmp_path: Path) -> None:
    X = np.memmap(tmp_path / "X", np.float32, "w+", shape=(10, 4))
    X[:] = np.arange(40).reshape(10, 4)
    parts = list(ArrayBlocks(X, np.zeros(10), rows=3))
    assert [len(part.t) for part in parts] == [3, 3, 3, 1]
    assert all(np.shares_memory(part.X, X) for part in parts)


def test_a_block_is_no_larger_than_a_limit() -> None:
    blocks = ArrayBlocks(np.zeros((3, 1 << 20)), np.zeros(3))
    assert blocks.rows == 4
    assert ArrayBlocks(np.zeros((3, 0)), np.zeros(3)).rows > 1 << 20


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        ArrayBlocks(np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="t must have one element for each row"):
        ArrayBlocks(np.zeros((3, 1)), np.zeros(2))
    with pytest.raises(ValueError, match="s must have one element for each row"):
        ArrayBlocks(np.zeros((3, 1)), np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="rows must be positive"):
        ArrayBlocks(np.zeros((3, 1)), np.zeros(3), rows=0)
