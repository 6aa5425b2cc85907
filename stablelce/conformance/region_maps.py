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
    "MIDPOINT_MULTIPLES",
    "TARGET_KINDS",
    "anchors",
    "encodings",
    "first_midpoint_binade",
    "huge",
    "largest_tiny_target",
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

MIDPOINT_MULTIPLES = ((3, 4), (3, 8), (5, 8), (7, 8))
"""Fractions c of a logit that need a bit more than it: the soft targets c and 1-c have few bits."""


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


def first_midpoint_binade(fmt: Format) -> int:
    """The binade from which on |z| >= p*log 2, so that exp(-|z|) is below an ulp of a multiple of z."""
    return math.ceil(math.log2(fmt.precision * math.log(2.0)))


def largest_tiny_target(fmt: Format) -> int:
    """Encoding of 2^(-p-1): from there down 1-t rounds to 1."""
    return _constant(fmt, 2.0 ** (-fmt.precision - 1))


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
    exponent = -1 - draws[1].astype(np.int64)
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
    """Integers: sign, binade and significand of z, and which multiple of it is the exact part.

    The exact part of the loss is c*|z| with c = 1-t for z > 0 and c = t for z < 0. For c = k/4 or k/8 and
    a p-bit significand m it is a midpoint when k*m has p+1+j bits and ends in a 1 and j zeros: then its
    last place is one half of the place that rounding keeps. So m gets such an end.
    """
    p = fmt.precision
    k, denominator = (
        np.array(column)[draws[3].astype(np.intp)] for column in zip(*MIDPOINT_MULTIPLES, strict=True)
    )
    k = k.astype(np.uint64)
    m = np.uint64(1 << (p - 1)) + draws[2]
    zeros = _bits_beyond(k * m, p + 1)
    m = (m >> (zeros + np.uint64(1)) << (zeros + np.uint64(1))) | (np.uint64(1) << zeros)
    # In 8 bits the new end can carry the product over a power of two; a least significand cannot.
    least = np.uint64(1 << (p - 1)) + np.where(k == 3, 1, 2).astype(np.uint64)
    m = np.where(_bits_beyond(k * m, p + 1) == zeros, m, least)
    exponent = first_midpoint_binade(fmt) + draws[1].astype(np.int64)
    z = _round(fmt, _signed(draws[0], np.ldexp(m.astype(np.float64), exponent - p + 1)))
    c = k / denominator
    return z, _round(fmt, np.where(draws[0] & np.uint64(1), c, 1.0 - c))


def _bits_beyond(product: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.uint64]:
    """By how many bits products are longer than so many, 2 at most."""
    longer: npt.NDArray[np.uint64] = (product >= np.uint64(1 << bits)).astype(np.uint64)
    return longer + (product >= np.uint64(1 << (bits + 1)))


def tiny_targets(fmt: Format, draws: Draws) -> Points:
    """Integers: which logits; sign and size of a moderate one, the ordinal of any; the encoding of t.

    Which: 0 to 3 a moderate logit, 4 and 5 any, 6 and 7 one so large that z*t is moderate, 7 with a
    subnormal target.
    """
    which = draws[0]
    kept = np.where(which == 7, draws[4] % np.uint64(fmt.min_normal - 1), draws[4])
    t = (np.uint64(1) + kept).astype(fmt.uint)
    size = _fraction(draws[2])
    near = _round(fmt, _signed(draws[1], 50.0 * size))
    anywhere = fmt.from_ordinals(_zigzag(draws[3]))
    with np.errstate(over="ignore"):  # 1/t may leave binary64; _round holds the logit in range
        balanced = _round(fmt, _signed(draws[1], (1.0 + 50.0 * size) / fmt.array(t).astype(np.float64)))
    z: UIntArray = np.select([which < 4, which < 6], [near, anywhere], balanced).astype(fmt.uint)
    return z, t


def near_one(fmt: Format, draws: Draws) -> Points:
    """Integers: sign and size of z, how many floats t is below the one below 1."""
    z = _round(fmt, _signed(draws[0], 50.0 * _fraction(draws[1])))
    return z, fmt.from_ordinals(_constant(fmt, 1.0) - 1 - draws[2].astype(np.int64))


def huge(fmt: Format, draws: Draws) -> Points:
    """Integers: sign, binade and significand of z, kind and fraction of t."""
    exponent = 10 + draws[1].astype(np.int64)
    with np.errstate(over="ignore"):  # 1 + fraction may round to 2; _round holds the result in range
        size = np.ldexp(1.0 + _fraction(draws[2]), exponent)
    z = _round(fmt, _signed(draws[0], size))
    return z, _targets(fmt, draws[3], draws[4])
