"""One problem: data, targets, weights, penalty; and the hash by which others know that they have the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Problem", "make"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A logistic regression to be solved.

    Attributes
    ----------
    name, source : str
        Short name, and where the data come from or how they are made.
    x : ndarray of float64, shape (n, d)
        Features.
    t : ndarray of float64, shape (n,)
        Targets, 0 or 1.
    s : ndarray of float64, shape (n,), or None
        Weights; each 1 if None.
    l2 : float
        Penalty of the coefficients in F = sum_i s_i L_i / sum_i s_i + (l2/2)*|w|^2.
    intercept : bool
        Whether there is an intercept.
    features : tuple of str
        Names of the columns.
    """

    name: str
    source: str
    x: Floats
    t: Floats
    s: Floats | None = None
    l2: float = 0.0
    intercept: bool = True
    features: tuple[str, ...] = field(default=())

    @property
    def total(self) -> Fraction:
        """The exact sum of the weights."""
        return Fraction(len(self.t)) if self.s is None else sum(map(Fraction, self.s.tolist()), Fraction(0))

    def sha256(self) -> str:
        """Over the shape and the bytes of x (row by row), t and, if given, s, as little-endian binary64."""
        digest = hashlib.sha256(f"{self.x.shape[0]} {self.x.shape[1]}\n".encode())
        for values in (self.x, self.t, self.s):
            if values is not None:
                digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        return digest.hexdigest()


def make(name: str, source: str, x: Any, t: Any, **rest: Any) -> Problem:
    """A problem from arrays or lists of numbers; columns are named x1, x2, ... unless names are given."""
    rows = np.array(x, dtype=np.float64, order="C", ndmin=2)
    names = tuple(rest.pop("features", ())) or tuple(f"x{j + 1}" for j in range(rows.shape[1]))
    weights = rest.pop("s", None)
    s = None if weights is None else np.array(weights, dtype=np.float64)
    return Problem(name, source, rows, np.array(t, dtype=np.float64), s, features=names, **rest)
