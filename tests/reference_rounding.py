"""MPFR (gmpy2) as an independent opinion on rounding once, and encodings by NumPy's casts."""

from __future__ import annotations

from fractions import Fraction

import gmpy2
import numpy as np

from stablelce.formats import Format


def mpfr_context(fmt: Format) -> gmpy2.context:
    """MPFR with the precision, range and gradual underflow of a format.

    MPFR's significands lie in [1/2, 1), so its exponents are one above those of IEEE 754.
    """
    lowest = 1 - fmt.emax - (fmt.precision - 1)  # exponent of the smallest subnormal
    return gmpy2.context(precision=fmt.precision, emax=fmt.emax + 1, emin=lowest + 1, subnormalize=True)


def rounded(value: Fraction, fmt: Format) -> int:
    """Encoding of ``value`` rounded once to nearest even, by MPFR."""
    with mpfr_context(fmt):
        result = float(gmpy2.mpfr(gmpy2.mpq(value.numerator, value.denominator)))
    return encoding(result, fmt)


def encoding(value: float, fmt: Format) -> int:
    """Encoding of a float that the format holds exactly; bfloat16 is the upper half of binary32."""
    if fmt.name == "bfloat16":
        return int(np.float32(value).view(np.uint32)) >> 16
    return int(np.array(value, fmt.dtype_name).view(f"u{fmt.width // 8}"))


def decoded(bits: int, fmt: Format) -> float:
    """The float that an encoding stands for, by NumPy."""
    if fmt.name == "bfloat16":
        return float(np.uint32(bits << 16).view(np.float32))
    return float(np.array(bits, f"u{fmt.width // 8}").view(fmt.dtype_name))
