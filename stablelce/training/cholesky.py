"""Solving with a positive definite matrix, with the same bits everywhere: a factorisation of our own.

LAPACK's results depend on the library, the processor and the number of threads. Here every element goes
through a fixed sequence of single operations; only operations on different elements are done together.

    H = D*M*D            D powers of two, so that the diagonal of M lies in [1/4, 1)
    M = R*R^T            by columns, R lower triangular
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Cholesky", "NotPositiveDefiniteError"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class NotPositiveDefiniteError(ValueError):
    """A matrix is not positive definite, or so near to one that rounding hides which.

    Attributes
    ----------
    column : int
        The first column that is a combination of those before it, to within rounding, or worse.
    pivot : float
        What was left of its diagonal element, relative to it.
    """

    def __init__(self, column: int, pivot: float) -> None:
        super().__init__(
            f"the matrix is not positive definite, to within rounding: of the diagonal element of column "
            f"{column} the fraction {pivot:.3g} is left after the columns before it; "
            f"add a penalty, or remove columns that depend on others."
        )
        self.column, self.pivot = column, pivot


@dataclass(frozen=True)
class Cholesky:
    """The factor of a symmetric positive definite matrix.

    Attributes
    ----------
    factor : ndarray of float64, shape (size, size)
        R, lower triangular.
    exponents : ndarray of int64, shape (size,)
        D, as exponents of two.
    """

    factor: Doubles
    exponents: Integers

    @classmethod
    def of(cls, matrix: Doubles) -> Cholesky:
        """Factorise a matrix; its lower triangle is read.

        Parameters
        ----------
        matrix : ndarray of float64, shape (size, size)
            A symmetric matrix, finite.

        Raises
        ------
        NotPositiveDefiniteError
            A pivot is below ``(size + 3) * 2**-52`` of its diagonal element. So much may be rounding: the
            pivot of column j is its diagonal element minus j squares, whose sum does not exceed it, and each
            of the roundings, at most j + 2 in a row, errs by 2**-53 of it at most, to first order (N. Higham,
            *Accuracy and Stability of Numerical Algorithms*, section 10.1). Whether a matrix is refused is
            decided by the same bits everywhere.
        ValueError
            The matrix is not square, or not finite.
        """
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"the matrix must be square: got the shape {matrix.shape}.")
        if not np.isfinite(matrix).all():
            raise ValueError("the matrix must be finite: scale the features.")
        diagonal = matrix.diagonal()
        exponents = (np.frexp(diagonal)[1] + 1) // 2
        size = len(matrix)
        with np.errstate(under="ignore"):
            rest = np.ldexp(matrix, -exponents[:, np.newaxis] - exponents)
            before = rest.diagonal().copy()
            factor = np.zeros_like(rest)
            for j in range(size):
                pivot = rest[j, j]
                if not pivot > (size + 3) * 2.0**-52 * before[j]:
                    raise NotPositiveDefiniteError(j, float(pivot / before[j]) if before[j] else 0.0)
                column = rest[j:, j] / np.sqrt(pivot)
                factor[j:, j] = column
                rest[j + 1 :, j + 1 :] -= column[1:, np.newaxis] * column[1:]
        return cls(factor, exponents.astype(np.int64))

    def solve(self, vector: Doubles) -> Doubles:
        """The x with H*x = vector, in a fixed order of operations; inf where it is beyond the largest float.

        The usual bound holds (Higham, theorem 10.4): the x is exact for a matrix whose elements differ
        from those of M by about ``3*size*2**-53``, whatever the scales D.
        """
        size = len(self.factor)
        if vector.shape != (size,):
            raise ValueError(f"the right side must have the shape ({size},): got {vector.shape}.")
        # Times a power of two for the whole right side, so that scales of features do not leave the range.
        scaled_exponents = np.frexp(vector)[1] - self.exponents
        shift = int(scaled_exponents[vector != 0].max()) if vector.any() else 0
        with np.errstate(under="ignore", over="ignore"):
            y = np.ldexp(vector, -self.exponents - shift)
            for j in range(size):
                y[j] /= self.factor[j, j]
                y[j + 1 :] -= y[j] * self.factor[j + 1 :, j]
            for j in reversed(range(size)):
                y[j] /= self.factor[j, j]
                y[:j] -= y[j] * self.factor[j, :j]
            return np.ldexp(y, shift - self.exponents)
