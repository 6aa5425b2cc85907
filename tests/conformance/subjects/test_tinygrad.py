from __future__ import annotations

import numpy as np
from tinygrad import Tensor

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("tinygrad")


class TestTinygrad(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    direct = Tensor(z).binary_crossentropy_logits(Tensor(t), reduction="none").numpy()
    assert np.array_equal(SUBJECT.functions["loss"](z, t), direct)
