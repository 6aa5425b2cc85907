from __future__ import annotations

import numpy as np
import pytest
import xgboost

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("xgboost")


class TestXGBoost(AdapterTests):
    subject = SUBJECT


def test_the_leaf_holds_the_gradient_that_an_objective_of_ones_own_would_give() -> None:
    """The same leaf grown from gradients that are handed over: the way from gradient to leaf is the same."""
    z = np.array([-5.0, -0.25, 0.0, 1.5, 7.0], np.float32)
    t = np.array([0.0, 1.0, 0.25, 0.5, 0.0], np.float32)
    given = SUBJECT.functions["gradient"](z, t)
    options = {"reg_lambda": 2.0**40, "learning_rate": 1, "min_child_weight": 0, "base_score": 0.0}
    nothing = np.zeros((1, 1))
    for slope, label in zip(given, t, strict=True):

        def objective(_: object, __: object, slope: float = slope) -> tuple[object, object]:
            return np.array([slope]), np.array([0.25])

        row = xgboost.DMatrix(nothing, label=[label])
        leaf = xgboost.train(options, row, num_boost_round=1, obj=objective)
        weight = leaf.predict(xgboost.DMatrix(nothing), output_margin=True)[0]
        assert -weight * 2.0**40 == slope


@pytest.mark.parametrize("quantity", ["gradient", "sigmoid"])
def test_no_points_give_no_results(quantity: str) -> None:
    nothing = np.zeros((0, 3), np.float32)
    arguments = (nothing,) if quantity == "sigmoid" else (nothing, nothing)
    assert SUBJECT.functions[quantity](*arguments).shape == (0, 3)
