"""Cholesky factorisation in one fixed order: LAPACK's bits depend on blocking, threads and processor."""

from __future__ import annotations

import numpy as np

from stablelce.training.solvers.state import Floats

__all__ = ["solve_positive_definite"]

SINGULAR = 2.0**-48


def solve_positive_definite(matrix: Floats, right: Floats) -> Floats | None:
    """Solve A x = b by A = L L^T, column by column, or None where A is singular in working precision.

    That is where a pivot, the part of a diagonal element that the columns before it do not explain, is
    not above 2^-48 of the element: rounding alone gives a singular matrix pivots of a few times 2^-53.
    """
    rest, size = matrix.copy(), len(matrix)
    lower = np.zeros_like(rest)
    x = right.copy()
    for j in range(size):
        pivot = rest[j, j]
        if not (np.isfinite(pivot) and pivot > SINGULAR * matrix[j, j]):
            return None
        lower[j:, j] = rest[j:, j] / np.sqrt(pivot)
        rest[j:, j:] -= np.multiply.outer(lower[j:, j], lower[j:, j])
        x[j] /= lower[j, j]
        x[j + 1 :] -= x[j] * lower[j + 1 :, j]
    for j in reversed(range(size)):
        x[j] /= lower[j, j]
        x[:j] -= x[j] * lower[j, :j]
    return x
