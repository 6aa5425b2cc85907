"""Solvers are called as they should be, and what they raise or warn of becomes part of the record."""

from __future__ import annotations

import os
import time
import warnings

import numpy as np
import pytest

from stablelce.certificate.optimum import exact_optimum
from tests.certified import systems
from tests.certified.problems import Floats, Problem, make
from tests.certified.results import certified, fits, rounded_down
from tests.certified.systems import SYSTEMS, System, absent, one_thread, run

X = [[0.0, 1.0], [1.0, -1.0], [2.0, 0.5], [3.0, 0.25], [4.0, -2.0], [5.0, 1.0]]
PROBLEMS = [
    make("plain", "", X, [0, 1, 0, 1, 0, 1]),
    make("weights", "", X, [0, 1, 0, 1, 0, 1], s=[1, 2, 3, 1, 2, 1]),
    make("penalty", "", X, [0, 1, 0, 1, 0, 1], l2=0.125),
    make("penalty, no intercept", "", X, [0, 1, 0, 1, 0, 1], s=[1, 2, 3, 1, 2, 1], l2=0.125, intercept=False),
]
PRESENT = [system for system in SYSTEMS if system.package not in absent()]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("system", PRESENT, ids=lambda system: system.name)
def test_every_solver_minimises_the_same_function(system: System, problem: Problem) -> None:
    if system.unfit(problem):
        assert system.package != "stablelce"
        return
    best = exact_optimum(problem.x, problem.t, s=problem.s, l2=problem.l2, fit_intercept=problem.intercept)
    exact = np.append(best.coef, best.intercept) if problem.intercept else best.coef
    fit = run(system, problem, system.settings[-1])
    assert fit.parameters is not None, fit.error
    # Close enough to tell a wrong penalty, weight or order of parameters from a slow solver.
    np.testing.assert_allclose(fit.parameters, exact, rtol=0.02, atol=0.005)


def _system(solve: object) -> System:
    return System("s", "stablelce", solve, lambda problem: "", ("default",))  # type: ignore[arg-type]  # noqa: ARG005


def test_an_error_is_recorded_and_goes_no_further() -> None:
    def solve(problem: Problem, tight: bool) -> Floats:
        raise ArithmeticError(f"cannot {problem.name} {tight}\nmore")

    fit = run(_system(solve), PROBLEMS[0], "tight")
    assert (fit.parameters, fit.error) == (None, "ArithmeticError: cannot plain True")


def test_a_solver_that_is_stuck_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def solve(*_: object) -> Floats:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(systems, "SECONDS", 0.1)
    assert run(_system(solve), PROBLEMS[0], "default").error == "TimeoutError: no result after 0.1 seconds"


def test_warnings_are_recorded_once_each() -> None:
    def solve(problem: Problem, tight: bool) -> Floats:
        for _ in range(2):
            warnings.warn("slow\nvery", RuntimeWarning, stacklevel=1)
        assert not tight
        return np.zeros(problem.x.shape[1] + 1)

    (row,) = fits(PROBLEMS[0], np.array([1.0, 1.0, 0.0]), [_system(solve)])
    assert row["warnings"] == ["RuntimeWarning: slow"]
    assert row["digits"] == [0.0, 0.0, "exact"]
    assert row["fewest"] == 0.0


def test_a_separable_problem_is_certified_as_such_and_solved_with_default_settings_only() -> None:
    problem = make("separable", "", [[-1.0], [1.0], [3.0]], [0, 1, 1])
    found, exact = certified(problem)
    assert exact is None
    assert found["absence"]["kind"] == "separable"
    rows = list(fits(problem, exact, SYSTEMS[:2]))
    assert [row["setting"] for row in rows] == ["default", "default"]
    assert rows[0]["error"].startswith("NoUniqueOptimumError")
    assert rows[1]["warnings"]


def test_what_cannot_be_compared_has_its_reason() -> None:
    (row,) = fits(PROBLEMS[0], None, [system for system in SYSTEMS if "liblinear" in system.name])
    assert row == {
        "system": "sklearn liblinear",
        "setting": None,
        "left_out": "liblinear always has a penalty",
    }


def test_digits_are_rounded_downward() -> None:
    assert rounded_down(15.999) == 15.99
    assert rounded_down(float("inf")) == "exact"


@pytest.mark.parametrize("before", [None, "3"])
def test_one_thread_is_asked_for_and_given_back(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.delenv("STABLELCE_NUM_THREADS", raising=False)
    if before is not None:
        monkeypatch.setenv("STABLELCE_NUM_THREADS", before)
    with one_thread():
        assert os.environ["STABLELCE_NUM_THREADS"] == "1"
    assert os.environ.get("STABLELCE_NUM_THREADS") == before
