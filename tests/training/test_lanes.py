"""Logits from vector instructions: those of the definition, with and without a fused multiply-add."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from numba.extending import intrinsic

from stablelce.kernels.compiled_vocabulary import FUSED
from stablelce.training import compiled, rows
from stablelce.training.blocks import Block
from stablelce.training.lanes import LANES
from stablelce.training.point import Point
from stablelce.training.scales import measure


def logits(X: Any, point: Point) -> Any:
    """By the intrinsic function, in a loop made anew."""
    logit: Any = intrinsic(compiled._logit_of_row)

    @numba.njit(error_model="numpy")
    def loop(X: Any, x: Any, w: Any, b: Any, z: Any) -> None:
        for i in range(z.size):
            z[i] = logit(X, x, i, w, b)

    features = X.shape[1]
    width = -(-features // LANES) * LANES
    x, w, z = np.zeros((len(X), width)), np.zeros(width), np.empty(len(X))
    w[:features] = point.weights
    whole = features // LANES * LANES
    x[:, whole:features] = X[:, whole:]
    loop(X, x, w, point.intercept, z)
    assert (x[:, :features] == X).all()  # the copy that the sums over columns read
    return z


def test_the_lanes_are_those_of_the_definition() -> None:
    assert LANES == rows.LANES


@pytest.mark.parametrize("fused", [FUSED, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logits_have_the_bits_of_numpys(fused: bool, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "FUSED", fused)
    rng = np.random.default_rng(0)
    for features in (0, 1, 7, 8, 9, 30, 100):
        X: Any = (rng.normal(size=(500, features)) * 2.0 ** rng.integers(-30, 30, (500, features))).astype(
            dtype
        )
        coef = rng.normal(size=features + 1)
        point = Point.at(coef, measure(Block(X, np.zeros(500))), fit_intercept=True)
        assert logits(X, point).tobytes() == rows.logits(X, point).tobytes()
