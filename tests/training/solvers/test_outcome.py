"""What the warning of a fit says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from stablelce.training.solvers.outcome import complaint
from stablelce.training.solvers.state import State, Status, start

STATE = replace(start(np.zeros(2)), iteration=7, loss=0.5, step=1e-3)
FIT: dict[str, Any] = {"solver": "gd", "max_iter": 7, "tol": 1e-8}


def said(state: State, separation: float = 0.0) -> str:
    text = complaint(state, **FIT, separation=separation)
    assert text is not None
    return text


@pytest.mark.parametrize("status", sorted({*get_args(Status)} - {"converged", "stopped"}))
def test_every_other_end_is_explained_with_a_way_out(status: Status) -> None:
    text = said(replace(STATE, status=status))
    assert text.endswith(".")
    assert "l2 > 0" in text or "rate=None" in text


@pytest.mark.parametrize("status", ["converged", "stopped"])
def test_a_wanted_end_is_no_complaint(status: Status) -> None:
    assert complaint(replace(STATE, status=status), **FIT, separation=0.0) is None


def test_running_out_of_iterations_names_every_remedy() -> None:
    text = said(STATE)
    assert "stopped at max_iter=7" in text
    assert "relative size 1.0e-03, and tol is 1.0e-08" in text
    for remedy in ("Scale the features", "raise max_iter", "l2 > 0", "solver='exact'", "certify"):
        assert remedy in text


@pytest.mark.parametrize("status", ["running", "stuck"])
def test_newton_is_not_told_to_take_newton_or_another_rate(status: Status) -> None:
    state = replace(STATE, status=status)
    by_newton = complaint(state, solver="newton", max_iter=7, tol=1e-8, separation=0.0) or ""
    assert "the last step has the relative size 1.0e-03" in by_newton
    assert "solver='newton'" not in by_newton
    assert "rate" not in by_newton
    by_gd = said(state)
    assert "the Newton step from there has the relative size 1.0e-03" in by_gd
    assert "take solver='newton', pass rate=None" in by_gd


@pytest.mark.parametrize("status", ["running", "converged", "stuck", "flat"])
def test_separated_classes_are_said_to_be_so_however_it_ended(status: Status) -> None:
    assert "separate the two classes" in said(replace(STATE, status=status), separation=0.6)
    assert "separate the two classes" not in (
        complaint(replace(STATE, status=status), **FIT, separation=0.4) or ""
    )
