"""From one block of rows to a small state that merges: a pure function of block, scales and coefficients.

States of blocks may be computed anywhere, in any order: threads here, other processes or machines elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.kernels import threads
from stablelce.sums import FixedPointSum
from stablelce.training import rows
from stablelce.training.blocks import Block
from stablelce.training.gram import Gram
from stablelce.training.loops import Loops, loops_for
from stablelce.training.point import Point
from stablelce.training.rows import LANES
from stablelce.training.scales import Scales

__all__ = ["State", "differentiate"]

Doubles = npt.NDArray[np.float64]

_ELEMENTS = 1 << 16
"""Features to a chunk of the NumPy engine."""

_TURN = 4 * Gram.ROWS
"""Rows that are passed over before their part of the Hessian is computed, while they are in a cache."""


@dataclass
class State:
    """Sums over some rows, without the division by the total weight and without the penalty.

    Attributes
    ----------
    gradient : FixedPointSum
        For each coefficient the sum of r_i*x_ij, for scaled features and weights.
    loss : FixedPointSum
        The sum of s_i*L_i.
    gram : Gram or None
        The Hessian, if wanted.
    """

    gradient: FixedPointSum
    loss: FixedPointSum
    gram: Gram | None

    @classmethod
    def of_nothing(cls, point: Point, slices: int) -> State:
        """Sums over no rows; ``slices`` is 0 where no Hessian is wanted."""
        return cls(*point.empty_sums(), Gram(point.exponents, slices) if slices else None)

    def merge(self, other: State) -> None:
        """Add the sums over other rows."""
        self.gradient.merge(other.gradient)
        self.loss.merge(other.loss)
        if self.gram is not None and other.gram is not None:
            self.gram.merge(other.gram)


def differentiate(
    block: Block, scales: Scales, coef: Doubles, *, fit_intercept: bool = True, slices: int = 0
) -> State:
    """The sums over one block.

    Parameters
    ----------
    block : Block
        Some rows.
    scales : Scales
        Those of all rows.
    coef : ndarray of float64
        Coefficients, finite, the intercept last if there is one.
    fit_intercept : bool
        Whether there is one.
    slices : int
        0 for no Hessian, else the number of its slices, 1 or 2.
    """
    point = Point.at(coef, scales, fit_intercept=fit_intercept)
    state = State.of_nothing(point, slices)
    loops = loops_for(block.X)
    size = max(len(block.t), 1) if loops and not slices else _TURN
    with np.errstate(all="ignore"):
        for start in range(0, len(block.t), size):
            part = rows.scaled(_part(block, start, start + size), point)
            if loops:
                _add_compiled(loops, state, part, point)
            else:
                _add(state, part, point)
    return state


def _part(block: Block, start: int, stop: int) -> Block:
    return Block(block.X[start:stop], block.t[start:stop], None if block.s is None else block.s[start:stop])


# -- NumPy -------------------------------------------------------------------------------------


def _add(state: State, block: Block, point: Point) -> None:
    """Add some rows, already scaled."""
    step = min(max(_ELEMENTS // max(len(point.weights), 1), 1), Gram.ROWS)
    for start in range(0, len(block.t), step):
        part = _part(block, start, start + step)
        found = rows.compute(part, point, hessian=state.gram is not None)
        X = part.X
        if point.fit_intercept:
            X = np.column_stack([X, np.ones(len(X), X.dtype)])
        state.gradient.add_products(found.r, X)
        state.loss.add_products(found.s, found.loss[:, np.newaxis])
        if state.gram is not None and found.q is not None:
            state.gram.add(found.q, X)


# -- Numba -------------------------------------------------------------------------------------


def _add_compiled(loops: Loops, state: State, block: Block, point: Point) -> None:
    """The same, by compiled loops on several threads; what they leave out is added by NumPy."""
    size, features = len(block.t), len(point.weights)
    q, left = np.empty(size if state.gram is not None else 0), np.empty(size, np.uint8)
    arguments, nothing, lock = _arguments(state, point), np.empty(0), Lock()
    unit = features + 1

    def work(piece: slice) -> bool:
        part = slice(piece.start // unit, piece.stop // unit)
        gradient, loss = point.empty_sums()
        s = nothing if block.s is None else block.s[part]
        results = (gradient.limbs, loss.limbs, q[part], left[part])
        count: int = loops.drive((block.X[part], block.t[part], s), *arguments, results)
        with lock:
            state.gradient.merge(gradient)
            state.loss.merge(loss)
        return count > 0

    some = threads.in_pieces(work, size * unit, _TURN // 4 * unit)
    if state.gram is not None:
        _add_slices(state.gram, loops, block, q)
    if some:
        index = np.flatnonzero(left != 0)
        s = None if block.s is None else block.s[index]
        _add(state, Block(block.X[index], block.t[index], s), point)


def _arguments(state: State, point: Point) -> tuple[Any, ...]:
    """Coefficients and offsets as the loops take them: for whole vectors of columns."""
    features, size = len(point.weights), len(point.exponents)
    width = -(-size // LANES) * LANES
    w, offsets = np.zeros(width), np.ones((2, width))
    w[:features], offsets[:, :size] = point.weights, state.gradient.offsets
    coefficients = (w, point.intercept, float(np.ldexp(1.0, point.back)), point.fit_intercept)
    return coefficients, (offsets, state.loss.offsets)


def _add_slices(gram: Gram, loops: Loops, block: Block, q: Doubles) -> None:
    scales = gram.scales
    shape = (min(len(q), Gram.ROWS), len(scales))
    a, b = np.empty(shape), np.empty(shape if gram.slices == 2 else (0, 0))
    for start in range(0, len(q), Gram.ROWS):
        part = slice(start, start + Gram.ROWS)
        rows = len(q[part])
        loops.slice(block.X[part], q[part], scales, a[:rows], b[:rows])
        gram.add_slices(a[:rows], b[:rows] if gram.slices == 2 else None)
