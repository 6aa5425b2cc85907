"""What refuses the short way: a target out of range, memory shared by an output."""

from __future__ import annotations

from typing import Any

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import pytest

from stablelce.kernels.compiled_checks import refuses32, refuses64

COUNT = 33


@pytest.fixture(params=[(np.float32, refuses32), (np.float64, refuses64)], ids=["float32", "float64"])
def case(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return request.param  # type: ignore[no-any-return]


def arrays(dtype: Any) -> list[Any]:
    return [np.full(COUNT, 0.5, dtype) for _ in range(4)]


@pytest.mark.parametrize(("target", "outside"), [(1.5, True), (-0.0, False), (-1e-30, True), (np.nan, False)])
@pytest.mark.parametrize("at", [0, 17, COUNT - 1])
def test_one_target_out_of_range_is_enough(
    case: tuple[Any, Any], target: float, outside: bool, at: int
) -> None:
    dtype, refuses = case
    z, t, loss, gradient = arrays(dtype)
    t[at] = target
    assert refuses(z, t, loss, gradient, True) is outside
    assert not refuses(z, t, loss, gradient, False)


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("second", range(4))
def test_memory_shared_by_an_output_is_seen(case: tuple[Any, Any], first: int, second: int) -> None:
    dtype, refuses = case
    memory = np.full(2 * COUNT, 0.5, dtype)
    places = arrays(dtype)
    places[first], places[second] = memory[:COUNT], memory[COUNT - 1 : -1]
    assert refuses(*places, True) is (first != second and max(first, second) > 1)
    places[first], places[second] = memory[:COUNT], memory[COUNT:]
    assert not refuses(*places, True)


def test_an_output_that_is_not_wanted_shares_nothing(case: tuple[Any, Any]) -> None:
    dtype, refuses = case
    z, t, loss, _ = arrays(dtype)
    assert not refuses(z, t, loss, loss[:0], True)
    assert not refuses(z, t, z[3:3], loss, True)
