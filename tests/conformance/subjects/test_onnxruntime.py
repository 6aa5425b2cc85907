from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from stablelce.conformance.subjects import resolve
from tests.conformance.subjects.adapters import AdapterTests

SUBJECT = resolve("onnxruntime")


class TestOnnxRuntime(AdapterTests):
    subject = SUBJECT


def test_softplus_is_offered_where_the_runtime_has_a_kernel_for_it() -> None:
    assert SUBJECT.offers("softplus", "float32")
    assert not SUBJECT.offers("softplus", "float64")
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented):
        SUBJECT.functions["softplus"](np.zeros(1))


def test_the_graph_of_the_loss_is_the_stable_formula() -> None:
    z, t = np.linspace(-20, 20, 41), np.tile([0.0, 0.25], 21)[:41]
    formula = np.maximum(z, 0) - z * t + np.log(1 + np.exp(-np.abs(z)))
    assert np.allclose(SUBJECT.functions["loss"](z, t), formula, rtol=1e-9, atol=1e-15)
