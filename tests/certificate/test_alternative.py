"""Gordan's alternative: whichever is claimed is verified here, in Python's integers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import alternative as module
from stablelce.certificate.alternative import alternative
from tests.certificate.reference import seeded


def decided(rows: Any) -> bool:
    """Whether a direction meets all rows strictly: with a guess and without one, each proof checked."""
    table = np.array(rows, dtype=object)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "nearest", lambda x: (np.zeros(len(x)), np.zeros(x.shape[1])))
        exact = proved(table)
    assert proved(table) is exact
    return exact


def proved(table: Any) -> bool:
    """One answer, with its proof checked."""
    found = alternative(table)
    if found.direction is not None:
        assert found.weights is None
        v = [int(x) for x in found.direction]
        assert all(sum(a * b for a, b in zip(row, v, strict=True)) > 0 for row in table.tolist())
        return True
    assert found.weights
    assert all(m > 0 for m in found.weights.values())
    assert all(
        sum(m * int(table[i, j]) for i, m in found.weights.items()) == 0 for j in range(table.shape[1])
    )
    return False


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1]], True),
        ([[0]], False),
        ([[1], [-1]], False),
        ([[1], [2], [3]], True),
        ([[0, 0], [1, 1]], False),
        ([[1, 0], [0, 1], [-1, -1]], False),
        ([[1, 0], [0, 1], [-1, 3]], True),
        ([[10**40, 1], [-(10**40) + 1, 1]], True),
        ([[10**40, 1], [-(10**40), -1]], False),
    ],
)
def test_known_rows(rows: Any, expected: bool) -> None:
    assert decided(rows) is expected


@given(
    st.integers(1, 4).flatmap(
        lambda k: st.lists(st.tuples(*[st.integers(-4, 4)] * k), min_size=1, max_size=12)
    )
)
def test_small_rows_have_one_proof_or_the_other(rows: list[tuple[int, ...]]) -> None:
    decided(rows)


@pytest.mark.parametrize("k", [2, 5, 9])
def test_many_rows_on_one_side_of_a_plane_and_one_beyond_it(k: int) -> None:
    rng = seeded(k)
    rows = rng.integers(-1000, 1001, (600, k))
    normal = rng.integers(-50, 51, k)
    side = rows @ normal
    rows, side = rows[side != 0], side[side != 0]
    rows = rows * np.sign(side)[:, np.newaxis]
    assert decided(rows)
    assert not decided(np.vstack([rows, -rows[:1]]))


def test_ties_everywhere_end() -> None:
    """All corners of a cube: degenerate at every vertex, where simplex methods may cycle."""
    corners = np.array(list(itertools.product((-1, 1), repeat=6)))
    assert not decided(corners)
    assert decided(corners[corners.sum(axis=1) > 0])
    assert not decided(corners[corners.sum(axis=1) >= 0])


def test_the_rule_that_cannot_cycle_decides_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEEPEST", 0)
    rng = seeded(1)
    for _ in range(50):
        rows = rng.integers(-3, 4, (12, 3))
        monkeypatch.setattr(module, "_STEEPEST", 0)
        by_least = decided(rows)
        monkeypatch.setattr(module, "_STEEPEST", 20)
        assert decided(rows) == by_least


@pytest.mark.parametrize("k", [20, 40])
def test_rows_of_many_bits_are_decided_by_the_guess(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simplex method would take minutes: its integers grow to thousands of bits."""
    monkeypatch.setattr(module, "_by_simplex_method", None)
    rng = seeded(k)
    x = rng.standard_normal((400, k))
    along = x @ rng.standard_normal(k)
    rows = np.array([[int(v * 2.0**53) for v in row] for row in (x * np.sign(along)[:, np.newaxis]).tolist()])
    assert proved(rows.astype(object))
    free = np.array([[int(v * 2.0**53) for v in row] for row in x.tolist()])
    assert not proved(free.astype(object))


def test_rows_are_numbered_as_they_were_given() -> None:
    found = alternative(np.array([[2, 0], [4, 0], [0, 1], [-3, 0]], dtype=object))
    assert found.weights == {0: 3, 3: 2}
