"""How the report writes numbers: short, and never better than they are."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal

__all__ = ["format_count", "format_error", "format_share"]


def format_error(error: float) -> str:
    """An error in units: ``0``, ``0.50``, ``2.6``, ``53``, ``2048``, ``1.7e7``, ``inf``.

    Below 100, where the bounds of the profiles lie, the digits are rounded up: an error of 4.01 units
    misses the bound of 4 and must not read "4.0". From 100 on they are rounded to nearest.
    """
    if math.isinf(error):
        return "inf"
    if error == 0:
        return "0"
    if error < 100:
        step = Decimal("0.01") if error <= 1 else Decimal("0.1") if error <= 9.9 else Decimal(1)
        return str(Decimal(error).quantize(step, ROUND_CEILING))
    if round(error) < 10_000:
        return str(round(error))
    digits, exponent = f"{error:.1e}".split("e")
    return f"{digits}e{int(exponent)}"


def format_share(part: int, whole: int) -> str:
    """A share in percent, rounded down to a tenth: ``100 %`` means all of them, ``0 %`` none."""
    if part == 0:
        return "0 %"
    tenths = 1000 * part // whole
    if tenths == 0:
        return "<0.1 %"
    return f"{tenths // 10}.{tenths % 10} %" if part < whole else "100 %"


def format_count(count: int) -> str:
    """An integer with thousands separated by a comma."""
    return f"{count:,}"
