"""The first pass: what every later pass must know of all rows beforehand, and what is wrong with the data.

Sums in fixed point need a power of two that bounds every product. |dL/dz| <= 1 and, after the weights are
scaled to at most 1, so is every factor of a row: the largest magnitude of a column is all there is to know.
It merges by the maximum, so parts of the data can be looked at by different workers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64
from stablelce.sums import ExactSum
from stablelce.sums.fixed_point import LEAST_EXPONENT
from stablelce.training.blocks import Block

__all__ = ["LARGEST", "Scales", "measure"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LARGEST = 1e150
"""Features beyond it are refused: squares, and sums of 2^64 of them, stay below 2^1024."""

_ELEMENTS = 1 << 15
"""Features to a chunk, which stays in the second-level cache while it is looked at twice."""


@dataclass
class Scales:
    """What all rows have in common; equal for equal rows in any order and cut.

    Attributes
    ----------
    rows : int
        Number of rows.
    maxima : ndarray of float64, shape (features,)
        The largest magnitude of each feature, 0 for none.
    largest_weight : float
        The largest weight; 1 for rows without weights, 0 for no rows.
    unweighted : int
        Number of rows without weights.
    weights : ExactSum
        The sum of the weights of the others.
    """

    rows: int
    maxima: Doubles
    largest_weight: float
    unweighted: int = 0
    weights: ExactSum = field(default_factory=lambda: ExactSum(BINARY64))

    @classmethod
    def of_nothing(cls, features: int) -> Scales:
        """Scales of no rows, to merge others into."""
        return cls(0, np.zeros(features), 0.0)

    def merge(self, other: Scales) -> None:
        """Take in the rows of another part of the data."""
        self.rows += other.rows
        self.maxima = np.maximum(self.maxima, other.maxima)
        self.largest_weight = max(self.largest_weight, other.largest_weight)
        self.unweighted += other.unweighted
        self.weights.merge(other.weights)

    @property
    def total_weight(self) -> Fraction:
        """The exact sum of the weights."""
        return self.unweighted + Fraction(self.weights.value())

    @property
    def weight_exponent(self) -> int:
        """The least e with all weights at most 2**e; 0 without weights that are not 0."""
        mantissa, exponent = np.frexp(self.largest_weight)
        return int(exponent) - int(mantissa == 0.5)

    @property
    def shifts(self) -> Integers:
        """Powers of two that bring columns of tiny features into the range of the fixed-point sums."""
        return np.maximum(LEAST_EXPONENT - _exponents(self.maxima), 0)

    @property
    def exponents(self) -> Integers:
        """For each feature, times 2**shift, a k with magnitudes at most 2**k."""
        return np.maximum(_exponents(self.maxima), LEAST_EXPONENT)


def _exponents(maxima: Doubles) -> Integers:
    return np.where(maxima > 0, np.frexp(maxima)[1], 0).astype(np.int64)


def measure(block: Block, first_row: int = 0) -> Scales:
    """The scales of one block, or what is wrong with it.

    Parameters
    ----------
    block : Block
        Some rows.
    first_row : int
        Number of its first row in the data, for the messages.

    Raises
    ------
    ValueError
        A feature is not finite or beyond 1e150, a target is outside [0, 1], or a weight is not finite or is
        negative; the sentence says where.
    TypeError
        A dtype or a layout is not among those of :class:`Block`.
    """
    X, t, s = block
    _check_types(block)
    rows, features = X.shape
    found = Scales(rows, np.zeros(features), 0.0)
    step = max(_ELEMENTS // max(features, 1), 1)
    with np.errstate(invalid="ignore"):
        for start in range(0, rows, step):
            chunk = X[start : start + step]
            magnitudes = np.maximum(chunk.max(axis=0), -chunk.min(axis=0)).astype(np.float64)
            if not (magnitudes <= LARGEST).all():
                raise ValueError(_fault(chunk, first_row + start))
            np.maximum(found.maxima, magnitudes, out=found.maxima)
        wrong = ~((t >= 0) & (t <= 1))
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(f"targets must lie in [0, 1]: row {first_row + i} has {t[i]}.")
    if s is None:
        found.unweighted, found.largest_weight = rows, float(rows > 0)
    else:
        bad = ~(np.isfinite(s) & (s >= 0))
        if bad.any():
            i = int(bad.argmax())
            raise ValueError(f"weights must be finite and not negative: row {first_row + i} has {s[i]}.")
        found.largest_weight = float(s.max(initial=0.0))
        found.weights.add(s)
    return found


def _check_types(block: Block) -> None:
    X, t, s = block
    if X.dtype not in (np.float64, np.float32):
        raise TypeError(f"a block's X must be float64 or float32: got {X.dtype}; convert it.")
    for name, column in (("t", t), ("s", s)):
        if column is not None and column.dtype != np.float64:
            raise TypeError(f"a block's {name} must be float64: got {column.dtype}; convert it.")
    for name, array in (("X", X), ("t", t), ("s", s)):
        if array is not None and not (array.flags.c_contiguous and array.flags.aligned):
            raise TypeError(f"a block's {name} must be in C order and aligned: use np.ascontiguousarray.")


def _fault(chunk: npt.NDArray[Any], first_row: int) -> str:
    i, j = np.argwhere(~(np.abs(chunk) <= LARGEST))[0].tolist()
    place = f"row {first_row + i}, column {j} of X"
    if np.isfinite(chunk[i, j]):
        return f"{place} is {chunk[i, j]}, beyond {LARGEST} in magnitude: scale the column by a constant."
    return f"{place} is {chunk[i, j]}: remove or impute rows that are not finite."
