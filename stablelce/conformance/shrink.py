"""From a failing point to the simplest one that fails too.

Candidates are tried in a fixed order, simple ones first, and the failing point itself ends every list: so
the answer fails, is the same in every run, and costs a bounded number of calls. Simple
means short in decimal, because a reader types decimals.

Rejected: a generic shrinker (Hypothesis). It knows nothing of short decimals, cannot promise to find a
simple point that exists, seeds the global random generators while it runs, which is a part of the state
that the suite must leave alone, and takes longer to import than all the checks of a small audit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from stablelce.formats import Format

__all__ = ["simplest"]

_EASY_LOGITS = (*range(65), 100, 1000, 10**4, 10**5, 10**6)
"""Sizes of logits; between and beyond, the roundings to one and two digits are as simple."""

_EASY_TARGETS = (Fraction(1), Fraction(0), Fraction(1, 2), Fraction(1, 4), Fraction(3, 4))

_DIGITS, _BITS = 17, 8
"""Roundings tried: 17 digits identify every binary64 value; few bits, where a power of two matters."""


def simplest(fmt: Format, z: int, t: int, fails: Callable[[int, int], bool]) -> tuple[int, int]:
    """A simple failing point, given one that fails; that one itself where nothing simpler fails.

    Tried first are integer logits with easy targets, then integer logits with t = sigmoid(z), where a
    gradient cancels; then target and logit are simplified one after the other.

    Parameters
    ----------
    fmt : Format
        Format of the encodings.
    z, t : int
        Encodings of the failing logit and target.
    fails : callable
        Whether a single point (two encodings) fails; called a few hundred times at most.

    Returns
    -------
    tuple of int
        Encodings of a point that fails. The point passed in where it is not finite, or does not fail when
        it is alone.
    """
    if not (fmt.is_finite(z) and fmt.is_finite(t) and fails(z, t)):
        return z, t
    integers = _integers(fmt, z)
    for b in _encode(fmt, _EASY_TARGETS):
        for a in integers:
            if fails(a, b):
                return a, b
    for a in integers:
        b = fmt.round(Fraction(_sigmoid(float(fmt.to_fraction(a)))))
        if fails(a, b):
            return a, b
    targets = _targets(fmt, t)
    logits = [*integers, *_roundings(fmt, z), z]
    # The default serves a predicate that changes its mind: the point passed in failed once.
    t = next((b for b in targets if fails(z, b)), t)
    z = next((a for a in logits if fails(a, t)), z)
    t = next((b for b in targets if fails(z, b)), t)
    return z, t


def _encode(fmt: Format, values: tuple[Fraction, ...] | list[Fraction]) -> list[int]:
    """Encodings of the values that do not round to infinity, each once, in their order."""
    return [e for e in dict.fromkeys(fmt.round(value) for value in values) if fmt.is_finite(e)]


def _integers(fmt: Format, z: int) -> list[int]:
    """The easy logits with the sign of the given one."""
    sign = -1 if fmt.is_negative(z) else 1
    return _encode(fmt, [Fraction(sign * n) for n in _EASY_LOGITS])


def _targets(fmt: Format, t: int) -> list[int]:
    one = fmt.round(Fraction(1))
    rounded = [b for b in _roundings(fmt, t) if b <= one]
    return [*_encode(fmt, _EASY_TARGETS), *rounded, t]


def _roundings(fmt: Format, encoding: int) -> list[int]:
    """Encodings near a finite one with few significant decimal digits, or few bits, both sides of it."""
    value = float(fmt.to_fraction(encoding))  # exact: binary64 holds the values of all formats
    if value == 0:
        return []
    decimals = [_decimals(value, digits) for digits in range(1, _DIGITS + 1)]
    bits = [_bits(value, count) for count in range(1, _BITS + 1)]
    short = 4  # decimals up to here are simpler than powers of two
    ordered = [*decimals[:short], *bits, *decimals[short:]]
    return _encode(fmt, [candidate for pair in ordered for candidate in pair])


def _decimals(value: float, digits: int) -> tuple[Fraction, Fraction]:
    """The nearest decimal of so many significant digits, and the one on the other side of the value."""
    text = f"{value:.{digits - 1}e}"
    nearest = Fraction(text)
    unit = Fraction(10) ** (int(text.partition("e")[2]) - digits + 1)
    return nearest, nearest + (unit if nearest < value else -unit)


def _bits(value: float, count: int) -> tuple[Fraction, Fraction]:
    """The two neighbours of the value, toward zero and away, that have so many significant bits."""
    significand, exponent = math.frexp(value)
    scale = Fraction(2) ** (exponent - count)
    toward_zero = math.trunc(math.ldexp(significand, count))
    return toward_zero * scale, (toward_zero + (1 if value > 0 else -1)) * scale


def _sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(min(-z, 700.0)))  # beyond, exp overflows
