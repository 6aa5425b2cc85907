"""Data for the trainer's tests, the ways to cut it, and a short training run."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training.blocks import ArrayBlocks, Block
from stablelce.training.cholesky import Cholesky
from stablelce.training.problem import Derivatives, Problem

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]

ENGINES = ["numpy", "numba"] if importlib.util.find_spec("numba") else ["numpy"]


class Pieces:
    """Blocks as they are given."""

    def __init__(self, pieces: list[Block]) -> None:
        self.pieces = pieces
        self.features = int(pieces[0].X.shape[1])

    def __iter__(self) -> Iterator[Block]:
        return iter(self.pieces)


def data(
    rows: int, features: int, seed: int = 0, dtype: type = np.float64, *, weighted: bool = True
) -> Block:
    """Columns of many scales, hard and soft targets, weights of which some are 0."""
    rng = np.random.default_rng(seed)
    limit = 140 if dtype == np.float64 else 20
    scales = 10.0 ** rng.integers(-limit, limit + 1, features)
    scales[::2] = 1.0
    t = rng.random(rows)
    t[::2] = t[::2] > 0.5
    s = rng.random(rows) * 10.0 ** rng.integers(-3, 3, rows)
    s[::7] = 0.0
    return Block((rng.normal(size=(rows, features)) * scales).astype(dtype), t, s if weighted else None)


def permuted(block: Block, order: npt.NDArray[np.intp]) -> Block:
    return Block(block.X[order], block.t[order], None if block.s is None else block.s[order])


def random_cuts(block: Block, rng: np.random.Generator) -> Pieces:
    """The rows in another order, in pieces of random lengths, some of them empty."""
    order = rng.permutation(len(block.t))
    cuts = np.sort(rng.integers(0, len(order) + 1, rng.integers(1, 20)))
    return Pieces([permuted(block, index) for index in np.split(order, cuts)])


def problem(block: Block, *, l2: float = 0.01, fit_intercept: bool = True) -> Problem:
    return Problem(ArrayBlocks(*block), l2=l2, fit_intercept=fit_intercept)


def encoded(found: Derivatives) -> bytes:
    second = b"" if found.hessian is None else found.hessian.tobytes()
    return np.float64(found.loss).tobytes() + found.gradient.tobytes() + second


def trained(task: Problem, steps: int = 5) -> str:
    """A hash of all coefficients and derivatives over gradient steps at the safe rate, then Newton steps."""
    sha = hashlib.sha256(np.float64(task.lipschitz).tobytes())
    coef = np.zeros(task.size)
    for _ in range(steps):
        found = task.derivatives(coef)
        coef = coef - found.gradient / task.lipschitz
        sha.update(coef.tobytes() + encoded(found))
    for slices in (1, 2):
        found = task.derivatives(coef, hessian=True, slices=slices)
        assert found.hessian is not None
        coef = coef - Cholesky.of(found.hessian).solve(found.gradient)
        sha.update(coef.tobytes() + encoded(found))
    return sha.hexdigest()
