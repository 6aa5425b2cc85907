"""Cells that are proved in every run; all of them in the deep one."""

from __future__ import annotations

import pytest

from stablelce.kernels.finals import PAIR, PLAIN
from stablelce.kernels.pairs import pairs
from stablelce.kernels.proof.cells import KERNELS, CellBound, prove_cells
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.table_layout import ENTRIES
from tests.kernels.proof.running import planted

SAMPLE = (*range(12), *range(12, ENTRIES, 1103), 1280, 21504, 21505, ENTRIES - 2, ENTRIES - 1)

PROVED = {"pairs": 2.0**-70, "plain": 2.0**-50}
"""What the full run finds, rounded upward."""

USED = {"pairs": PAIR, "plain": PLAIN}
"""What the rounding tests take for granted."""


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_sample_of_cells_is_proved(kernel: str) -> None:
    bounds = [bound for cell in SAMPLE for bound in prove_cells(cell, cell, KERNELS[kernel])]
    assert [bound.index for bound in bounds] == list(SAMPLE)
    assert max(max(b.softplus, b.sigmoid) for b in bounds) < PROVED[kernel] <= USED[kernel]


@pytest.mark.deep
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_cell_is_proved(kernel: str) -> None:
    bounds = list(prove_cells(0, ENTRIES - 1, KERNELS[kernel]))
    assert len(bounds) == ENTRIES
    assert max(max(b.softplus, b.sigmoid) for b in bounds) < PROVED[kernel]


def test_pairs_are_the_default_and_cells_do_not_depend_on_each_other() -> None:
    together = list(prove_cells(31, 33))
    assert together == [bound for cell in (31, 32, 33) for bound in prove_cells(cell, cell, KERNELS["pairs"])]
    assert all(isinstance(bound, CellBound) for bound in together)


def test_the_function_that_is_run_is_the_kernel_itself() -> None:
    assert KERNELS["pairs"].module.__dict__["pairs"] is pairs


def test_a_failure_names_the_cell_the_step_and_the_line() -> None:
    kernel = planted(("fast_two_sum(s, u)", "fast_two_sum(u, s)"))
    with pytest.raises(ProofError, match=r"^cell 40: fast_two_sum: .*possible \(planted\.py:\d+\)$"):
        list(prove_cells(40, 41, kernel))


def test_a_result_that_is_no_number_has_no_bound() -> None:
    kernel = planted(("take(SOFTPLUS_LOW, j)", 'float("inf")'))
    with pytest.raises(ProofError, match="too large"):
        list(prove_cells(40, 40, kernel))
