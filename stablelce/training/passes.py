"""From one block of rows to a small state that merges: a pure function of block, scales and coefficients.

States of blocks may be computed anywhere, in any order: threads here, other processes or machines elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stablelce.sums import FixedPointSum
from stablelce.training import rows
from stablelce.training.blocks import Block
from stablelce.training.gram import Gram
from stablelce.training.point import Point
from stablelce.training.scales import Scales

__all__ = ["State", "differentiate"]

Doubles = npt.NDArray[np.float64]

_ELEMENTS = 1 << 16
"""Features to a chunk of the NumPy engine."""


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
    step = min(max(_ELEMENTS // max(scales.maxima.size, 1), 1), Gram.ROWS)
    with np.errstate(all="ignore"):
        for start in range(0, len(block.t), step):
            _add(state, rows.scaled(_part(block, start, start + step), point), point)
    return state


def _part(block: Block, start: int, stop: int) -> Block:
    return Block(block.X[start:stop], block.t[start:stop], None if block.s is None else block.s[start:stop])


def _add(state: State, block: Block, point: Point) -> None:
    """Add some rows, already scaled."""
    found = rows.compute(block, point, hessian=state.gram is not None)
    X = block.X
    if point.fit_intercept:
        X = np.column_stack([X, np.ones(len(X), X.dtype)])
    state.gradient.add_products(found.r, X)
    state.loss.add_products(found.s, found.loss[:, np.newaxis])
    if state.gram is not None and found.q is not None:
        state.gram.add(found.q, X)
