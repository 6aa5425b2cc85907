from __future__ import annotations

import warnings

import numpy as np
import pytest

from stablelce.conformance.trainers.adapters import resolve
from stablelce.conformance.trainers.runner import audit


@pytest.mark.parametrize("name", ["stablelce", "stablelce:exact"])
def test_our_estimator_passes_every_check(name: str) -> None:
    found = audit(name)
    assert [one.check for one in found.checks if one.status != "passed"] == []


def test_a_penalty_is_part_of_what_is_judged() -> None:
    found = audit("stablelce", options={"l2": 0.125})
    assert found.passed
    assert found.check("feature scaling").status == "not applicable"
    assert found.options == {"l2": "0.125"}


def test_without_an_intercept() -> None:
    assert audit("stablelce", options={"fit_intercept": False, "l2": 0.0625}).passed


@pytest.mark.parametrize(("name", "order"), [("stablelce", "batch"), ("stablelce:sgd", "rows")])
def test_steps_are_those_of_the_solver(name: str, order: str) -> None:
    found = resolve(name)
    assert found.order == order
    assert found.steps is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one step is not enough
        coef, intercept = found.steps(np.array([[1.0], [3.0]]), np.array([1, 0]), 0.5, 1)
    want = (-0.25, 0.0) if order == "batch" else (0.25, 0.25)
    assert (float(coef[0, 0]), float(intercept[0])) == want
