"""The hint of the linear program: the border between the rows that can be strict and the others."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from stablelce.certificate.linear_program import separating_hint
from tests.certificate.reference import data

pytest.importorskip("scipy")


def test_no_hint_where_nothing_separates() -> None:
    x, t = data(0, 60, 3)
    assert separating_hint(x, t) is None
    assert separating_hint(x, np.full(60, 0.5)) is None


def test_every_row_that_can_be_strict_is() -> None:
    x = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [2.0, 1.0], [3.0, 1.0]])
    hint = separating_hint(x, np.array([0.0, 0.0, 0.0, 1.0, 1.0]))
    assert hint is not None
    sides = np.array([-1, -1, -1, 1, 1]) * (x @ hint)
    assert sides == pytest.approx([2, 1, 0, 0, 1], abs=1e-6) or (sides[[0, 1, 4]] > 0.99).all()
    assert abs(sides[2]) < 1e-6


def test_soft_targets_bind() -> None:
    x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    hint = separating_hint(x, np.array([1.0, 1.0, 0.5]))
    assert hint is not None
    assert abs(hint[1]) < 1e-9 < hint[0]


def test_without_scipy_there_is_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert separating_hint(np.eye(2), np.array([1.0, 0.0])) is None
