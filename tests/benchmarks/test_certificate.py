"""Speed of the certificate and of the exact optimum.

Run with ``tox -e bench`` (or ``pytest tests/benchmarks --benchmark-only``). Times are never asserted. Every
timed call is also checked, once: the certificate of the exact optimum is at most half an ulp wide.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from stablelce.certificate.optimum import Optimum, exact_optimum
from stablelce.certificate.point import certify_point

Floats = npt.NDArray[np.float64]


@cache
def _problem(n: int, d: int) -> tuple[Floats, Floats, Optimum]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n, d))
    t = (x @ rng.standard_normal(d) + rng.logistic(size=n) > 0).astype(np.float64)
    return x, t, exact_optimum(x, t, l2=0.1)


@pytest.mark.bulk
@pytest.mark.parametrize(("n", "d"), [(569, 30), (20_000, 30), (500, 200)])
@pytest.mark.parametrize("what", ["certificate", "exact optimum"])
def test_certificate(benchmark: BenchmarkFixture, what: str, n: int, d: int) -> None:
    x, t, best = _problem(n, d)
    benchmark.group = f"{n} x {d}"

    def run() -> npt.NDArray[np.float64]:
        if what == "certificate":
            return certify_point(x, t, best.coef, best.intercept, l2=0.1).radius
        return exact_optimum(x, t, l2=0.1).radius

    radius = benchmark.pedantic(run, rounds=3, warmup_rounds=1)  # type: ignore[no-untyped-call]
    assert (radius <= np.spacing(np.abs(best.coef)) / 2).all()
