"""Enclosures of a remainder and of a value, and the decision which float a value rounds to.

An enclosure is an *open* interval with binary-fraction ends, or a single point. Every remainder of
decomposition.py is irrational for a rational a > 0 (Lindemann-Weierstrass: an algebraic value would be an
algebraic relation between exp(a), or exp of that value, and 1), so it never equals an end, and the ends
can be rounded as "just above" and "just below". That settles the cases where the exact part is itself a
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

FIRST_PRECISION = 128
"""Bits of the first attempt. The result of a random binary64 input lies as near to a midpoint as this
precision can tell, 2^-128 against a spacing of 2^-53, about once in 2^70 inputs."""

FIRST_TAIL = 1200
"""A remainder below 2**-FIRST_TAIL is not computed at first. The exact part of a plain binary64 result is
a multiple of 2^-1117 where the remainder is that small (|z| >= 831 is a multiple of 2^-43, 1-t of
2^-1074), and every midpoint one of 2^-1075: the exact part is a midpoint or farther from it than the
remainder can reach. With weights it may take more, and then the tail is doubled with the precision."""

_DECAYING = ("log1p_exp_neg", "sigmoid_neg", "variance")


@dataclass(slots=True)
class Enclosure:
    """The open interval ``(low, high) * 2**exponent``, or the point where the two are equal."""

    low: int
    high: int
    exponent: int

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    def rounded(self, fmt: Format) -> int | None:
        """The encoding that every element rounds to, None while the elements disagree."""
        if self.is_point:
            return fmt.round_dyadic(self.low, self.exponent)
        encoding = fmt.round_dyadic(self.low, self.exponent, 1)
        return encoding if encoding == fmt.round_dyadic(self.high, self.exponent, -1) else None

    def sign(self) -> int | None:
        """The sign of every element, None while zero lies inside."""
        if self.low >= 0:
            return int(self.high > 0)
        return -1 if self.high <= 0 else None

    def ulp_exponent(self, fmt: Format) -> int | None:
        """The integer k with ulp(element) = 2**k for every element, None while the elements disagree."""
        if self.low == self.high == 0:
            return fmt.quantum
        # An open interval does not reach its outer end: just below 2^k the exponent is k-1.
        outer = max(-self.low, self.high) - (0 if self.is_point else 1)
        inner = max(self.low, -self.high, 0)
        top = max(outer.bit_length() - 1 + self.exponent, fmt.emin)
        bottom = max(inner.bit_length() - 1 + self.exponent, fmt.emin) if inner else fmt.emin
        return top - fmt.precision + 1 if top == bottom else None

    def is_narrower(self, exponent: int) -> bool:
        """Whether the width is below 2**exponent."""
        return self.is_point or (self.high - self.low).bit_length() + self.exponent <= exponent

    def subtracted_from(self, value: Dyadic) -> Enclosure:
        """The enclosure of value - element."""
        return _shifted(value, -self.high, -self.low, self.exponent)

    def ends(self) -> tuple[Dyadic, Dyadic]:
        """The two ends."""
        return Dyadic(self.low, self.exponent), Dyadic(self.high, self.exponent)


Backend = Callable[[str, Dyadic, int], Enclosure]
"""``backend(remainder, argument, precision)``: R(argument), argument > 0, to a relative 2**-precision."""


def enclose(parts: Decomposition, backend: Backend, precision: int, tail: int) -> Enclosure:
    """Enclose base + scale * R(argument) with a remainder known to ``precision`` bits.

    A remainder below ``2**-tail`` is enclosed by (0, 2**-tail) alone.
    """
    base, scale = parts.base, parts.scale
    if not scale.m:
        return Enclosure(base.m, base.m, base.e)
    remainder = _remainder(parts, backend, precision, tail)
    low, high = scale.m * remainder.low, scale.m * remainder.high
    if scale.m < 0:
        low, high = high, low
    return _shifted(base, low, high, scale.e + remainder.exponent)


def _shifted(base: Dyadic, low: int, high: int, exponent: int) -> Enclosure:
    """The interval base + (low, high) * 2**exponent."""
    shift = base.e - exponent
    if shift >= 0:
        m = base.m << shift
        return Enclosure(m + low, m + high, exponent)
    return Enclosure(base.m + (low << -shift), base.m + (high << -shift), base.e)


def _remainder(parts: Decomposition, backend: Backend, precision: int, tail: int) -> Enclosure:
    # R(a) < exp(-a) < 2^-tail for these three once a >= 0.6932 * tail > tail * log 2. An exponent below
    # 9 decides without arithmetic: a < 512 < 0.6932 * FIRST_TAIL.
    argument = parts.argument
    if (
        parts.remainder in _DECAYING
        and argument.floor_log2() >= 9
        and Dyadic(6932 * tail) <= Dyadic(10000) * argument
    ):
        return Enclosure(0, 1, -tail)
    return backend(parts.remainder, argument, precision)


def refinements(parts: Decomposition, backend: Backend) -> Iterator[Enclosure]:
    """Ever tighter enclosures of one value, without end."""
    precision, tail = FIRST_PRECISION, FIRST_TAIL
    while True:
        yield enclose(parts, backend, precision, tail)
        precision, tail = 2 * precision, 2 * tail
