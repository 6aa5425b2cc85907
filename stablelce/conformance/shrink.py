"""From a failing point to a simpler one that fails too, by Hypothesis.

The candidates, from the simplest: small integers, the failing logit with few decimal digits, then with few
significand bits, then as it was. Hypothesis shrinks towards the first; the failing point itself is always
among them, so nothing is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from stablelce.formats import Format

__all__ = ["simplest"]

_SETTINGS = settings(
    max_examples=200,
    derandomize=True,  # a report must not change from run to run
    database=None,
    deadline=None,  # a subject may be slow
    verbosity=Verbosity.quiet,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),  # they guard tests against slow or picky strategies
)


def simplest(fmt: Format, z: int, t: int, fails: Callable[[int, int], bool]) -> tuple[int, int]:
    """A simple failing point, given one that fails; that one itself where nothing simpler fails.

    Parameters
    ----------
    fmt : Format
        Format of the encodings.
    z, t : int
        Encodings of the failing logit and target.
    fails : callable
        Whether a single point (encodings) fails.
    """
    if not (fmt.is_finite(z) and fmt.is_finite(t) and fails(z, t)):
        return z, t  # fails in company only: nothing to shrink
    logits, targets = _logits(fmt, z), _targets(fmt, t)
    ranks = st.tuples(st.integers(0, len(targets) - 1), st.integers(0, len(logits) - 1))
    try:
        rank = find(ranks, lambda r: fails(logits[r[1]], targets[r[0]]), settings=_SETTINGS)
    except NoSuchExample:
        return z, t
    found = logits[rank[1]], targets[rank[0]]
    return _walk(*found, logits, fails)


def _walk(z: int, t: int, logits: list[int], fails: Callable[[int, int], bool]) -> tuple[int, int]:
    """The first candidate logit, in order of simplicity, that fails with this target."""
    for candidate in logits:
        if candidate == z:
            break
        if fails(candidate, t):
            return candidate, t
    return z, t


def _logits(fmt: Format, z: int) -> list[int]:
    """Candidates from the simplest on; the failing logit is the last one."""
    value = fmt.to_fraction(z)
    sign = -1 if fmt.is_negative(z) else 1
    around = [sign * n for n in (1, 2, 3, 4, 5, 8, 10, 15, 16, 20, 30, 40, 50, 100)]
    candidates = [Fraction(0)] + [Fraction(n) for n in around]
    candidates += [_decimal(value, digits) for digits in (1, 2, 3, 4, 6)]
    candidates += [_bits(value, bits) for bits in (1, 2, 4, 8, 16, 32) if bits < fmt.precision]
    encodings = [fmt.round(candidate) for candidate in candidates]
    return [*dict.fromkeys(e for e in encodings if fmt.is_finite(e) and e != z), z]


def _targets(fmt: Format, t: int) -> list[int]:
    simple = [Fraction(1), Fraction(0), Fraction(1, 2), Fraction(1, 4), Fraction(9, 10)]
    value = fmt.to_fraction(t)
    simple += [_decimal(value, digits) for digits in (1, 2, 3)]
    encodings = [fmt.round(target) for target in simple if 0 <= target <= 1]
    return [*dict.fromkeys(e for e in encodings if e != t), t]


def _decimal(value: Fraction, digits: int) -> Fraction:
    """The value rounded to a number of significant decimal digits."""
    if value == 0:
        return value
    size = abs(value)
    exponent = math.floor((size.numerator.bit_length() - size.denominator.bit_length()) * math.log10(2))
    unit = Fraction(10) ** (exponent - digits + 1)
    return round(value / unit) * unit


def _bits(value: Fraction, bits: int) -> Fraction:
    """The value rounded to a number of significant bits."""
    if value == 0:
        return value
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    unit = Fraction(2) ** (exponent - bits)
    return round(value / unit) * unit
