from __future__ import annotations

import numpy as np
from statsmodels.discrete.discrete_model import Logit

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("statsmodels")


class TestStatsmodels(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-20, 20, 41), np.tile([0.0, 1.0], 21)[:41]
    model = Logit(t, np.column_stack([z, np.ones(41)]))
    assert np.array_equal(SUBJECT.functions["loss"](z, t), -model.loglikeobs([1.0, 0.0]))
    # The intercept's column of the score is the gradient in the linear predictor.
    assert np.array_equal(SUBJECT.functions["gradient"](z, t), -model.score_obs([1.0, 0.0])[:, 1])


def test_soft_targets_are_not_offered() -> None:
    assert not SUBJECT.soft_targets
