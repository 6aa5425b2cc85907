"""Enclosures of a remainder and of a value, and the decision which float a value rounds to.

An enclosure is an *open* interval with binary-fraction ends, or a single point. Since the remainder of a
non-zero rational argument is irrational (Lindemann-Weierstrass), it never equals an end, so the ends can
be rounded as "just above" and "just below": that settles the cases where the exact part is itself a
midpoint and the remainder is as small as 2^-1000000, without ever computing such a remainder.

Precision is doubled until the decision is made (Ziv's strategy). No precision is assumed to suffice, and
the loop ends: base + scale * R(a) is irrational, hence at a positive distance from every midpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stablelce.formats import Format
from stablelce.oracle.decomposition import Decomposition
from stablelce.oracle.dyadic import Dyadic

__all__ = ["Backend", "Enclosure", "enclose", "refinements"]

Backend = Callable[[str, Dyadic, int], tuple[Dyadic, Dyadic]]
"""``backend(remainder, argument, precision)``: bounds of R(argument), relative width < 2**-precision."""

FIRST_PRECISION = 128
"""Bits of the first attempt: decides all but one in about 2^70 random binary64 inputs."""

FIRST_TAIL = 1200
"""A remainder below 2**-FIRST_TAIL is not computed at first: below every midpoint distance of a plain
binary64 result with a zero or 53-bit exact part; doubled with the precision where that is not enough."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The open interval (lower, upper), or the point where the two are equal."""

    lower: Dyadic
    upper: Dyadic

    @property
    def is_point(self) -> bool:
        return not self.upper - self.lower

    def rounded(self, fmt: Format) -> int | None:
        """The encoding that every element rounds to, None while the elements disagree."""
        if self.is_point:
            return fmt.round_dyadic(self.lower.m, self.lower.e)
        low = fmt.round_dyadic(self.lower.m, self.lower.e, 1)
        return low if low == fmt.round_dyadic(self.upper.m, self.upper.e, -1) else None

    def floor_log2(self) -> int | None:
        """floor(log2 |element|), None while the elements disagree or zero is among them."""
        if self.is_point:
            return self.lower.floor_log2() if self.lower else None
        if self.lower.m < 0 < self.upper.m:
            return None
        low, high = sorted((abs(self.lower), abs(self.upper)))
        if not low:
            return None
        # The interval is open: a power of two at its outer end is not reached.
        top = high.floor_log2() - (1 if high.is_power_of_two() else 0)
        return top if low.floor_log2() == top else None


def enclose(parts: Decomposition, backend: Backend, precision: int, tail: int) -> Enclosure:
    """Enclose base + scale * R(argument) with a remainder known to ``precision`` bits.

    A remainder below ``2**-tail`` is enclosed by (0, 2**-tail) alone.
    """
    if not parts.scale:
        return Enclosure(parts.base, parts.base)
    low, high = _remainder(parts, backend, precision, tail)
    first, last = parts.scale * low, parts.scale * high
    if parts.scale.m < 0:
        first, last = last, first
    return Enclosure(parts.base + first, parts.base + last)


def _remainder(parts: Decomposition, backend: Backend, precision: int, tail: int) -> tuple[Dyadic, Dyadic]:
    decays = parts.remainder in ("log1p_exp_neg", "sigmoid_neg", "variance")
    # R(a) < exp(-a) < 2^-tail for these three once a >= 0.6932 * tail > tail * log 2.
    if decays and Dyadic(6932 * tail) <= Dyadic(10000) * parts.argument:
        return Dyadic(0), Dyadic(1, -tail)
    return backend(parts.remainder, parts.argument, precision)


def refinements(parts: Decomposition, backend: Backend) -> Iterator[Enclosure]:
    """Ever tighter enclosures of one value, without end."""
    precision, tail = FIRST_PRECISION, FIRST_TAIL
    while True:
        yield enclose(parts, backend, precision, tail)
        precision, tail = 2 * precision, 2 * tail
