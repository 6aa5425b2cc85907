"""Data in blocks of rows: arrays and memory maps are cut; anything that gives fresh passes will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["ArrayBlocks", "Block", "Blocks"]

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]

_BYTES = 1 << 25
"""Size of a block of features: work for several threads, and little memory where a block is a copy."""


class Block(NamedTuple):
    """Some rows of the data.

    Attributes
    ----------
    X : ndarray, shape (rows, features)
        Features, float64 or float32, in C order.
    t : ndarray, shape (rows,)
        Targets in [0, 1], float64.
    s : ndarray, shape (rows,), or None
        Effective weights, float64, not negative; None for all ones.
    """

    X: Array
    t: Doubles
    s: Doubles | None = None


class Blocks(Protocol):
    """Data that can be passed over again and again, the same rows each time, in any order and cut."""

    @property
    def features(self) -> int:
        """Number of features."""

    def __iter__(self) -> Iterator[Block]:
        """A fresh pass over all rows."""


class ArrayBlocks:
    """Arrays, or memory maps, cut into blocks of rows; no more than a block of them is ever copied.

    Parameters
    ----------
    X : ndarray, shape (n, features)
        Features. float64 and float32 in C order are used where they lie; other types that float64 holds
        exactly (integers up to 32 bits, bool, float16) and other layouts are copied, a block at a time.
    t : ndarray, shape (n,)
        Targets in [0, 1].
    s : ndarray, shape (n,), optional
        Weights, not negative; all ones unless given.
    rows : int, optional
        Rows to a block; as many as 32 MiB of float64 features unless given. Results do not depend on it.

    Raises
    ------
    ValueError
        The arrays do not have these shapes, or ``rows`` is not positive.
    """

    def __init__(self, X: Array, t: Array, s: Array | None = None, *, rows: int | None = None) -> None:
        if X.ndim != 2:
            raise ValueError(f"X must have two dimensions, rows and features: got the shape {X.shape}.")
        for name, column in (("t", t), ("s", s)):
            if column is not None and column.shape != X.shape[:1]:
                raise ValueError(
                    f"{name} must have one element for each row of X: got {column.shape} for {X.shape}."
                )
        if rows is not None and rows < 1:
            raise ValueError(f"rows must be positive: got {rows}.")
        self.X, self.t, self.s = X, t, s
        self.rows = rows or max(_BYTES // (8 * max(X.shape[1], 1)), 1)

    @property
    def features(self) -> int:
        """Number of features."""
        return int(self.X.shape[1])

    def __iter__(self) -> Iterator[Block]:
        """A fresh pass over all rows."""
        for start in range(0, len(self.t), self.rows):
            part = slice(start, start + self.rows)
            yield Block(
                _features(self.X[part]),
                np.ascontiguousarray(self.t[part], np.float64),
                None if self.s is None else np.ascontiguousarray(self.s[part], np.float64),
            )


def _features(X: Array) -> Array:
    dtype = np.float32 if X.dtype == np.float32 else np.float64
    return np.require(X, dtype, ["C", "A"])
