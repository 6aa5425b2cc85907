"""Speed of a pass over the data: gradient and loss, and the Hessian, beside plain NumPy.

Run with ``tox -e bench`` (or ``pytest tests/benchmarks/test_training.py --benchmark-only``), and with
``OPENBLAS_NUM_THREADS=1`` for NumPy on one thread. Times are never asserted. Each of our passes is timed
right after one of NumPy's: read the ratio of the fastest ones, in the saved JSON under ``extra_info``, or on
the screen with ``-s``. Every timed call is also checked, once, against NumPy's result. Untimed, as in the
ordinary tests, the data is small.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import stablelce as lce
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.problem import Problem

Array = npt.NDArray[Any]

ROUNDS = 7


def _data(rows: int, features: int, dtype: str) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, features)).astype(dtype)
    coef = (rng.normal(size=features + 1) / features**0.5).astype(dtype)
    return X, (rng.random(rows) < 0.5).astype(dtype), coef


def _plain_gradient(X: Array, t: Array, coef: Array) -> Array:
    """Loss and gradient, with the sums in NumPy's order; the loss in its fused form."""
    z = X @ coef[:-1] + coef[-1]
    loss = (np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))).mean()
    r = 1 / (1 + np.exp(-z)) - t
    return np.concatenate([[loss], X.T @ r / len(t), [r.mean()]])


def _side_by_side(
    benchmark: BenchmarkFixture, ours: Callable[[], Array], plain: Callable[[], Array]
) -> tuple[Array, Array]:
    """Time both by turns; what they returned."""
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    results = {}

    def timed(name: str, function: Callable[[], Array]) -> None:
        start = time.perf_counter()
        results[name] = function()
        seconds[name].append(time.perf_counter() - start)

    benchmark.pedantic(  # type: ignore[no-untyped-call]  # the one method without types
        lambda: timed("ours", ours), setup=lambda: timed("plain", plain), rounds=ROUNDS, warmup_rounds=1
    )
    ratio = min(seconds["ours"]) / min(seconds["plain"])
    benchmark.extra_info["ratio to NumPy"] = ratio
    print(f"\n{benchmark.name}: {ratio:.2f} of NumPy's time, {min(seconds['plain']):.4f} s")
    return results["ours"], results["plain"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("features", "dtype"), [(100, "float64"), (100, "float32"), (30, "float64")])
def test_gradient_pass(
    benchmark: BenchmarkFixture, features: int, dtype: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", str(threads))
    rows = 1_000_000 if benchmark.enabled else 10_000
    X, t, coef = _data(rows, features, dtype)
    benchmark.group = f"gradient {dtype} {rows} x {features}"
    lce.warmup()
    problem = Problem(ArrayBlocks(X, t))

    def ours() -> Array:
        found = problem.derivatives(coef.astype(np.float64))
        return np.concatenate([[found.loss], found.gradient])

    found, plain = _side_by_side(benchmark, ours, lambda: _plain_gradient(X, t, coef))
    # Plain sums of n terms of size 1, divided by n, err by some roundings; n of them would be the bound.
    assert np.abs(found - plain).max() <= 100 * float(np.finfo(dtype).eps)


@pytest.mark.parametrize("slices", [1, 2])
def test_hessian(benchmark: BenchmarkFixture, slices: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", "1")
    rows = 1_000_000 if benchmark.enabled else 10_000
    X, t, coef = _data(rows, 100, "float64")
    benchmark.group = f"hessian {rows} x 100"
    lce.warmup()
    problem = Problem(ArrayBlocks(X, t), fit_intercept=False)
    y = 1 / (1 + np.exp(-(X @ coef[:-1])))
    h = (y * (1 - y))[:, np.newaxis]

    def ours() -> Array:
        hessian = problem.derivatives(coef[:-1], hessian=True, slices=slices).hessian
        assert hessian is not None
        return hessian * rows

    found, plain = _side_by_side(benchmark, ours, lambda: (X * h).T @ X)
    # Half a unit of 2^-22 in each factor of a product, of which each is below 8, and they average out.
    assert np.abs(found - plain).max() <= rows * 64 * 2.0 ** (-22 * slices)
