"""The maps behind the regions: from a few bounded integers to encodings of a logit and a target.

Each map takes arrays of integers, one array per integer, and gives arrays of encodings. Integer 0 is always
the simplest choice, so that shrinking the integers simplifies the point. Intermediate values are binary64
and may be rounded twice on the way to a format: what is exact is each point that comes out, not its
distance from where it was aimed. The one map that aims at exact places, `midpoints`, computes in integers.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format, UIntArray

__all__ = [
    "FRACTION",
    "MIDPOINT_MULTIPLIERS",
    "TARGET_KINDS",
    "anchors",
    "encodings",
    "huge",
    "middle",
    "midpoints",
    "moderate",
    "near_one",
    "near_optimum",
    "tails",
    "threshold_reach",
    "thresholds",
    "tiny_logits",
    "tiny_targets",
]

Integers = npt.NDArray[np.uint64]
Draws = list[Integers]
Points = tuple[UIntArray, UIntArray]
Floats = npt.NDArray[np.float64]

FRACTION = (1 << 53) - 1
"""Largest integer that stands for a fraction: n / 2**53 lies in [0, 1)."""

TARGET_KINDS = 8
"""How many ways `_targets` has to choose a target."""

MIDPOINT_MULTIPLIERS = (3, 5, 7)
"""Numerators k of the soft targets k/4 or k/8 and 1 - k/4 or 1 - k/8 that push a product off the format."""


# -- building blocks ------------------------------------------------------------------------------


def _zigzag(draws: Integers) -> npt.NDArray[np.int64]:
    """0, 1, 2, 3, ... to 0, 1, -1, 2, ...: integers in the order of their simplicity."""
    magnitude = ((draws + np.uint64(1)) >> np.uint64(1)).astype(np.int64)
    return np.where(draws & np.uint64(1), magnitude, -magnitude)


def _round(fmt: Format, values: Floats) -> UIntArray:
    """Encodings near binary64 values, held below infinity."""
    largest = float(fmt.to_fraction(fmt.max_finite))
    with np.errstate(all="ignore"):  # subnormals and underflow to 0 are wanted here
        return fmt.encodings(np.clip(values, -largest, largest).astype(fmt.dtype))


def _constant(fmt: Format, value: float) -> int:
    return int(_round(fmt, np.array([value]))[0])


def _signed(draws: Integers, magnitude: Floats) -> Floats:
    return np.where(draws & np.uint64(1), -magnitude, magnitude)


def _fraction(draws: Integers) -> Floats:
    return draws.astype(np.float64) / 2.0**53


def _hard(fmt: Format, draws: Integers) -> UIntArray:
    targets: UIntArray = np.where(draws & np.uint64(1), _constant(fmt, 1.0), 0).astype(fmt.uint)
    return targets


def _targets(fmt: Format, kind: Integers, fraction: Integers) -> UIntArray:
    """Four targets of eight are 0 or 1, one is a half, two are spread over values, one over encodings."""
    one = _constant(fmt, 1.0)
    spread = _round(fmt, _fraction(fraction))
    encoded = np.rint(_fraction(fraction) * one).astype(fmt.uint)
    choices = [0, one, 0, one, _constant(fmt, 0.5), spread, spread, encoded]
    table = np.stack([np.broadcast_to(np.asarray(c, dtype=fmt.uint), kind.shape) for c in choices])
    targets: UIntArray = table[kind.astype(np.intp), np.arange(kind.size)]
    return targets


def anchors(fmt: Format) -> tuple[float, ...]:
    """Logits at which implementations switch branches, absorb, underflow or overflow.

    With p bits, 1 + exp(-z) is 1 from z = p*log 2 on; exp(-z) is subnormal from -emin*log 2 and 0 from
    (1 - quantum)*log 2 on; exp(z) is infinite from (emax + 1)*log 2 on. The rest are cut-offs found in
    published code (20 for softplus, 30, 33.3, 37, 50, 88, 100, 709) and powers of two.
    """
    log2 = math.log(2.0)
    derived = [k * log2 for k in (1, fmt.precision - 1, fmt.precision, fmt.precision + 1, 2 * fmt.precision)]
    derived += [-fmt.emin * log2, (1 - fmt.quantum) * log2, -fmt.quantum * log2, (fmt.emax + 1) * log2]
    published = [9.0, 10.0, 15.0, 18.0, 20.0, 30.0, 33.3, 37.0, 40.0, 50.0, 88.0, 100.0, 709.0, 745.0]
    powers = [2.0**k for k in range(-8, 11)]
    return tuple(sorted({*derived, *published, *powers}))


def threshold_reach(fmt: Format) -> int:
    """How many floats around a threshold belong to it: 32, fewer where a binade has few floats."""
    return min(32, 1 << (fmt.precision - 7))


# -- one map per region ---------------------------------------------------------------------------


def encodings(fmt: Format, draws: Draws) -> Points:
    """Integers: the ordinal of z, kind and fraction of t."""
    return fmt.from_ordinals(_zigzag(draws[0])), _targets(fmt, draws[1], draws[2])


def moderate(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, kind and fraction of t."""
    z = _signed(draws[0], 50.0 * _fraction(draws[1]))
    return _round(fmt, z), _targets(fmt, draws[2], draws[3])


def middle(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, which hard target."""
    z = _signed(draws[0], 4.0 + 36.0 * _fraction(draws[1]))
    return _round(fmt, z), _hard(fmt, draws[2])


def thresholds(fmt: Format, draws: Draws) -> Points:
    """Integers: sign of z, which threshold, how many floats from it, kind and fraction of t."""
    table = np.array(anchors(fmt))
    z = _round(fmt, _signed(draws[0], table[draws[1].astype(np.intp)]))
    neighbour = fmt.from_ordinals(fmt.ordinals(z) + _zigzag(draws[2]))
    return neighbour, _targets(fmt, draws[3], draws[4])


def tails(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, which hard target."""
    low, high = (-fmt.emin - 8) * math.log(2.0), (2 - fmt.quantum) * math.log(2.0)
    z = _signed(draws[0], low + (high - low) * _fraction(draws[1]))
    return _round(fmt, z), _hard(fmt, draws[2])


def tiny_logits(fmt: Format, draws: Draws) -> Points:
    """Integers: sign, binade and significand of z, how many floats t is from one half (most often 0)."""
    exponent = -1 - (draws[1].astype(np.int64) % -fmt.quantum)
    z = _round(fmt, _signed(draws[0], np.ldexp(1.0 + _fraction(draws[2]), exponent)))
    offset = _zigzag(np.maximum(draws[3], np.uint64(8)) - np.uint64(8))
    return z, fmt.from_ordinals(_constant(fmt, 0.5) + offset)


def near_optimum(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, how many floats t is from sigmoid(z)."""
    # Beyond the bound sigmoid(z) is subnormal, or further below 1 than any format can tell.
    z = _round(fmt, _signed(draws[0], min(40.0, -fmt.emin * math.log(2.0)) * _fraction(draws[1])))
    t = _round(fmt, 1.0 / (1.0 + np.exp(-fmt.array(z).astype(np.float64))))
    moved = np.clip(fmt.ordinals(t) + _zigzag(draws[2]), 0, _constant(fmt, 1.0))
    return z, fmt.from_ordinals(moved)


def midpoints(fmt: Format, draws: Draws) -> Points:
    """Integers: sign, binade and significand of z, and which of six multiples of it is the exact part.

    The exact part of the loss is c*|z| with c = 1-t for z > 0 and c = t for z < 0. For c = k/4 or k/8 and
    a p-bit significand m it is a midpoint when k*m has p+1+j bits and ends in a 1 and j zeros: then its
    last place is one half of the place that rounding keeps. So m gets such an end.
    """
    p = fmt.precision
    k = np.array(MIDPOINT_MULTIPLIERS, dtype=np.uint64)[draws[3] % np.uint64(3)]
    denominator = np.where(k == 3, np.where(draws[3] < 3, 4.0, 8.0), 8.0)
    m = np.uint64(1 << (p - 1)) + draws[2] % np.uint64(1 << (p - 1))
    longer = (k * m >= np.uint64(1 << (p + 1))).astype(np.uint64) + (k * m >= np.uint64(1 << (p + 2)))
    m = (m >> (longer + np.uint64(1)) << (longer + np.uint64(1))) | (np.uint64(1) << longer)
    # From p*log 2 on, what lies beside the exact part is less than half an ulp of it.
    low = math.ceil(math.log2(p * math.log(2.0)))
    exponent = low + (draws[1] % np.uint64(fmt.emax - low)).astype(np.int64)
    z = _round(fmt, _signed(draws[0], np.ldexp(m.astype(np.float64), exponent - p + 1)))
    c = k.astype(np.float64) / denominator
    return z, _round(fmt, np.where(draws[0] & np.uint64(1), c, 1.0 - c))


def tiny_targets(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of a moderate z, or the ordinal of any z, and which; the encoding of t."""
    largest = _constant(fmt, 2.0 ** (-fmt.precision - 1))
    t = (np.uint64(1) + draws[4] % np.uint64(largest)).astype(fmt.uint)
    near = _round(fmt, _signed(draws[1], 50.0 * _fraction(draws[2])))
    anywhere = fmt.from_ordinals(_zigzag(draws[3]))
    z: UIntArray = np.where(draws[0] & np.uint64(1), anywhere, near).astype(fmt.uint)
    return z, t


def near_one(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, how many floats t is below the one below 1."""
    z = _round(fmt, _signed(draws[0], 50.0 * _fraction(draws[1])))
    return z, fmt.from_ordinals(_constant(fmt, 1.0) - 1 - draws[2].astype(np.int64))


def huge(fmt: Format, draws: Draws) -> Points:
    """Integers: sign, binade and significand of z, kind and fraction of t."""
    exponent = 10 + (draws[1] % np.uint64(fmt.emax - 9)).astype(np.int64)
    z = _round(fmt, _signed(draws[0], np.ldexp(1.0 + _fraction(draws[2]), exponent)))
    return z, _targets(fmt, draws[3], draws[4])
