"""The search: more precision where it is lacking, a plain word where nothing can be proved."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.certificate import NotProvedError, NoUniqueOptimumError, exact_optimum, search
from stablelce.certificate.balls import precision
from stablelce.certificate.problem import Problem, make_problem
from stablelce.certificate.search import FIRST_BITS, find, refine
from tests.certificate.reference import data, seeded
from tests.certificate.test_optimum import check_direction


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
    monkeypatch.setattr(search, "refute_along", lambda *_: None)
    monkeypatch.setattr(search, "_LONG", 20)
    x, t = data(2, 30, 2, noise=0.0)
    with pytest.raises(NotProvedError, match="pip install scipy"):
        exact_optimum(x, t)


def test_precision_that_never_suffices_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "prove", lambda *_: None)
    monkeypatch.setattr(search, "LAST_BITS", 256)
    with pytest.raises(NotProvedError):
        find(problem(), None)


def test_newton_in_balls_separates_what_float64_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "refute", lambda *_: None)
    monkeypatch.setattr(search, "refute_by_linear_program", lambda *_: None)
    x, t = data(2, 30, 2, noise=0.0)
    with pytest.raises(NoUniqueOptimumError) as caught:
        exact_optimum(x, t)
    check_direction(x, t, caught.value)


def test_refining_gives_up_at_the_last_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    first = find(problem(), None)
    monkeypatch.setattr(search, "prove", lambda *_: None)
    monkeypatch.setattr(search, "LAST_BITS", FIRST_BITS)
    with pytest.raises(NotProvedError):
        refine(first)


@pytest.mark.parametrize("seed", range(12))
def test_classes_that_only_rounding_separates_are_decided(seed: int) -> None:
    """Decimal scales turn rows on a plane into rows beside it by less than float64 resolves in a logit."""
    rng = seeded(seed)
    x = rng.integers(-3, 4, (50, 3)).astype(float)
    side = x @ np.array([1, -2, 1])
    t = np.where(side == 0, rng.integers(0, 2, 50), side > 0).astype(float)
    x = x * [6.515, 0.106, 44.61]
    try:
        assert exact_optimum(x, t).precision >= FIRST_BITS
    except NoUniqueOptimumError as error:
        check_direction(x, t, error)


def test_nothing_warns_whatever_numpy_is_told() -> None:
    x, t = data(3, 40, 3)
    x = x * [1e-160, 1.0, 1e160]
    x[0, 2] = 1e-200
    with np.errstate(all="raise"):
        exact_optimum(x, t)
        exact_optimum(x, t, l2=1e-300)
        exact_optimum(x, t, start=[1e200] * 3)
        for noise in (0.0, 1.0):
            clear = (x[:, 1] + noise * x[:, 0] > 0).astype(float)
            with pytest.raises(NoUniqueOptimumError):
                exact_optimum(x, clear)
        with pytest.raises(NoUniqueOptimumError):
            exact_optimum(np.column_stack([x, x[:, 0]]), t)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_heavy_imbalance(l2: float) -> None:
    x = np.linspace(-1, 1, 3000)[:, None]
    t = np.zeros(3000)
    t[1700] = 1
    found = exact_optimum(x, t, l2=l2)
    assert found.precision == FIRST_BITS
    assert found.intercept < -7
