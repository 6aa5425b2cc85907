"""Exact sums of float arrays: any order, any chunks, any number of parts, always the same number.

Every finite float of a format is an integer multiple of ``2**quantum``, and so is every sum; products
of two are multiples of ``2**(2*quantum)``. A sum is kept as one long integer in units of that step, in
limbs of 32 bits (a superaccumulator: U. Kulisch, *Computer Arithmetic and Validity*, de Gruyter 2008)::

    sum = 2**base * (limb[0] + limb[1] * 2**32 + limb[2] * 2**64 + ...)

Adding is exact because

* an integer significand of at most 54 bits, shifted by at most 31, spans three limbs, each part below
  2**32 in magnitude;
* ``np.bincount`` adds the parts that fall on one limb in binary64, and at most ``CHUNK`` = 2**14 of them
  stay below 2**46, where binary64 holds every integer;
* after each chunk one parallel carry brings every limb but the last below 2**33 in magnitude, so int64
  never overflows. The last limb keeps its carry: it has room for more than 2**63 elements.

Infinities and NaNs are counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format

__all__ = ["CHUNK", "ExactSum"]

Floats = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CHUNK = 1 << 14
"""Elements deposited at once: temporaries are O(CHUNK), whatever the length of the arrays."""

_LIMB_BITS = 32
_LIMB_MASK = np.uint64(0xFFFF_FFFF)
_LIMB_SHIFT = np.uint64(_LIMB_BITS)
_SPLIT_BITS = 26  # a 53-bit significand is 27 high bits and 26 low bits: partial products of at most 54 bits


class ExactSum:
    """One or more exact sums of floats, or of products of two floats.

    Parameters
    ----------
    fmt : Format
        Format of the floats that are added.
    sums : int
        Number of independent sums, indexed from 0.
    products : bool
        Whether :meth:`add_products` is used too; it doubles the length of the sums.
    """

    def __init__(self, fmt: Format, sums: int = 1, *, products: bool = False) -> None:
        self.format = fmt
        self.products = products
        degree = 2 if products else 1
        self._base = degree * fmt.quantum
        span = degree * (fmt.emax + 1) - self._base
        self._limbs = np.zeros((sums, span // _LIMB_BITS + 3), dtype=np.int64)
        self._special = np.zeros((3, sums), dtype=np.int64)  # how many +inf, -inf, NaN

    def __len__(self) -> int:
        return len(self._limbs)

    # -- adding --------------------------------------------------------------------------------

    def add(self, values: Floats, index: Indices | None = None) -> None:
        """Add every element of an array.

        Parameters
        ----------
        values : ndarray
            Floats with the dtype of the format, of any shape and layout.
        index : ndarray of int64, optional
            The sum that each element belongs to, in the shape of ``values``; sum 0 unless given.
        """
        infinity = np.uint64(self.format.infinity)
        for (bits,), where in self._chunks((values,), index):
            magnitude, sign = self._magnitude(bits), self._signs(bits)
            infinite = magnitude == infinity
            kinds = (infinite & (sign > 0), infinite & (sign < 0), magnitude > infinity)
            finite = self._count(kinds, where)
            significand, position = self._decode(np.where(finite, magnitude, np.uint64(0)))
            # Positions count from 2**quantum; the step of a sum of products is 2**(2*quantum).
            self._deposit(significand, position + (self.format.quantum - self._base), sign, where)

    def add_products(self, a: Floats, b: Floats, index: Indices | None = None) -> None:
        """Add the exact product of every pair of elements of two arrays of the same shape.

        An infinity times zero counts as a NaN.

        Raises
        ------
        ValueError
            The sum was made without ``products=True``, or the shapes differ.
        """
        if not self.products:
            raise ValueError("this sum holds no products: make it with products=True.")
        if a.shape != b.shape:
            raise ValueError(f"factors must have one shape: got {a.shape} and {b.shape}.")
        infinity = np.uint64(self.format.infinity)
        for (bits_a, bits_b), where in self._chunks((a, b), index):
            sign = self._signs(bits_a) * self._signs(bits_b)
            a_abs, b_abs = self._magnitude(bits_a), self._magnitude(bits_b)
            infinite = (a_abs == infinity) | (b_abs == infinity)
            nan = (a_abs > infinity) | (b_abs > infinity) | (infinite & ((a_abs == 0) | (b_abs == 0)))
            kinds = (infinite & ~nan & (sign > 0), infinite & ~nan & (sign < 0), nan)
            finite = self._count(kinds, where)
            m_a, position_a = self._decode(np.where(finite, a_abs, np.uint64(0)))
            m_b, position_b = self._decode(np.where(finite, b_abs, np.uint64(0)))
            position = position_a + position_b
            for part_a, shift_a in self._split(m_a):
                for part_b, shift_b in self._split(m_b):
                    self._deposit(part_a * part_b, position + (shift_a + shift_b), sign, where)

    def merge(self, other: ExactSum) -> None:
        """Add the sums of another accumulator of the same format, kind and number of sums."""
        if (self.format, self._limbs.shape) != (other.format, other._limbs.shape):
            raise ValueError("sums merge only with sums of the same format, number and kind.")
        self._limbs += other._limbs
        self._carry()
        self._special += other._special

    # -- reading -------------------------------------------------------------------------------

    def value(self, index: int = 0) -> Fraction | float:
        """The exact value of one sum; a float only for inf, -inf and nan."""
        special = self._special_value(index)
        return _scale(self._integer(index), self._base) if special is None else special

    def encoding(self, index: int = 0, *, divisor: Fraction | int = 1, fmt: Format | None = None) -> int:
        """One sum, divided exactly and rounded once.

        Parameters
        ----------
        index : int
            Which sum.
        divisor : Fraction or int
            An exact positive divisor.
        fmt : Format, optional
            Format of the result; that of the elements unless given.

        Returns
        -------
        int
            The round-to-nearest-even encoding; +0 for an exact zero, the positive quiet NaN for NaN.
        """
        fmt = fmt or self.format
        special = self._special_value(index)
        if special is not None:
            if math.isnan(special):
                return fmt.nan
            return fmt.infinity | (fmt.sign_bit if special < 0 else 0)
        if divisor == 1:
            return fmt.round_dyadic(self._integer(index), self._base)
        return fmt.round(_scale(self._integer(index), self._base) / divisor)

    # -- inside --------------------------------------------------------------------------------

    def _chunks(
        self, arrays: tuple[Floats, ...], index: Indices | None
    ) -> Iterator[tuple[tuple[UInt64s, ...], Indices | None]]:
        """The encodings of the arrays, and their sums, in C order and at most CHUNK at a time."""
        if index is not None and index.shape != arrays[0].shape:
            raise ValueError(f"index must have the shape of the values: got {index.shape}.")
        for start in range(0, arrays[0].size, CHUNK):
            part = slice(start, start + CHUNK)
            where = None if index is None else _flat(index)[part]
            yield tuple(self._bits(_flat(array)[part]) for array in arrays), where

    def _bits(self, values: Floats) -> UInt64s:
        native = values.astype(values.dtype.newbyteorder("="), copy=False)
        return self.format.encodings(native).astype(np.uint64)

    def _magnitude(self, bits: UInt64s) -> UInt64s:
        return bits & np.uint64(self.format.sign_bit - 1)

    def _signs(self, bits: UInt64s) -> Signs:
        return np.where(bits & np.uint64(self.format.sign_bit), -1.0, 1.0)

    def _decode(self, magnitude: UInt64s) -> tuple[UInt64s, Indices]:
        """Significands and positions: the values are significand * 2**(quantum + position)."""
        fraction_bits = self.format.precision - 1
        biased = magnitude >> np.uint64(fraction_bits)
        hidden = np.minimum(biased, np.uint64(1)) << np.uint64(fraction_bits)
        significand = (magnitude & np.uint64(self.format.min_normal - 1)) | hidden
        return significand, np.maximum(biased, np.uint64(1)).astype(np.int64) - 1

    def _split(self, significand: UInt64s) -> list[tuple[UInt64s, int]]:
        """Parts of at most 27 bits, each with its shift."""
        if self.format.precision <= _SPLIT_BITS:
            return [(significand, 0)]
        low = significand & np.uint64((1 << _SPLIT_BITS) - 1)
        return [(low, 0), (significand >> np.uint64(_SPLIT_BITS), _SPLIT_BITS)]

    def _deposit(self, significand: UInt64s, position: Indices, sign: Signs, where: Indices | None) -> None:
        """Add sign * significand * 2**position to the limbs; significands have at most 54 bits."""
        shift = (position % _LIMB_BITS).astype(np.uint64)
        low = (significand & _LIMB_MASK) << shift
        high = ((significand >> _LIMB_SHIFT) << shift) + (low >> _LIMB_SHIFT)
        count, length = self._limbs.shape
        target = position // _LIMB_BITS
        if where is not None:
            target += where * length
        for offset, part in enumerate((low & _LIMB_MASK, high & _LIMB_MASK, high >> _LIMB_SHIFT)):
            total = np.bincount(target + offset, weights=sign * part, minlength=count * length)
            self._limbs += total.astype(np.int64).reshape(count, length)
        self._carry()

    def _carry(self) -> None:
        """Move what is above 32 bits to the next limb, all limbs at once; the sum stays the same."""
        carry = self._limbs[:, :-1] >> _LIMB_BITS
        self._limbs[:, :-1] -= carry << _LIMB_BITS
        self._limbs[:, 1:] += carry

    def _count(self, kinds: tuple[Flags, Flags, Flags], where: Indices | None) -> Flags:
        """Count +inf, -inf and NaN per sum; return which elements are finite."""
        for kind, found in enumerate(kinds):
            if where is None:
                self._special[kind, 0] += np.count_nonzero(found)
            else:
                self._special[kind] += np.bincount(where[found], minlength=len(self))
        return ~(kinds[0] | kinds[1] | kinds[2])

    def _special_value(self, index: int) -> float | None:
        positive, negative, nan = (bool(count) for count in self._special[:, index])
        if nan or (positive and negative):
            return math.nan
        if positive or negative:
            return math.inf if positive else -math.inf
        return None

    def _integer(self, index: int) -> int:
        """The finite part of a sum in units of 2**base."""
        total = 0
        for limb in reversed(self._limbs[index].tolist()):
            total = (total << _LIMB_BITS) + limb
        return total


def _flat(array: npt.NDArray[Any]) -> Any:
    """Something that gives slices of the elements in C order without a copy of the whole."""
    if array.ndim == 1:
        return array
    return array.reshape(-1) if array.flags.c_contiguous else array.flat


def _scale(integer: int, exponent: int) -> Fraction:
    return Fraction(integer << exponent) if exponent >= 0 else Fraction(integer, 1 << -exponent)
