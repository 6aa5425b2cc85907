"""A short search: the same from run to run and from sieve to sieve, and it finds what it looks for."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels.search import draws
from stablelce.kernels.search import search as searching
from stablelce.kernels.search.functions import HARD
from stablelce.kernels.search.kept import Group, Kept
from stablelce.kernels.search.measure import measure
from stablelce.kernels.search.search import Plan, search, steps

COMPILED = importlib.util.find_spec("numba") is not None

formats = pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)


def found(monkeypatch: pytest.MonkeyPatch, fmt: Format, *, compiled: bool = COMPILED, seed: int = 3) -> Kept:
    """Two binades, 2^16 inputs each."""
    monkeypatch.setattr(draws, "binades", lambda _: range(2))
    reports: list[int] = []
    kept, searched = search(Plan(fmt, seed, 1 << 16, 512, compiled), reports.append)
    assert reports == [1, 1]
    assert searched == 1 << 17
    return kept


def rows(kept: Kept) -> list[list[float]]:
    return [column.tolist() for q in ("loss", "gradient", "hessian") for column in kept.columns(q)]


@formats
def test_it_is_the_same_again_and_with_either_sieve(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rows(found(monkeypatch, fmt))
    assert rows(found(monkeypatch, fmt)) == first
    assert rows(found(monkeypatch, fmt, compiled=False)) == first
    assert rows(found(monkeypatch, fmt, seed=4)) != first


def test_the_hardest_of_what_was_drawn_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sieve: every input of the first binade is measured."""
    monkeypatch.setattr(draws, "binades", lambda _: range(1))
    plan = Plan(BINARY64, 3, 1 << 18, 2, compiled=COMPILED)
    kept, size = search(plan, lambda _: None)
    drawn = np.concatenate([a for _, a, _ in searching._blocks(plan, 0)])
    assert drawn.size == size == 1 << 18
    for function in HARD:
        bits = measure(function.quantity, function.sign, drawn, np.zeros_like(drawn), BINARY64).bits
        hardest = kept.groups[Group(function, "drawn", 0)]
        within = sorted(bits[bits >= 17].tolist())  # safely within the threshold of the sieve
        assert hardest[2][: len(within)].tolist() == within[: -1 - searching.KEPT : -1]
        assert {*hardest[0].tolist()} <= {*drawn.tolist()}


def test_a_whole_binade_of_binary32_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "BLOCK", 1 << 20)
    plan = Plan(BINARY32, 0, 1 << 25, 512, compiled=COMPILED)
    a = np.concatenate([a for kind, a, _ in searching._blocks(plan, 2) if kind == "uniform"])
    assert a.size == 1 << 23
    assert (np.diff(a) > 0).all()
    assert (a[0], a[-1]) == (4.0, 8.0 - 2.0**-21)


@formats
def test_progress_is_reported_for_each_binade(fmt: Format) -> None:
    assert steps(Plan(fmt, 0, 2, 2, compiled=False)) == len(draws.binades(fmt)) > 30
