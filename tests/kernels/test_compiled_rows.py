"""Rows of a table into columns."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import pytest

from stablelce.kernels.compiled_rows import CHUNK, STRIDE, lanes, rows_into_columns
from stablelce.kernels.compiled_vocabulary import loop


@pytest.mark.parametrize("width", [2, 4])
def test_a_step_takes_its_entries_and_no_others(width: int) -> None:
    step, count = rows_into_columns(width), lanes(width)
    table = np.random.default_rng(1).random((50, width))
    index = np.random.default_rng(2).integers(0, 50, CHUNK).astype(np.uint32)

    @loop
    def take(columns: object) -> None:
        for i in range(count, 3 * count, count):
            step(table, index, i, columns)

    columns = np.full((width, STRIDE), -1.0)
    take(columns)
    wanted = np.full((width, STRIDE), -1.0)
    wanted[:, count : 3 * count] = table[index[count : 3 * count]].T
    assert (columns == wanted).all()


def test_a_chunk_is_whole_steps() -> None:
    assert CHUNK % lanes(2) == CHUNK % lanes(4) == 0
    assert CHUNK < STRIDE
