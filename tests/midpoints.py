"""The distance of an exact result from the nearest midpoint, by the oracle."""

from __future__ import annotations

from fractions import Fraction

from stablelce import oracle
from stablelce.formats import Format

__all__ = ["from_midpoint", "spacing_at"]

OF_Z_ALONE = ("sigmoid", "log_sigmoid", "softplus")


def _ends(quantity: str, z: float, t: float, fmt: Format) -> tuple[oracle.Exact, Fraction, Fraction]:
    """The exact result, and the floats on both sides of it, nearest to zero first, without signs."""
    exact = oracle.exact(quantity, z, None if quantity in OF_Z_ALONE else t, fmt)
    magnitude = fmt.magnitude(exact.encoding)
    size = abs(exact.value(Fraction(2) ** (exact.ulp_exponent - 200)))
    if fmt.to_fraction(magnitude) > size:
        magnitude -= 1
    return exact, fmt.to_fraction(magnitude), fmt.to_fraction(magnitude + 1)


def spacing_at(quantity: str, z: float, t: float, fmt: Format) -> Fraction:
    """The distance of the floats on both sides of the exact result."""
    _, low, high = _ends(quantity, z, t, fmt)
    return high - low


def from_midpoint(quantity: str, z: float, t: float, fmt: Format, width: Fraction) -> Fraction:
    """The distance in units of the spacing there, to within half a width."""
    exact, low, high = _ends(quantity, z, t, fmt)
    value = abs(exact.value(width * (high - low)))
    return abs(value - (low + high) / 2) / (high - low)
