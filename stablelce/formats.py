"""The four binary interchange formats, by encoding: decode, order, and round an exact value once.

A finite encoding stands for ``significand * 2**exponent`` with integers on both sides, so every
conversion here is exact integer arithmetic. Layout of an encoding, from the top (IEEE 754-2019,
3.4; bfloat16 is binary32 cut to its upper half)::

    sign (1 bit) | biased exponent (width - precision bits) | trailing significand (precision - 1)

Two facts carry the whole module:

* for one sign, encodings taken as integers are ordered as the values they stand for, so the
  neighbour of a float is the encoding plus or minus one;
* with ``q`` the exponent of the last place and ``s`` the integer significand, hidden bit included,
  the encoding is ``((q - quantum) << (precision - 1)) + s``. This holds for subnormals as well, and a
  significand that rounding carried to ``2**precision`` lands on the next binade, or on infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "BFLOAT16",
    "BINARY16",
    "BINARY32",
    "BINARY64",
    "FORMATS",
    "Format",
    "find_format",
    "to_dyadic",
]

UIntArray = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format.

    Attributes
    ----------
    name : str
        Name in IEEE 754 (``binary16``, ``binary32``, ``binary64``) or ``bfloat16``.
    dtype_name : str
        Name of the NumPy dtype with these encodings.
    width, precision, emax : int
        Bits of an encoding, bits of a significand with its hidden bit, exponent of the largest
        finite value.
    """

    name: str
    dtype_name: str
    width: int
    precision: int
    emax: int

    @property
    def emin(self) -> int:
        """Exponent of the smallest normal value."""
        return 1 - self.emax

    @property
    def quantum(self) -> int:
        """Exponent of the smallest subnormal value; every finite value is a multiple of 2**quantum."""
        return self.emin - self.precision + 1

    @property
    def sign_bit(self) -> int:
        """Encoding of -0."""
        return 1 << (self.width - 1)

    @property
    def infinity(self) -> int:
        """Encoding of +inf."""
        return ((1 << (self.width - self.precision)) - 1) << (self.precision - 1)

    @property
    def nan(self) -> int:
        """Encoding of the positive quiet NaN with zero payload."""
        return self.infinity | (1 << (self.precision - 2))

    @property
    def max_finite(self) -> int:
        """Encoding of the largest finite value."""
        return self.infinity - 1

    @property
    def min_normal(self) -> int:
        """Encoding of the smallest positive normal value."""
        return 1 << (self.precision - 1)

    # -- classes of encodings ------------------------------------------------------------------

    def magnitude(self, encoding: int) -> int:
        """The encoding without its sign."""
        return encoding & (self.sign_bit - 1)

    def is_negative(self, encoding: int) -> bool:
        return bool(encoding & self.sign_bit)

    def is_nan(self, encoding: int) -> bool:
        return self.magnitude(encoding) > self.infinity

    def is_infinite(self, encoding: int) -> bool:
        return self.magnitude(encoding) == self.infinity

    def is_finite(self, encoding: int) -> bool:
        return self.magnitude(encoding) < self.infinity

    def is_zero(self, encoding: int) -> bool:
        return self.magnitude(encoding) == 0

    def is_subnormal(self, encoding: int) -> bool:
        return 0 < self.magnitude(encoding) < self.min_normal

    # -- encoding to value ---------------------------------------------------------------------

    def decode(self, encoding: int) -> tuple[int, int]:
        """Integers ``(m, e)`` with the value equal to ``m * 2**e``.

        Raises
        ------
        ValueError
            The encoding is an infinity or a NaN, or has more bits than the format.
        """
        if not 0 <= encoding < 1 << self.width:
            raise ValueError(f"{encoding:#x} is not a {self.name} encoding of {self.width} bits.")
        magnitude = self.magnitude(encoding)
        if magnitude >= self.infinity:
            raise ValueError(f"{encoding:#x} is not finite in {self.name}, so it has no exact value.")
        biased = magnitude >> (self.precision - 1)
        significand = magnitude & (self.min_normal - 1)
        if biased:
            significand |= self.min_normal
        sign = -1 if self.is_negative(encoding) else 1
        return sign * significand, self.quantum + max(biased - 1, 0)

    def to_fraction(self, encoding: int) -> Fraction:
        """The exact value of a finite encoding (-0 gives 0)."""
        m, e = self.decode(encoding)
        return Fraction(m << e) if e >= 0 else Fraction(m, 1 << -e)

    # -- value to encoding ---------------------------------------------------------------------

    def round_dyadic(self, m: int, e: int, sticky: int = 0) -> int:
        """Encoding nearest to ``m * 2**e`` nudged by ``sticky``, ties to even.

        Parameters
        ----------
        m, e : int
            The exact value ``m * 2**e``.
        sticky : int
            Sign of a remainder that is not zero but smaller than any distance that matters: the
            value rounded is ``m * 2**e + sticky * epsilon``. A zero ``m`` takes the sign of the
            remainder.

        Returns
        -------
        int
            The encoding; infinity when the magnitude rounds past the largest finite value.
        """
        negative = m < 0 or (m == 0 and sticky < 0)
        sign = self.sign_bit if negative else 0
        magnitude = abs(m)
        if magnitude == 0:
            return sign
        if sticky:
            # The remainder becomes one unit two places below every possible midpoint.
            pad = max(0, self.precision + 2 - magnitude.bit_length()) + 1
            magnitude = (magnitude << pad) + (-sticky if negative else sticky)
            e -= pad
        leading = magnitude.bit_length() - 1 + e
        if leading > self.emax:
            return sign | self.infinity
        last_place = max(leading, self.emin) - self.precision + 1
        shift = last_place - e
        if shift <= 0:
            significand = magnitude << -shift
        else:
            significand = magnitude >> shift
            rest = magnitude - (significand << shift)
            half = 1 << (shift - 1)
            if rest > half or (rest == half and significand & 1):
                significand += 1
        return sign | (((last_place - self.quantum) << (self.precision - 1)) + significand)

    def round(self, value: Fraction, sticky: int = 0) -> int:
        """Encoding nearest to an exact rational nudged by ``sticky``, ties to even.

        As :meth:`round_dyadic`, for any rational: what the division leaves over is itself a
        remainder of known sign, larger than the one passed in.
        """
        n, d = value.numerator, value.denominator
        if d & (d - 1) == 0:
            return self.round_dyadic(n, 1 - d.bit_length(), sticky)
        shift = max(0, self.precision + 3 - (abs(n).bit_length() - d.bit_length()))
        quotient = (abs(n) << shift) // d  # d is no power of two: the remainder is never zero
        return self.round_dyadic(quotient if n > 0 else -quotient, -shift, 1 if n > 0 else -1)

    # -- order ---------------------------------------------------------------------------------

    def ordinal(self, encoding: int) -> int:
        """Position among the values of the format: 0 for both zeros, 1 for the next one up, ...

        The infinities are the outermost positions. The difference of two ordinals is the float
        distance.
        """
        if self.is_nan(encoding):
            raise ValueError(f"{encoding:#x} is a NaN in {self.name}, so it has no place in the order.")
        magnitude = self.magnitude(encoding)
        return -magnitude if self.is_negative(encoding) else magnitude

    def from_ordinal(self, ordinal: int) -> int:
        """Encoding at a position; positions beyond the infinities give the infinity."""
        magnitude = min(abs(ordinal), self.infinity)
        return magnitude | (self.sign_bit if ordinal < 0 else 0)

    def next_up(self, encoding: int) -> int:
        """The least value above, by encoding; +inf stays. Both zeros go to the smallest subnormal."""
        return self.from_ordinal(self.ordinal(encoding) + 1)

    def next_down(self, encoding: int) -> int:
        """The greatest value below, by encoding; -inf stays."""
        return self.from_ordinal(self.ordinal(encoding) - 1)

    # -- arrays --------------------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype; for bfloat16 it comes from the package ml_dtypes."""
        if self.name == "bfloat16":
            return _bfloat16_dtype()
        return np.dtype(self.dtype_name)

    @property
    def uint(self) -> np.dtype[np.unsignedinteger[Any]]:
        """Unsigned integer dtype of the same width."""
        return np.dtype(f"uint{self.width}")

    def encodings(self, values: npt.ArrayLike) -> UIntArray:
        """Encodings of an array that has this format's dtype."""
        array = np.asarray(values)
        if array.dtype.name != self.dtype_name:
            raise TypeError(f"expected an array of {self.dtype_name}, got {array.dtype.name}.")
        return np.ascontiguousarray(array).reshape(array.shape).view(self.uint)

    def array(self, encodings: npt.ArrayLike) -> npt.NDArray[Any]:
        """Array of this format's dtype with the given encodings."""
        return np.asarray(encodings, dtype=self.uint).view(self.dtype)

    def ordinals(self, encodings: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """:meth:`ordinal` over an array of encodings; a NaN gets a position beyond its infinity."""
        bits = np.asarray(encodings, dtype=np.uint64)
        magnitude = (bits & np.uint64(self.sign_bit - 1)).astype(np.int64)
        return np.where(bits & np.uint64(self.sign_bit), -magnitude, magnitude)

    def from_ordinals(self, ordinals: npt.ArrayLike) -> UIntArray:
        """:meth:`from_ordinal` over an array."""
        position = np.asarray(ordinals, dtype=np.int64)
        magnitude = np.minimum(np.abs(position), self.infinity).astype(np.uint64)
        sign = np.where(position < 0, np.uint64(self.sign_bit), np.uint64(0))
        bits: UIntArray = (magnitude | sign).astype(self.uint)
        return bits


BINARY16 = Format("binary16", "float16", width=16, precision=11, emax=15)
BFLOAT16 = Format("bfloat16", "bfloat16", width=16, precision=8, emax=127)
BINARY32 = Format("binary32", "float32", width=32, precision=24, emax=127)
BINARY64 = Format("binary64", "float64", width=64, precision=53, emax=1023)

FORMATS: tuple[Format, ...] = (BINARY16, BFLOAT16, BINARY32, BINARY64)


def find_format(name: object) -> Format:
    """The format for its name, its dtype's name, or a dtype.

    Raises
    ------
    ValueError
        No format goes by that name.
    """
    wanted = name.name if isinstance(name, (Format, np.dtype)) else str(name)
    for fmt in FORMATS:
        if wanted in (fmt.name, fmt.dtype_name):
            return fmt
    known = ", ".join(f"{fmt.dtype_name} ({fmt.name})" for fmt in FORMATS[:1] + FORMATS[2:])
    raise ValueError(f"unknown format {wanted!r}: use one of {known}, bfloat16.")


def to_dyadic(value: Fraction | float | int) -> tuple[int, int]:
    """Integers ``(m, e)`` with ``value == m * 2**e``, for a finite binary value.

    Raises
    ------
    ValueError
        The value is an infinity, a NaN, or a rational whose denominator is no power of two.
    """
    try:
        n, d = value.as_integer_ratio()
    except (OverflowError, ValueError):
        raise ValueError(f"{value} is not finite, so it has no exact value.") from None
    if d & (d - 1):
        raise ValueError(f"{value} is not a binary fraction: its denominator is no power of two.")
    return n, 1 - d.bit_length()


def _bfloat16_dtype() -> np.dtype[Any]:
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError(
            "bfloat16 arrays need the package ml_dtypes: pip install 'stablelce[suite]'."
        ) from None
    dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return dtype
