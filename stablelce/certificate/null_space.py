"""The exact null space of a matrix of integers: pivots found modulo a prime, the rest in integers.

Elimination modulo a prime is cheap and finds rows that are independent; they are then independent over the
rationals too. The null space of these few rows is found without fractions (E. H. Bareiss, Mathematics of
Computation 22 (1968)) and checked against all rows; if the prime hid a row's independence, the check fails
and the next prime is taken.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Integers", "null_space"]

Integers = npt.NDArray[Any]
"""An array of Python integers."""

PRIMES = (2147483647, 2147483629, 2147483587)
"""The three largest below 2^31: a product of two residues fits int64."""


def null_space(rows: Integers) -> Integers:
    """A basis, one primitive integer vector per column, of all v with rows @ v = 0.

    Parameters
    ----------
    rows : ndarray of int, shape (n, k)
        Rows of Python integers; n may be 0.

    Returns
    -------
    ndarray of int, shape (k, k - rank)
    """
    size = rows.shape[1]
    if not len(rows):
        return np.array([[int(i == j) for j in range(size)] for i in range(size)], dtype=object)
    for prime in PRIMES:
        pivots = _independent_rows(rows, prime)
        if len(pivots) == size:
            return np.empty((size, 0), dtype=object)
        basis = _null_space_of_independent(rows[pivots], size)
        if not (rows @ basis).any():
            return basis
    raise ArithmeticError("every prime hides a row's independence")  # pragma: no cover  # 1e-9 cubed


def _independent_rows(rows: Integers, prime: int) -> list[int]:
    """Indices of rows that are independent modulo a prime, as many as there are."""
    rest = (rows % prime).astype(np.int64)
    pivots: list[int] = []
    for j in range(rest.shape[1]):
        candidates = np.flatnonzero(rest[:, j])
        if not len(candidates):
            continue
        i = int(candidates[0])
        pivot = rest[i] * pow(int(rest[i, j]), -1, prime) % prime
        factors = rest[:, j].copy()
        for c in range(j, rest.shape[1]):
            rest[:, c] = (rest[:, c] - factors * pivot[c]) % prime
        pivots.append(i)
    return pivots


def _null_space_of_independent(rows: Integers, size: int) -> Integers:
    """The null space of independent rows, by elimination without fractions to diagonal form."""
    work = [[int(v) for v in row] for row in rows]
    columns: list[int] = []
    divisor = 1
    for r in range(len(work)):
        j = next(j for j in range(size) if work[r][j])
        columns.append(j)
        pivot = work[r][j]
        for i, row in enumerate(work):
            if i != r:
                factor = row[j]
                work[i] = [(pivot * a - factor * b) // divisor for a, b in zip(row, work[r], strict=True)]
        divisor = pivot
    free = [j for j in range(size) if j not in columns]
    basis = np.zeros((size, len(free)), dtype=object)
    for c, j in enumerate(free):
        vector = [0] * size
        vector[j] = divisor
        for r, pivot_column in enumerate(columns):
            vector[pivot_column] = -work[r][j]
        common = math.gcd(*vector)
        basis[:, c] = [v // common for v in vector]
    return basis
