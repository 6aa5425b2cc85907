"""Sums of products in fixed point: fast, and the same integers in any order, any chunks and any parts.

G = sum_i r_i*x_i is wanted where a power of two bounds every product, ``|r_i*x_i| <= 2**k``. With g = k - 51
and two offsets, each in the middle of a binade::

    sigma1 = 1.5 * 2**(g+52)       spacing of floats around it: 2**g
    sigma2 = 1.5 * 2**g            spacing: 2**(g-52)

each product is cut into two integers::

    s = RN(r*x + sigma1)           m1 = (s - sigma1) / 2**g          the high part, |m1| <= 2**51
    e = RN(r*x - (s - sigma1))                                       the rest, |e| <= 2**(g-1)
    l = RN(e + sigma2)             m2 = (l - sigma2) / 2**(g-52)     |m2| <= 2**51

RN is one rounding to nearest even, of the exact real value: a fused multiply-add. Inside a binade encodings
are consecutive integers, so m1 is ``bits(s) - bits(sigma1)``: a sum of encodings is all that a loop has to
keep. An integer depends on r, x and k alone, and integer sums do not depend on their order: whatever the
order of the rows, the chunks, threads and merges, the sums of m1 and of m2 are the same.

**Error.** s - sigma1 is exact, and the real value r*x - (s - sigma1) is at most 2**(g-1) in magnitude. Its
rounding to e errs by at most 2**(g-55), the rounding of e + sigma2 by at most 2**(g-53). So the sum of n
products, in units of 2**(g-52) = 2**(k-103), satisfies ::

    |sum - G| <= n * 0.625 * 2**(k-103)

an absolute error, however much cancels. Reading rounds once more, or not at all (:meth:`value`).

**Range.** Sums of at most ``ROWS`` = 2**11 integers m1 or m2 stay below 2**62; they are added modulo 2**64
and then kept in two limbs, of which the low one holds 32 bits. That is enough for 2**43 rows.

The method is that of J. Demmel and H. D. Nguyen, *Parallel reproducible summation*, IEEE Trans. Computers 64
(2015), with bins that are known beforehand, and integers instead of floats in them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["GREATEST_EXPONENT", "LEAST_EXPONENT", "ROWS", "UNIT", "FixedPointSum", "carried"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ROWS = 1 << 11
"""Products of one sum that are added before limbs are carried."""

UNIT = -103
"""A sum with exponent k is an integer in units of 2**(k + UNIT)."""

LEAST_EXPONENT = -860
"""From here on a product whose rounding error underflows, |r*x| < 2**-968, is too small to count.

It is below a quarter of the unit, 2**(k-105), so m1 = m2 = 0 however it is rounded.
"""

GREATEST_EXPONENT = 990
"""Up to here offsets and products do not overflow, nor do factors that are split in two, below 2**995."""

_ELEMENTS = 1 << 13
"""Products to a chunk: some dozen temporaries of 64 KiB stay in the second-level cache."""

_SPLITTER = 134217729.0  # 2^27 + 1
_LIMB_BITS = 32


class FixedPointSum:
    """Sums of products, one for each column, that merge and do not depend on order.

    Parameters
    ----------
    exponents : ndarray of int64, shape (columns,)
        For each column a k with ``|r*x| <= 2**k`` for all of its products, from LEAST_EXPONENT to
        GREATEST_EXPONENT.

    Attributes
    ----------
    exponents : ndarray of int64
        As given.
    limbs : ndarray of int64, shape (2, 2, columns)
        For the high and the low integers a high and a low limb; low limbs are in [0, 2**32). Equal sums have
        equal limbs.

    Raises
    ------
    ValueError
        An exponent is out of range.
    """

    def __init__(self, exponents: npt.ArrayLike) -> None:
        self.exponents: Integers = np.array(exponents, np.int64)
        if self.exponents.size and not (
            self.exponents.min() >= LEAST_EXPONENT and self.exponents.max() <= GREATEST_EXPONENT
        ):
            raise ValueError(
                f"exponents must lie in [{LEAST_EXPONENT}, {GREATEST_EXPONENT}]: scale the column."
            )
        self.limbs: Integers = np.zeros((2, 2, self.exponents.size), np.int64)

    def __len__(self) -> int:
        return len(self.exponents)

    @property
    def offsets(self) -> Doubles:
        """sigma1 and sigma2 of each column, shape (2, columns)."""
        return np.stack([np.ldexp(1.5, self.exponents + 1), np.ldexp(1.5, self.exponents - 51)])

    # -- adding --------------------------------------------------------------------------------

    def add_products(self, r: Doubles, x: npt.NDArray[Any]) -> None:
        """Add r_i * x_ij to column j, for all rows i.

        Parameters
        ----------
        r : ndarray of float64, shape (rows,)
            One factor for each row.
        x : ndarray of float64 or float32, shape (rows, columns)
            The other factors.

        Raises
        ------
        ValueError
            A product exceeds ``2**k``, or is NaN.
        """
        step = min(max(_ELEMENTS // max(len(self), 1), 1), ROWS)
        for start in range(0, len(r), step):
            part = slice(start, start + step)
            rows = len(r[part])
            self.add_encodings(self._encodings(r[part, np.newaxis], x[part].astype(np.float64)), rows)

    def add_encodings(self, sums: npt.NDArray[np.uint64], rows: int) -> None:
        """Add sums modulo 2**64 of the encodings of s and l over some rows, at most ``ROWS``.

        Parameters
        ----------
        sums : ndarray of uint64, shape (2, columns)
            What a loop over the rows has added up.
        rows : int
            How many encodings each of them holds.
        """
        if rows > ROWS:
            raise ValueError(f"at most {ROWS} rows can be added at once: got {rows}.")
        shares = self.offsets.view(np.uint64) * np.uint64(rows)
        self.limbs[:, 1] += (sums - shares).view(np.int64)
        carried(self.limbs)

    def merge(self, other: FixedPointSum) -> None:
        """Add the sums of another one, with the same exponents."""
        if not np.array_equal(self.exponents, other.exponents):
            raise ValueError("sums merge only with sums of the same exponents: use one set of scales.")
        self.limbs += other.limbs
        carried(self.limbs)

    # -- reading -------------------------------------------------------------------------------

    def integers(self) -> list[int]:
        """The sums, exactly as kept: integers in units of ``2**(k + UNIT)``."""
        (high, low), (high2, low2) = self.limbs.tolist()
        columns = zip(high, low, high2, low2, strict=True)
        return [(((a << _LIMB_BITS) + b) << 52) + (c << _LIMB_BITS) + d for a, b, c, d in columns]

    def value(self, column: int = 0) -> Fraction:
        """One sum, exactly as kept."""
        exponent = int(self.exponents[column]) + UNIT
        return self.integers()[column] * Fraction(2) ** exponent

    # -- inside --------------------------------------------------------------------------------

    def _encodings(self, r: Doubles, x: Doubles) -> npt.NDArray[np.uint64]:
        """Sums of the encodings of s and l, with the fused multiply-adds made of error-free operations."""
        sigma1, sigma2 = self.offsets
        product, error = _two_prod(r, x)
        if not (np.abs(product) <= np.ldexp(1.0, self.exponents)).all():
            raise ValueError("a product is larger than the scale of its column: the data has changed.")
        s = product + sigma1
        rest = product - (s - sigma1)
        # product + sigma1 rounds like product + error + sigma1 unless product lies on a midpoint, which rest
        # shows; then error decides. Any other product is a spacing of its own from a midpoint at least, and
        # error is half of one at most.
        spacing = np.ldexp(1.0, self.exponents - 51)
        wrong = (np.abs(rest) == spacing / 2) & (np.sign(rest) == np.sign(error))
        if wrong.any():
            step = np.where(wrong, np.copysign(spacing, rest), 0.0)
            s, rest = s + step, rest - step
        # |rest + error| is a rounding of the real r*x - (s - sigma1), since rest and error are exact.
        low = (rest + error) + sigma2
        return np.stack([part.view(np.uint64).sum(axis=0, dtype=np.uint64) for part in (s, low)])


def carried(limbs: Integers) -> None:
    """Move what is above 32 bits from the low limbs ``[..., 1, :]`` to the high ones, in place."""
    carry = limbs[..., 1, :] >> _LIMB_BITS
    limbs[..., 1, :] -= carry << _LIMB_BITS
    limbs[..., 0, :] += carry


def _two_prod(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """Floats with a*b = p + e exactly (Dekker), where |a*b| >= 2**-968; the kernels' ``two_prod``."""
    p = a * b
    a_high, b_high = _high_half(a), _high_half(b)
    a_low, b_low = a - a_high, b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def _high_half(a: Doubles) -> Doubles:
    scaled = _SPLITTER * a
    return scaled - (scaled - a)
