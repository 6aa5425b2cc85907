"""Data sets for the tests of the trainer, small and made from seeds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def noisy(n: int = 60, d: int = 3, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Classes that overlap: a logit with noise of the same size, and columns of several scales."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = (X.sum(axis=1) + 2.0 * rng.normal(size=n) > 0.3).astype(np.int64)
    return X * np.linspace(0.5, 3.0, d), y


def soft(n: int = 60, d: int = 3, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Features, targets in [0, 1] and weights."""
    X, _ = noisy(n, d, seed)
    rng = np.random.default_rng([seed, 1])
    return X, rng.uniform(size=n), rng.uniform(0.1, 2.0, size=n)


def separable(n: int = 40, d: int = 3, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Classes on two sides of a plane, with a gap."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = (X[:, 0] > 0).astype(np.int64)
    X[:, 0] += np.where(y == 1, 0.1, -0.1)
    return X, y
