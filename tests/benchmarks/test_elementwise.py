"""Speed of loss, gradient and both: our functions beside the textbook forms and SciPy.

Run with ``tox -e bench`` (or ``pytest tests/benchmarks --benchmark-only``). Times are never asserted: read
the ratios inside one group, which holds one quantity, length and dtype. The floor of a group is reading two
and writing one or two arrays. Every timed call is also checked, once, against the textbook's fused form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.special import expit, log_expit

import stablelce as lce
from stablelce import textbook

Array = npt.NDArray[Any]


def _scipy_loss(z: Array, t: Array) -> Array:
    result: Array = -(t * log_expit(z)) - (1 - t) * log_expit(-z)
    return result


def _scipy_gradient(z: Array, t: Array) -> Array:
    result: Array = expit(z) - t
    return result


def _both(loss: Callable[..., Any], gradient: Callable[..., Any]) -> Callable[..., Any]:
    return lambda z, t: (loss(z, t), gradient(z, t))


IMPLEMENTATIONS: dict[str, dict[str, Callable[..., Any]]] = {
    "loss": {
        "stablelce": lce.loss,
        "naive": textbook.naive_loss,
        "logaddexp": textbook.logaddexp_loss,
        "fused": textbook.fused_loss,
        "scipy": _scipy_loss,
    },
    "gradient": {
        "stablelce": lce.gradient,
        "naive": textbook.naive_gradient,
        "logaddexp": textbook.logaddexp_gradient,
        "fused": textbook.fused_gradient,
        "scipy": _scipy_gradient,
    },
    "loss_and_gradient": {
        "stablelce": lce.loss_and_gradient,
        "naive": _both(textbook.naive_loss, textbook.naive_gradient),
        "logaddexp": _both(textbook.logaddexp_loss, textbook.logaddexp_gradient),
        "fused": _both(textbook.fused_loss, textbook.fused_gradient),
        "scipy": _both(_scipy_loss, _scipy_gradient),
    },
}

CASES = [(quantity, name) for quantity, forms in IMPLEMENTATIONS.items() for name in forms]


def _points(length: int, dtype: str) -> tuple[Array, Array]:
    """Logits of a model that is neither new nor sure of itself, N(0, 4^2), with hard targets."""
    rng = np.random.default_rng(1)
    z = np.clip(rng.normal(0, 4, length), -12, 12).astype(dtype)  # the naive form still stands there
    return z, rng.integers(0, 2, length).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", [1_000, 100_000, 1_000_000])
@pytest.mark.parametrize(("quantity", "name"), CASES, ids=[f"{q}-{n}" for q, n in CASES])
def test_elementwise(benchmark: BenchmarkFixture, quantity: str, name: str, length: int, dtype: str) -> None:
    function = IMPLEMENTATIONS[quantity][name]
    z, t = _points(length, dtype)
    benchmark.group = f"{quantity} {dtype} N={length}"
    benchmark.extra_info["elements"] = length
    rounds = max(5, 200_000 // length)
    result = benchmark.pedantic(  # type: ignore[no-untyped-call]  # the one method without types
        function, (z, t), rounds=rounds, warmup_rounds=1
    )
    got = result[0] if isinstance(result, tuple) else result
    fused = textbook.fused_gradient if quantity == "gradient" else textbook.fused_loss
    # Absolute: on |z| <= 12 the naive loss cancels against 1, by at most 4 * 2^-p * exp(12).
    tolerance = 4 * float(np.finfo(dtype).eps) * np.exp(12.0)
    assert np.abs(got - fused(z, t)).max() <= tolerance
