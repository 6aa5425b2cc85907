"""What is found in scikit-learn is in the report; here, that the adapter judges what it says it does."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sklearn

from stablelce.conformance.trainers.adapters import KNOWN, resolve
from stablelce.conformance.trainers.checks import ALL
from stablelce.conformance.trainers.runner import _outcome, audit
from stablelce.conformance.trainers.running import Run

CHECKS = {check.name: check for check in ALL}


@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("sklearn:")])
def test_each_solver_is_made_without_penalty_but_liblinear(name: str) -> None:
    found = resolve(name)
    assert found.penalty(Fraction(100)) == (Fraction(1, 100) if name == "sklearn:liblinear" else 0)
    assert found.takes_weights
    assert found.version == f"scikit-learn {sklearn.__version__}"
    solver = getattr(found.make(), "solver", "sgd")
    assert f"sklearn:{solver}" == name


def test_a_converged_fit_passes_what_does_not_concern_separable_data() -> None:
    found = audit("sklearn:lbfgs", options={"tol": 1e-12, "max_iter": 2000})
    assert {one.check for one in found.failed} <= {"separable data"}
    assert (found.check("optimum").digits or 0) > 6


def test_liblinear_passes_where_there_is_no_intercept_to_penalise() -> None:
    run = Run(resolve("sklearn:liblinear", {"fit_intercept": False}), "accurate")
    assert _outcome(CHECKS["optimum"], run).status == "passed"
    run = Run(resolve("sklearn:liblinear", {"tol": 1e-10}), "accurate")
    assert _outcome(CHECKS["optimum"], run).status == "failed"


def test_the_steps_of_sgd_are_exact() -> None:
    run = Run(resolve("sklearn:sgd"), "accurate")
    assert [_outcome(CHECKS[name], run).status for name in ("one step", "50 steps")] == ["passed", "passed"]
    steps = run.trainer.steps
    assert steps is not None
    coef, intercept = steps(np.array([[1.0], [3.0]]), np.array([1, 0]), 0.5, 1)
    assert (float(coef[0, 0]), float(intercept[0])) == (0.25, 0.25)
