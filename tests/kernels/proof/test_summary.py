"""The largest bounds of ranges."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from stablelce.kernels.proof.cells import CellBound
from stablelce.kernels.proof.summary import RANGES, lines, log2_upward, summary
from stablelce.kernels.table_layout import ENTRIES, LIMIT


def bounds() -> list[CellBound]:
    return [CellBound(k, 2.0**-70 + k * 2.0**-90, 2.0**-71 - k * 2.0**-90) for k in range(ENTRIES)]


def test_the_first_range_is_all_and_the_others_leave_no_gap() -> None:
    assert RANGES[0] == (0, LIMIT)
    assert RANGES[1][0] == 0
    assert RANGES[-1][1] == LIMIT
    assert all(a[1] == b[0] for a, b in pairwise(RANGES[1:]))


def test_a_range_has_all_cells_that_its_arguments_are_reduced_to() -> None:
    found = {(one.quantity, one.first, one.last): one for one in summary("pairs", bounds())}
    assert len(found) == 2 * len(RANGES)
    assert all(one.complete and one.kernel == "pairs" for one in found.values())
    assert found["softplus", 1, 40].cell == 40 * 32
    assert found["sigmoid", 1, 40].cell == 32
    assert found["softplus", 0, 690].bound == 2.0**-70 + (ENTRIES - 1) * 2.0**-90


def test_ranges_that_are_not_proved_are_left_out_or_marked() -> None:
    found = list(summary("pairs", bounds()[:100]))
    assert {(one.first, one.last) for one in found} == {(0, 690), (0, 1), (1, 40)}
    assert {(one.first, one.last) for one in found if one.complete} == {(0, 1)}
    assert sum("not all cells" in line for line in lines(found)) == 4


def test_exponents_are_rounded_upward() -> None:
    assert log2_upward(2.0**-70) == -69.99
    assert log2_upward(2.0**-70.004) == -70.0
    assert log2_upward(2.0**-70.086) == -70.08
    assert log2_upward(math.inf) == math.inf
    assert log2_upward(0.0) == -math.inf


@pytest.mark.parametrize("bound", [3e-22, 1.0, 7.5e-16])
def test_the_exponent_is_a_bound(bound: float) -> None:
    assert bound <= 2.0 ** log2_upward(bound) <= bound * 1.01
