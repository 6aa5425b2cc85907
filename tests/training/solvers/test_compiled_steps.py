"""The compiled steps have the bits of NumPy's, and leave to it what they cannot decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.training.solvers import steps
from stablelce.training.solvers.compiled_steps import Steps
from stablelce.training.solvers.state import Floats
from stablelce.training.solvers.steps import Samples, descend
from tests.training.data import soft


def both(samples: Samples, coef: Floats, **options: Any) -> tuple[Floats, Floats]:
    """The coefficients after three visits to every row, by either engine."""
    order = (
        np.random.default_rng(0).permutation(np.repeat(np.arange(len(samples.targets)), 3)).astype(np.int64)
    )
    found = []
    for name in ("numpy", "numba"):
        with lce.engine(name):
            found.append(descend(samples, coef, order, **options))
    return found[0], found[1]


@pytest.mark.bulk
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("batch_size", [1, 7, 1000])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_bits_are_those_of_numpy(dtype: Any, batch_size: int, fit_intercept: bool) -> None:
    X, t, s = soft(50, 5)
    samples = Samples(X.astype(dtype), t, s, 0.1, fit_intercept)
    one, two = both(samples, np.zeros(5 + fit_intercept), rate=0.2, batch_size=batch_size)
    assert one.tobytes() == two.tobytes()
    assert np.abs(one).max() > 0.01


@pytest.mark.parametrize("scale", [2.0**-600, 2.0**-530, 2.0**300])
def test_products_that_underflow_or_are_huge_make_no_difference(scale: float) -> None:
    X, t, s = soft(50, 3)
    X[:, 1] *= scale
    samples = Samples(X, t, s, 0.0, fit_intercept=True)
    start = np.array([0.5, 1e-10 * scale if scale < 1 else 1.0 / scale, -0.5, 0.1])
    one, two = both(samples, start, rate=0.1, batch_size=3)
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("batch_size", [1, 4])
def test_what_is_undecided_is_left_to_numpy(batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """z = 1000 and t = 0.25: the gradient is 0.75 less a remainder far beyond the kernels' table."""
    X, t, s = soft(50, 3)
    X[10], t[10] = [1e5, 0.0, 0.0], 0.25
    samples = Samples(X, t, s, 0.0, fit_intercept=False)
    calls: list[int] = []
    step = steps.step

    def counted(*arguments: Any) -> None:
        calls.append(len(arguments[0]))
        step(*arguments)

    monkeypatch.setattr(steps, "step", counted)
    one, two = both(samples, np.array([0.01, 0.0, 0.0]), rate=1e-9, batch_size=batch_size)
    by_numpy_alone = -(-150 // batch_size)
    assert by_numpy_alone < len(calls) < by_numpy_alone + 50
    assert one.tobytes() == two.tobytes()


def test_logits_that_are_not_finite_end_the_steps() -> None:
    X, t, s = soft(50, 3)
    samples = Samples(X * 1e140, t, s, 0.0, fit_intercept=True)
    one, two = both(samples, np.zeros(4), rate=1e200, batch_size=1)
    assert not np.isfinite(one).all()
    assert not np.isfinite(two).all()


def test_the_place_of_the_first_batch_that_is_left_is_told() -> None:
    X, t, s = soft(20, 3)
    order = np.arange(20, dtype=np.int64)
    X[12] = np.inf
    go_on = Steps(X, t, s, order, fit_intercept=False)
    coef = np.array([0.1, 0.2, 0.3])
    assert go_on(coef, np.zeros(3), 0, 0.1, 5) == 10
    assert np.isfinite(coef).all()
    assert go_on(coef, np.zeros(3), 15, 0.1, 5) == 20
