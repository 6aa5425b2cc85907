"""The tools that plant a fault change what they are told to and nothing else."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from stablelce.conformance.faults.planting import narrowed, places, planted, right, stepped
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_right_function_keeps_dtype_and_shape(quantity: str, dtype: type) -> None:
    z: Any = np.array([[1.0, -2.0], [0.0, np.inf]]).astype(dtype)
    t: Any = np.zeros((2, 2), dtype)
    result = right(quantity)(z) if quantity in ONE_ARGUMENT else right(quantity)(z, t)
    assert (result.dtype, result.shape) == (z.dtype, z.shape)
    scalar = right(quantity)(z[0, 0].reshape(())) if quantity in ONE_ARGUMENT else None
    assert scalar is None or scalar.shape == ()


def test_a_fault_is_planted_where_it_is_told_and_at_finite_logits_only() -> None:
    wrong = planted("loss", lambda z, _t: z * 0 + 7, lambda z, t: (z > 0) & (t == 0))
    z = np.array([1.0, 1.0, -1.0, np.inf, np.nan])
    t = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    got, good = wrong(z, t), right("loss")(z, t)
    assert got[0] == 7
    assert np.array_equal(got[1:], good[1:], equal_nan=True)


def test_a_formula_works_in_the_format_unless_it_is_wide() -> None:
    seen = []

    def formula(z: np.ndarray, _t: np.ndarray) -> np.ndarray:
        seen.append(z.dtype.name)
        return z

    for wide in (False, True):
        planted("sigmoid", formula, wide=wide)(np.array([1.0], np.float32))
    assert seen == ["float32", "float64"]


def test_weights_reach_the_right_function() -> None:
    wrong = planted("loss", lambda z, _t: z, lambda z, _t: z > 100)
    z, t = np.array([1.0]), np.array([1.0])
    assert wrong(z, t, pos_weight=np.array([3.0])) == right("loss")(z, t, pos_weight=np.array([3.0]))


def test_steps_go_along_the_floats_and_leave_zero_and_infinity() -> None:
    values = np.array([1.0, 0.0, np.inf, -1.0], np.float32)
    one = np.float32(1)
    expected = [np.nextafter(one, np.float32(2)), 0.0, np.inf, np.nextafter(-one, np.float32(0))]
    assert stepped(values, 1).tolist() == [float(value) for value in expected]


def test_places_count_in_the_order_of_rows() -> None:
    assert places((2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert places(()).tolist() == 0


def test_bfloat16_is_reached_by_way_of_binary32() -> None:
    just_above = 1 + 2.0**-8 + 2.0**-40  # above a midpoint of bfloat16, which binary32 does not see
    assert float(narrowed(np.array([just_above]), np.dtype(ml_dtypes.bfloat16))[0]) == 1.0
    assert narrowed(np.array([1e300]), np.dtype(np.float32)).tolist() == [np.inf]
