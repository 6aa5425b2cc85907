from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from stablelce.conformance.subjects import SubjectError, resolve
from tests.conformance.subjects.adapters import AdapterTests

# What Keras turns a tensor of TensorFlow into an array by warns under NumPy 2; an audit reports that.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# The backend that this process has: Keras fixes it when it is first imported.
BACKEND = keras.backend.backend()
SUBJECT = resolve(f"keras:{BACKEND}")


class TestKeras(AdapterTests):
    subject = SUBJECT


def test_values_come_from_the_framework_unchanged() -> None:
    z, t = np.linspace(-40, 40, 81), np.tile([0.0, 1.0, 0.5], 27)
    criterion = keras.losses.BinaryCrossentropy(from_logits=True, reduction="none", dtype="float64")
    direct = keras.ops.convert_to_numpy(criterion(t[:, None], z[:, None]))
    assert np.array_equal(SUBJECT.functions["loss"](z, t), direct)


def test_another_backend_in_the_same_process_is_refused() -> None:
    other = "jax" if BACKEND != "jax" else "tensorflow"
    with pytest.raises(SubjectError, match=f"with the backend {BACKEND} before; use a new process"):
        resolve(f"keras:{other}")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_process_of_its_own_has_the_backend_that_is_named(backend: str) -> None:
    text = f"from stablelce.conformance.subjects import resolve; print(resolve('keras:{backend}').version)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=Path.cwd(), check=False, timeout=120
    )
    absent = "is not installed" in done.stderr
    assert absent or done.stdout == f"{keras.__version__} on {backend}\n", done.stderr
