"""Numbers as people write them, read exactly and rounded once.

``float("0.1")`` is binary64 already, so a target meant for float32 would be rounded twice; here a decimal or
hexadecimal text is a rational first.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from stablelce.formats import Format

__all__ = ["Number", "parse"]

_DECIMAL = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)(?:e([+-]?[0-9]+))?", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]+))?", re.IGNORECASE)
_NOTATIONS = ((_HEXADECIMAL, 16, 2, 4), (_DECIMAL, 10, 10, 1))
"""Pattern, base of the digits, base of the exponent, what a digit after the point counts in the exponent."""

_SPECIAL = re.compile(r"([+-]?)(inf|infinity|nan)", re.IGNORECASE)

_LONGEST = 1000
"""Characters in a number: at most 10^1000 before its exponent counts."""

_FARTHEST = 5000
"""Exponents beyond this one give 0 or infinity in every format, whatever so many digits say."""


@dataclass(frozen=True)
class Number:
    """A number as written: its sign, and its magnitude as a rational, inf or nan."""

    text: str
    negative: bool
    magnitude: Fraction | float

    @property
    def is_nan(self) -> bool:
        return isinstance(self.magnitude, float) and math.isnan(self.magnitude)

    def encoding(self, fmt: Format) -> int:
        """The number rounded once to a format; a zero keeps the sign that was written."""
        if self.is_nan:
            return fmt.nan
        magnitude = fmt.infinity if isinstance(self.magnitude, float) else fmt.round(self.magnitude)
        return magnitude | (fmt.sign_bit if self.negative else 0)

    def is_in(self, fmt: Format) -> bool:
        """Whether the format has this very number."""
        encoding = fmt.magnitude(self.encoding(fmt))
        if isinstance(self.magnitude, float):
            return True
        return fmt.is_finite(encoding) and fmt.to_fraction(encoding) == self.magnitude

    def is_target(self) -> bool:
        """Whether it lies in [0, 1]; NaN is not outside."""
        return self.is_nan or (self.magnitude <= 1 and not (self.negative and self.magnitude))


def parse(text: str) -> Number:
    """Read ``40``, ``-1e-3``, ``0x1.8p+3``, ``inf`` or ``nan``.

    Raises
    ------
    ValueError
        The text is no such number.
    """
    stripped = text.strip()
    if special := _SPECIAL.fullmatch(stripped):
        magnitude = math.nan if special[2].lower() == "nan" else math.inf
        return Number(text, special[1] == "-", magnitude)
    if len(stripped) <= _LONGEST:
        for pattern, digits_base, exponent_base, per_digit in _NOTATIONS:
            found = pattern.fullmatch(stripped)
            if found and found[2] + found[3]:
                digits = int(found[2] + found[3], digits_base)
                exponent = int(found[4] or 0) - per_digit * len(found[3])
                exponent = max(-_FARTHEST, min(exponent, _FARTHEST))
                return Number(text, found[1] == "-", digits * Fraction(exponent_base) ** exponent)
    raise ValueError(f"{text[:60]!r} is not a number; write it as 40, -1e-3, 0x1.8p+3, inf or nan.")
