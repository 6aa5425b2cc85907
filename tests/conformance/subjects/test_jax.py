from __future__ import annotations

import jax
import numpy as np

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("jax")


class TestJax(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z = np.linspace(-40, 40, 81)
    direct = jax.jit(jax.nn.softplus)(jax.numpy.asarray(z))
    assert direct.dtype == np.float64
    assert np.array_equal(SUBJECT.functions["softplus"](z), direct)


def test_the_derivative_is_what_autodiff_makes_of_the_formula() -> None:
    def loss(z: float, t: float) -> jax.Array:
        return jax.numpy.maximum(z, 0) - z * t + jax.numpy.log1p(jax.numpy.exp(-jax.numpy.abs(z)))

    one_by_one = [float(jax.grad(loss)(z, 0.25)) for z in (-2.0, 0.0, 3.0)]
    z = np.array([-2.0, 0.0, 3.0])
    # A compiled array and single calls are different programs: they may round differently, no more.
    assert np.allclose(SUBJECT.functions["gradient"](z, np.full(3, 0.25)), one_by_one, rtol=1e-14)
