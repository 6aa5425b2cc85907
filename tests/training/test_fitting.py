"""Whole fits: the same bits for the same rows, whatever their order, cut, engine and number of threads."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.training import tasks
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.estimator import LogisticRegression
from tests.training.data import noisy, soft

FITS: dict[str, dict[str, Any]] = {
    "newton": {"solver": "newton"},
    "newton with a penalty": {"solver": "newton", "l2": 0.1, "fit_intercept": False},
    "gd": {"solver": "gd", "max_iter": 50, "tol": 0.0},
}


def hashed(model: LogisticRegression) -> str:
    losses = np.array(model.loss_curve_)
    parts = (model.coef_.tobytes(), model.intercept_.tobytes(), losses.tobytes())
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.fixture(params=FITS)
def model(request: pytest.FixtureRequest) -> LogisticRegression:
    return LogisticRegression(**FITS[request.param])


@pytest.mark.filterwarnings("ignore::stablelce.ConvergenceWarning")  # 50 steps of gd are no convergence
class TestBits:
    """One hash for every way to pass over the same rows."""

    data = soft(3000, 5, seed=7)

    def test_of_permuted_rows(self, model: LogisticRegression) -> None:
        X, t, s = self.data
        want = hashed(model.fit_soft(X, t, s))
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(len(t))
            assert hashed(model.fit_soft(X[order], t[order], s[order])) == want

    @pytest.mark.parametrize("rows", [1000, 7, 2999])
    def test_of_blocks(self, model: LogisticRegression, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
        X, t, s = self.data
        want = hashed(model.fit_soft(X[:300], t[:300], s[:300]))

        def cut(*arrays: Any) -> ArrayBlocks:
            return ArrayBlocks(*arrays, rows=rows)

        monkeypatch.setattr(tasks, "ArrayBlocks", cut)
        assert hashed(model.fit_soft(X[:300], t[:300], s[:300])) == want

    def test_of_layouts(self, model: LogisticRegression) -> None:
        X, t, s = self.data
        want = hashed(model.fit_soft(X, t, s))
        assert hashed(model.fit_soft(np.asfortranarray(X), t, s)) == want
        assert hashed(model.fit_soft(X.astype(">f8"), t, s)) == want
        assert hashed(model.fit_soft(np.repeat(X, 2, axis=0)[::2], t, s)) == want

    def test_of_engines_and_threads(self, model: LogisticRegression, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("numba")
        X, t, s = self.data
        with lce.engine("numpy"):
            want = hashed(model.fit_soft(X, t, s))
        for threads in ("1", "2", "3"):
            monkeypatch.setenv("STABLELCE_NUM_THREADS", threads)
            with lce.engine("numba"):
                assert hashed(model.fit_soft(X, t, s)) == want

    def test_of_targets_turned_round(self, model: LogisticRegression) -> None:
        X, t, s = self.data
        t = np.ldexp(np.rint(np.ldexp(t, 20)), -20)  # so that 1 - t is exact
        one = model.fit_soft(X, t, s)
        coef, intercept, losses = one.coef_.tobytes(), (-one.intercept_ + 0.0).tobytes(), one.loss_curve_
        other = model.fit_soft(X, 1.0 - t, s)
        assert (-other.coef_).tobytes() == coef
        assert (other.intercept_ + 0.0).tobytes() == intercept
        assert other.loss_curve_ == losses


def test_rows_given_twice_are_rows_of_weight_two() -> None:
    """The objectives are the same; Newton's Hessians differ, and so the optimum by a few of its last bits."""
    X, y = noisy(80, 3)
    weights = np.where(np.arange(80) % 3 == 0, 2.0, 1.0)
    weights[::7] = 0.0
    repeated = np.repeat(np.arange(80), weights.astype(int))
    one = LogisticRegression().fit(X, y, weights)
    two = LogisticRegression().fit(X[repeated], y[repeated])
    assert np.abs(one.coef_ - two.coef_).max() <= 4 * np.spacing(np.abs(one.coef_).max())


def test_weights_that_are_all_equal_change_nothing() -> None:
    """A power of two, so that the products with it are exact."""
    X, t, _ = soft()
    one, two = LogisticRegression().fit_soft(X, t), LogisticRegression().fit_soft(X, t, np.full(60, 0.25))
    assert hashed(one) == hashed(two)
