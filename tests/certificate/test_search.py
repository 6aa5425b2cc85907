"""The search: more precision where it is lacking, a plain word where nothing can be proved."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.certificate import NotProvedError, exact_optimum, search
from stablelce.certificate.balls import precision
from stablelce.certificate.problem import Problem, make_problem
from stablelce.certificate.search import FIRST_BITS, find, refine
from tests.certificate.reference import data


def problem(seed: int = 0) -> Problem:
    x, t = data(seed, 40, 2)
    return make_problem(x, t, None, 0.0, fit_intercept=True)


def test_refining_narrows_the_same_enclosure() -> None:
    first = find(problem(), None)
    second = refine(first)
    assert (first.bits, second.bits) == (FIRST_BITS, 2 * FIRST_BITS)
    with precision(300):
        for wide, narrow in zip(
            first.enclosure.optimum.entries(), second.enclosure.optimum.entries(), strict=True
        ):
            assert wide.contains(narrow)
            assert narrow.rel_accuracy_bits() > wide.rel_accuracy_bits() + 100


def test_refining_recovers_when_the_chord_steps_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    first = find(problem(), None)
    monkeypatch.setattr(search, "inverse", lambda _: None)
    assert refine(first).bits == 2 * FIRST_BITS


def test_an_optimum_far_out_is_found_by_newton_in_balls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where float64 stops too early, the proof does not depend on it."""
    monkeypatch.setattr("stablelce.certificate.start._STEPS", 2)
    x, t = data(1, 40, 2)
    found = exact_optimum(x, t)
    monkeypatch.undo()
    assert (found.coef == exact_optimum(x, t).coef).all()


def test_what_cannot_be_proved_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "refute", lambda *_: None)
    monkeypatch.setattr(search, "refute_by_linear_program", lambda *_: None)
    monkeypatch.setattr(search, "_LONG", 20)
    x, t = data(2, 30, 2, noise=0.0)
    with pytest.raises(NotProvedError, match="pip install scipy"):
        exact_optimum(x, t)


def test_precision_that_never_suffices_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "prove", lambda *_: None)
    monkeypatch.setattr(search, "LAST_BITS", 256)
    with pytest.raises(NotProvedError):
        find(problem(), None)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_heavy_imbalance(l2: float) -> None:
    x = np.linspace(-1, 1, 3000)[:, None]
    t = np.zeros(3000)
    t[1700] = 1
    found = exact_optimum(x, t, l2=l2)
    assert found.precision == FIRST_BITS
    assert found.intercept < -7
