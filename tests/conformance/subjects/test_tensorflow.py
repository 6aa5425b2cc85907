from __future__ import annotations

import numpy as np
import tensorflow as tf

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("tensorflow")


class TestTensorFlow(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    direct = tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=z)
    assert np.array_equal(SUBJECT.functions["loss"](z, t), direct.numpy())


def test_pos_weight_multiplies_the_term_of_the_target() -> None:
    z, one = np.array([-2.0, 0.5]), np.ones(2)
    for quantity in ("loss", "gradient", "hessian"):
        function = SUBJECT.functions[quantity]
        doubled = function(z, one, pos_weight=2 * one)
        assert np.allclose(doubled, 2 * function(z, one), rtol=1e-14)
