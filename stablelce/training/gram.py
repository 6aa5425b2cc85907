"""The sums of the Hessian, exact integers whatever BLAS computes them, on however many threads.

With q_i = sqrt(s_i*h_i) <= 1/2 and |x_ij| <= 2**k_j the numbers

    y_ij = q_i * x_ij * 2**(22-k_j)        |y_ij| <= 2**21
    A    = rint(y)

are integers, and every sum in A.T @ A over at most 2**11 rows stays below 2**53, where binary64 holds all
integers: any BLAS, in any order, on any number of threads, gives the same exact ones. They are added up in
integers. q is rounded once for s*h and once for the root, and y once for the product.

One slice errs by half a unit in each A: relative to the largest of a column, 2**-22. Two slices take

    B = rint((y - A) * 2**22)              |B| <= 2**21

too, and the sums are those of A + B/2**22: an error of 2**-44. Either way the result is a Gram matrix of
integers, positive semidefinite before it is rounded.

(K. Ozaki, T. Ogita, S. Oishi and S. M. Rump, *Error-free transformations of matrix multiplication by using
fast routines of matrix multiplication*, Numer. Algorithms 59 (2012), use such slices for any product.)
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from stablelce.sums.fixed_point import ROWS, carried
from stablelce.training.blocks import Array

__all__ = ["BITS", "Gram"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BITS = 22
"""A slice of y: |q| <= 1/2 leaves 21 bits and a sign."""


_UNCARRIED = 1 << 8
"""Products, each below 2**54, that a low limb takes before its carry: they stay below 2**62."""


class Gram:
    """Sums of q_i^2 * x_ij * x_ik over rows.

    Parameters
    ----------
    exponents : ndarray of int64, shape (size,)
        For each column a k with magnitudes at most 2**k.
    slices : {1, 2}
        How many slices each number is cut into.

    Attributes
    ----------
    limbs : ndarray of int64, shape (2*slices - 1, 2, size, size)
        For A.T @ A and, with two slices, A.T @ B + B.T @ A and B.T @ B a high and a low limb, as in
        :class:`~stablelce.sums.FixedPointSum`.
    """

    ROWS: ClassVar[int] = ROWS

    def __init__(self, exponents: Integers, slices: int) -> None:
        if slices not in (1, 2):
            raise ValueError(f"slices must be 1 or 2: got {slices!r}.")
        self.exponents, self.slices = exponents, slices
        size = len(exponents)
        self._limbs: Integers = np.zeros((2 * slices - 1, 2, size * size), np.int64)
        self._added = 0

    @property
    def limbs(self) -> Integers:
        """As above; equal sums have equal limbs."""
        if self._added:
            carried(self._limbs)
            self._added = 0
        return self._limbs

    @property
    def scales(self) -> Doubles:
        """2**(22-k) for each column."""
        return np.ldexp(1.0, BITS - self.exponents)

    def add(self, q: Doubles, X: Array) -> None:
        """Add some rows, at most ``ROWS``: factors q in [0, 1/2], and the columns."""
        y = q[:, np.newaxis] * X
        y *= self.scales
        a = np.rint(y)
        if self.slices == 1:
            self.add_slices(a)
        else:
            y -= a
            y *= 2.0**BITS
            self.add_slices(a, np.rint(y, out=y))

    def add_slices(self, a: Doubles, b: Doubles | None = None) -> None:
        """Add some rows of A, and of B if there are two slices; at most ``ROWS``."""
        products = [(a.T @ a).astype(np.int64)]
        if b is not None:
            cross = (a.T @ b).astype(np.int64)
            products += [cross + cross.T, (b.T @ b).astype(np.int64)]
        for limbs, product in zip(self._limbs, products, strict=True):
            limbs[1] += product.ravel()
        self._added += 1
        if self._added == _UNCARRIED:
            carried(self._limbs)
            self._added = 0

    def merge(self, other: Gram) -> None:
        """Add the sums over other rows, with the same exponents and slices."""
        if self.slices != other.slices or not np.array_equal(self.exponents, other.exponents):
            raise ValueError("Hessians merge only with Hessians of the same scales and slices.")
        self._limbs = self.limbs + other.limbs
        carried(self._limbs)

    def matrix(self, shifts: Integers) -> Doubles:
        """The sums, shape (size, size), as floats, for columns that had been multiplied by 2**shifts."""
        size = len(self.exponents)
        total = np.zeros(size * size)
        for position, (high, low) in enumerate(self.limbs):
            total += np.ldexp(np.ldexp(high.astype(np.float64), 32) + low, -BITS * position)
        units = self.exponents - BITS - shifts
        return np.ldexp(total.reshape(size, size), units[:, np.newaxis] + units)
