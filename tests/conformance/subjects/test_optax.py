from __future__ import annotations

import jax
import numpy as np
import optax

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("optax")


class TestOptax(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    direct = jax.jit(optax.sigmoid_binary_cross_entropy)(jax.numpy.asarray(z), jax.numpy.asarray(t))
    assert np.array_equal(SUBJECT.functions["loss"](z, t), direct)
