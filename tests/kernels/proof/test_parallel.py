"""Cells in several processes."""

from __future__ import annotations

import pytest

from stablelce.kernels.proof import parallel
from stablelce.kernels.proof.cells import KERNELS, prove_cells
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.proof.parallel import CHUNK, prove


def test_every_cell_comes_once_and_in_order() -> None:
    last = 2 * CHUNK + 3
    steps: list[int] = []
    bounds = prove("plain", 0, last, 2, steps.append)
    assert bounds == list(prove_cells(0, last, KERNELS["plain"]))
    assert sorted(steps) == [4, CHUNK, CHUNK]


def _refuse(kernel: str, first: int, last: int) -> None:
    raise ProofError(f"{kernel} {first} {last}")


def _forget(kernel: str, first: int, last: int) -> list[object]:
    return list(prove_cells(first, last - 1)) if kernel else []


def test_a_failure_in_a_process_is_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_chunk", _refuse)
    with pytest.raises(ProofError, match="pairs 3 4"):
        prove("pairs", 3, 4, 1, lambda _: None)


def test_a_missing_cell_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_chunk", _forget)
    with pytest.raises(RuntimeError, match="missing"):
        prove("pairs", 3, 4, 1, lambda _: None)
