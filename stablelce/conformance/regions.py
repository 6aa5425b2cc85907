"""Where implementations break: regions of (logit, target), each a map from integers to encodings.

A region turns a few bounded integers into one point. The same map serves two callers: a bulk sampler
that draws the integers from a seeded generator, an array at a time, and Hypothesis, which draws and
shrinks them (strategies.py). Integer 0 is always the simplest choice, so that shrinking moves towards it.

The maps stand in region_maps.py, what they aim at is defined apart from them in region_members.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stablelce.conformance import region_maps as maps
from stablelce.conformance import region_members as members
from stablelce.conformance.region_maps import FRACTION, TARGET_KINDS, anchors, threshold_reach
from stablelce.formats import Format, UIntArray

__all__ = ["REGIONS", "Region", "anchors", "sample"]

Points = tuple[UIntArray, UIntArray]


@dataclass(frozen=True)
class Region:
    """A named set of points.

    Attributes
    ----------
    name, summary : str
        What it is called and which failures live there.
    bounds : callable
        Largest value of each integer that `expand` takes, for a format.
    expand : callable
        From arrays of integers to encodings of logits and targets.
    contains : callable
        Whether points lie in the region; written apart from `expand`, for the tests of both.
    """

    name: str
    summary: str
    bounds: Callable[[Format], tuple[int, ...]]
    expand: Callable[[Format, list[npt.NDArray[np.uint64]]], Points]
    contains: Callable[[Format, UIntArray, UIntArray], npt.NDArray[np.bool_]]


def sample(region: Region, fmt: Format, count: int, rng: np.random.Generator) -> Points:
    """``count`` points of a region, from a seeded generator."""
    draws = [rng.integers(0, bound, count, dtype=np.uint64, endpoint=True) for bound in region.bounds(fmt)]
    return region.expand(fmt, draws)


def _fixed(*bounds: int) -> Callable[[Format], tuple[int, ...]]:
    return lambda _: bounds


_SIGN = 1
_KIND = TARGET_KINDS - 1

REGIONS: tuple[Region, ...] = (
    Region(
        "encodings",
        "finite logits uniform over encodings: every binade alike, subnormals to the largest",
        lambda fmt: (2 * fmt.max_finite, _KIND, FRACTION),
        maps.encodings,
        members.any_finite,
    ),
    Region(
        "moderate",
        "logits of everyday models, |z| <= 50",
        _fixed(_SIGN, FRACTION, _KIND, FRACTION),
        maps.moderate,
        members.moderate,
    ),
    Region(
        "middle",
        "4 <= |z| <= 40 with hard targets: cancellation costs digits long before it costs all",
        _fixed(_SIGN, FRACTION, 1),
        maps.middle,
        members.middle,
    ),
    Region(
        "thresholds",
        "within a few floats of a logit where code branches or a term is absorbed",
        lambda fmt: (_SIGN, len(anchors(fmt)) - 1, 2 * threshold_reach(fmt), _KIND, FRACTION),
        maps.thresholds,
        members.thresholds,
    ),
    Region(
        "tails",
        "exp(-|z|) from just above the normal range to below the smallest subnormal, hard targets",
        _fixed(_SIGN, FRACTION, 1),
        maps.tails,
        members.tails,
    ),
    Region(
        "tiny logits",
        "|z| <= 1 over all binades down to the subnormals, t at one half or some floats beside it",
        lambda fmt: (_SIGN, -fmt.quantum - 1, FRACTION, 16),
        maps.tiny_logits,
        members.tiny_logits,
    ),
    Region(
        "near optimum",
        "t within four floats of sigmoid(z): the gradient cancels",
        _fixed(_SIGN, FRACTION, 8),
        maps.near_optimum,
        members.near_optimum,
    ),
    Region(
        "midpoints",
        "the exact part of the loss is a midpoint and the remainder decides",
        lambda fmt: (
            _SIGN,
            fmt.emax - maps.first_midpoint_binade(fmt),
            (1 << (fmt.precision - 1)) - 1,
            len(maps.MIDPOINT_MULTIPLES) - 1,
        ),
        maps.midpoints,
        members.midpoints,
    ),
    Region(
        "tiny targets",
        "0 < t <= 2^(-p-1), where 1-t rounds to 1, subnormal ones too; logits as large as 1/t among them",
        lambda fmt: (7, _SIGN, FRACTION, 2 * fmt.max_finite, maps.largest_tiny_target(fmt) - 1),
        maps.tiny_targets,
        members.tiny_targets,
    ),
    Region(
        "near one",
        "targets at most 32 floats below 1",
        _fixed(_SIGN, FRACTION, 31),
        maps.near_one,
        members.near_one,
    ),
    Region(
        "huge logits",
        "|z| from 2^10 to the largest finite value: products and squares overflow",
        lambda fmt: (_SIGN, fmt.emax - 10, FRACTION, _KIND, FRACTION),
        maps.huge,
        members.huge,
    ),
)
"""All regions, in the order of reports."""
