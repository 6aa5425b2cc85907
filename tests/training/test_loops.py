"""Compiled loops are taken where they pay, or were asked for."""

from __future__ import annotations

import numba  # noqa: F401  # these tests need it
import numpy as np
import pytest

import stablelce as lce
from stablelce.training import loops
from stablelce.training.loops import loops_for

SMALL = np.zeros((3, 2))
LARGE = np.zeros((1 << 15, 2))


def test_numpy_is_used_where_it_is_chosen_or_the_data_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_loaded", {})
    with lce.engine("numpy"):
        assert loops_for(LARGE) is None
    with lce.engine("auto"):
        assert loops_for(SMALL) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_loops_are_loaded_once_and_then_taken_for_small_data_too(dtype: type) -> None:
    with lce.engine("auto"):
        found = loops_for(LARGE.astype(dtype))
        assert found is not None
        assert loops_for(SMALL.astype(dtype)) is found
    with lce.engine("numba"):
        assert loops_for(SMALL.astype(dtype)) is found
