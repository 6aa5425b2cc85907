"""The points that the checks of arrays ask for, and how two results for the same points differ."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import gradient_allowance
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import FORMATS, Format, UIntArray

__all__ = ["distant", "everyday_points", "first_difference", "is_nan", "mixed_points", "turns"]

_SEED = 20260917  # any fixed number: verdicts must not depend on chance


def everyday_points(run: Run, count: int) -> tuple[UIntArray, UIntArray]:
    """Everyday and hard points, in fixed proportions and order."""
    z, t = (part.copy() for part in _sampled(run.fmt, count))
    if not run.subject.soft_targets:
        t = run.fmt.encodings((run.fmt.array(t) > 0.5).astype(run.fmt.dtype))
    return z, t


@cache
def _sampled(fmt: Format, count: int) -> tuple[UIntArray, UIntArray]:
    rng = np.random.default_rng(_SEED)
    names = ("moderate", "middle", "thresholds", "tails")
    parts = [sample(region, fmt, -(-count // 4), rng) for region in REGIONS if region.name in names]
    z = np.stack([part[0] for part in parts], axis=1).ravel()[:count]
    return z, np.stack([part[1] for part in parts], axis=1).ravel()[:count]


def mixed_points(run: Run, count: int) -> tuple[UIntArray, UIntArray]:
    """The same with a special, tiny or huge logit in every fifth place, and as many unusual targets."""
    fmt = run.fmt
    z, t = (part.copy() for part in everyday_points(run, count))
    z[2::5] = np.resize(np.array(_unusual_logits(fmt), dtype=fmt.uint), z[2::5].size)
    if run.subject.soft_targets:
        t[3::5] = np.resize(np.array(_unusual_targets(fmt), dtype=fmt.uint), t[3::5].size)
    return z, t


def turns(run: Run, quantity: str) -> int:
    """A number for a format and quantity, one more for the next of either.

    Where a sparing run takes one of n shapes, those with this number modulo n come round in n formats as
    they do in n quantities.
    """
    return FORMATS.index(run.fmt) + QUANTITIES.index(quantity)


def _unusual_logits(fmt: Format) -> list[int]:
    tiny, huge = fmt.round(Fraction(1, 1 << 40)), fmt.round(Fraction(30_000))
    magnitudes = [0, fmt.infinity, fmt.max_finite, 1, fmt.min_normal, tiny, huge]
    return [fmt.nan, *magnitudes, *(fmt.sign_bit | magnitude for magnitude in magnitudes)]


def _unusual_targets(fmt: Format) -> list[int]:
    one = fmt.round(Fraction(1))
    return [1, fmt.min_normal, *(fmt.round(Fraction(1, 1 << k)) for k in (60, 40, 20, 9, 1)), one - 1, one]


def is_nan(fmt: Format, encodings: UIntArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """A mask of NaNs."""
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    mask = (encodings & fmt.uint.type(fmt.sign_bit - 1)) > fmt.infinity
    return mask


def first_difference(fmt: Format, got: UIntArray, want: UIntArray) -> int | None:
    """The first index where encodings differ, NaNs counted as equal."""
    different = np.flatnonzero((got != want) & ~(is_nan(fmt, got) & is_nan(fmt, want)))
    return int(different[0]) if different.size else None


def distant(
    run: Run, quantity: str, points: tuple[UIntArray, UIntArray], got: UIntArray, want: UIntArray
) -> int | None:
    """The first index where two results are further apart than two results of the profile can be.

    Each is within the bound of one exact value, and an ulp changes by a factor of two at most between
    them. Equality to the bit is asked for by "lanes" and "layouts".
    """
    fmt = run.fmt
    nan = is_nan(fmt, got), is_nan(fmt, want)
    distance = np.abs(fmt.ordinals(got) - fmt.ordinals(want))
    apart = (nan[0] != nan[1]) | ((distance > 4 * run.bound) & ~nan[0])
    for i in np.flatnonzero(apart).tolist():
        if quantity != "gradient" or _gradients_apart(run, points, i, int(got[i]), int(want[i])):
            return int(i)
    return None


def _gradients_apart(run: Run, points: tuple[UIntArray, UIntArray], i: int, got: int, want: int) -> bool:
    """Whether gradients are apart by their own unit, which is no ulp where they nearly vanish."""
    fmt, (z, t) = run.fmt, (int(part[i]) for part in points)
    if not all(fmt.is_finite(one) for one in (z, t, got, want)):
        return True
    point = fmt.to_fraction(z), fmt.to_fraction(t)
    return abs(fmt.to_fraction(got) - fmt.to_fraction(want)) > 2 * gradient_allowance(fmt, *point, run.bound)
