from __future__ import annotations

import sys
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.trainers.adapters import from_object
from stablelce.conformance.trainers.problems import problem
from stablelce.conformance.trainers.running import Run, TrainerProblem, takes
from tests.conformance.trainers import faulty


def test_a_fit_is_made_once_with_what_it_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    class Noisy(faulty.Newton):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> faulty.Newton:
            print("fitting")
            warnings.warn("one\ntwo", stacklevel=2)
            return super().fit(X, y, sample_weight)

    run = Run(from_object(Noisy), "accurate")
    found = run.fit(problem("plain"))
    assert found is run.fit(problem("plain"))
    assert found.warnings == ("UserWarning: one two",)
    assert found.losses[-1] < found.losses[0]
    assert run.fits == 1
    assert capsys.readouterr().out == ""


def test_errors_are_relative_and_zero_only_for_the_nearest_float() -> None:
    run = Run(from_object(faulty.Newton), "accurate")
    exact = run.optimum(problem("plain"))
    assert not run.errors(problem("plain"), exact).any()
    assert (run.errors(problem("plain"), np.nextafter(exact, np.inf)) >= 2.0**-53).all()
    assert np.allclose(run.errors(problem("plain"), exact * 1.001), 0.001, rtol=1e-10)
    assert np.isnan(run.errors(problem("plain"), exact * np.nan)).all()


def test_the_penalty_of_the_objective_is_read_from_the_estimator() -> None:
    assert not Run(from_object(faulty.Newton), "accurate").penalised
    run = Run(from_object(faulty.Newton, {"l2": 0.5}), "accurate")
    assert run.penalised
    assert run.trainer.penalty(Fraction(7)) == Fraction(1, 2)


def test_an_estimator_that_leaves_is_a_problem_and_ctrl_c_is_not() -> None:
    class Leaves(faulty.Newton):
        def fit(self, *_: Any) -> faulty.Newton:
            sys.exit(3)

    class Stopped(faulty.Newton):
        def fit(self, *_: Any) -> faulty.Newton:
            raise KeyboardInterrupt

    with pytest.raises(TrainerProblem, match="plain raised SystemExit: 3"):
        Run(from_object(Leaves), "accurate").fit(problem("plain"))
    with pytest.raises(KeyboardInterrupt):
        Run(from_object(Stopped), "accurate").fit(problem("plain"))


def test_arguments_are_looked_for_by_name() -> None:
    assert takes(faulty.Newton().fit, "sample_weight")
    assert not takes(faulty.NoCoefficients().fit, "sample_weight")
    assert takes(lambda **keywords: keywords, "anything")
    assert takes(min, "anything")  # a built-in that tells nothing of its arguments
