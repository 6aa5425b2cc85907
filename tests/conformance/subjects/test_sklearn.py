from __future__ import annotations

import numpy as np
import pytest
from sklearn._loss import HalfBinomialLoss

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("sklearn")


class TestScikitLearn(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    half_binomial = HalfBinomialLoss()
    assert np.array_equal(SUBJECT.functions["loss"](z, t), half_binomial.loss(t, z))
    assert np.array_equal(SUBJECT.functions["gradient"](z, t), half_binomial.gradient(t, z))


def test_a_refusal_of_the_framework_is_passed_on() -> None:
    with pytest.raises(TypeError):
        SUBJECT.functions["loss"](np.zeros(1, np.float16), np.zeros(1, np.float16))
    with pytest.raises(ValueError, match="mismatch"):
        SUBJECT.functions["loss"](np.zeros(1, np.float32), np.zeros(1, np.float64))
