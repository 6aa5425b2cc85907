"""Whether a point lies in a region: the definitions, written apart from the maps that aim at them.

Tests hold each map of region_maps.py to its predicate here, and use the predicates to tell regions apart.
Nothing is shared with the maps but the thresholds. Predicates that speak of exact values
compute them as fractions, point by point; the others compare magnitudes, or places in the order of floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stablelce.conformance.region_maps import anchors, threshold_reach
from stablelce.formats import Format, UIntArray

__all__ = [
    "Mask",
    "any_finite",
    "huge",
    "is_midpoint",
    "middle",
    "midpoints",
    "moderate",
    "near_one",
    "near_optimum",
    "tails",
    "thresholds",
    "tiny_logits",
    "tiny_targets",
]

Mask = npt.NDArray[np.bool_]


def _each(fmt: Format, z: UIntArray, t: UIntArray, inside: Callable[[Fraction, Fraction], bool]) -> Mask:
    rows = zip(z.tolist(), t.tolist(), strict=True)
    return np.array([inside(fmt.to_fraction(a), fmt.to_fraction(b)) for a, b in rows], dtype=bool)


def _size(fmt: Format, encodings: UIntArray) -> npt.NDArray[np.float64]:
    return np.abs(fmt.array(encodings).astype(np.float64))


def _floats_from(fmt: Format, t: UIntArray, place: Fraction) -> npt.NDArray[np.int64]:
    """Float distance of targets from a place."""
    return np.abs(fmt.ordinals(t) - fmt.ordinal(fmt.round(place)))


def _is_hard(fmt: Format, t: UIntArray) -> Mask:
    size = _size(fmt, t)
    return np.asarray((size == 0) | (size == 1))


def any_finite(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """A finite logit and a target in [0, 1]."""
    targets = fmt.array(t).astype(np.float64)
    return np.asarray(np.isfinite(_size(fmt, z)) & (targets >= 0) & (targets <= 1))


def moderate(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    """|z| <= 50."""
    return np.asarray(_size(fmt, z) <= 50.0)


def middle(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """4 <= |z| <= 40 and a hard target."""
    size = _size(fmt, z)
    return np.asarray((size >= 4.0) & (size <= 40.0) & _is_hard(fmt, t))


def thresholds(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    """At most `threshold_reach` floats from a threshold or its mirror image."""
    places = np.array([fmt.ordinal(fmt.round(Fraction(anchor))) for anchor in anchors(fmt)])
    distance = np.abs(np.abs(fmt.ordinals(z))[:, None] - places[None, :]).min(axis=1)
    return np.asarray(distance <= threshold_reach(fmt))


def tails(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """exp(-|z|) from 2^8 times the smallest normal value to a quarter of the smallest one, t hard.

    The ends may be missed by the rounding of z, which moves it by at most 2^-p of itself.
    """
    low, high = (-fmt.emin - 8) * math.log(2.0), (2 - fmt.quantum) * math.log(2.0)
    size, slack = _size(fmt, z), 2.0**-fmt.precision
    inside = (size >= low * (1 - slack)) & (size <= high * (1 + slack))
    return np.asarray(inside & _is_hard(fmt, t))


def tiny_logits(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """0 < |z| <= 1 and t within four floats of one half."""
    size = _size(fmt, z)
    return np.asarray((size > 0) & (size <= 1) & (_floats_from(fmt, t, Fraction(1, 2)) <= 4))


def near_optimum(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """The target is at most five floats from sigmoid(z) as binary64 arithmetic gives it."""
    logits = fmt.array(z).astype(np.float64)
    with np.errstate(over="ignore"):
        sigmoid = 1.0 / (1.0 + np.exp(-logits))
    nearest = np.array([fmt.ordinal(fmt.round(Fraction(y))) for y in sigmoid.tolist()])
    return np.asarray(np.abs(nearest - fmt.ordinals(t)) <= 5)


def midpoints(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """The exact part of the loss, z*(1-t) or -z*t, lies halfway between two neighbours."""
    return _each(fmt, z, t, lambda a, b: is_midpoint(fmt, a * (1 - b) if a > 0 else -a * b))


def is_midpoint(fmt: Format, value: Fraction) -> bool:
    """Whether an exact value lies halfway between two finite neighbours of the format."""
    encoding = fmt.round(value)
    below, above = fmt.next_down(encoding), fmt.next_up(encoding)
    if not (fmt.is_finite(below) and fmt.is_finite(above)):
        return False
    rounded = fmt.to_fraction(encoding)
    return value - rounded in (
        (fmt.to_fraction(above) - rounded) / 2,
        (fmt.to_fraction(below) - rounded) / 2,
    )


def tiny_targets(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """t > 0, yet 1-t rounds to 1."""
    one = fmt.round(Fraction(1))
    return _each(fmt, z, t, lambda _, b: b > 0 and fmt.round(1 - b) == one)


def near_one(fmt: Format, _z: UIntArray, t: UIntArray) -> Mask:
    """t < 1 and at most 32 floats from it."""
    return np.asarray((_size(fmt, t) < 1) & (_floats_from(fmt, t, Fraction(1)) <= 32))


def huge(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    """|z| >= 2^10."""
    return np.asarray(_size(fmt, z) >= 1024.0)
