"""Which inputs become vectors: named hard cases, the hardest to round, points of every region, specials.

Only the hard cases and regions are drawn from; targets in "near optimum" and "smoothed" cases come from the
platform's exponential, whose last bit may differ elsewhere: the committed inputs, not these, are version 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS, sample
from stablelce.formats import Format

__all__ = ["Chosen", "choose", "takes_target"]

_HARDEST, _PER_REGION = 48, 48
_SEED = 1
_FOR_TARGETS = ("near optimum", "midpoints", "tiny targets", "near one")
"""Regions that differ from others in their targets."""


class Chosen(NamedTuple):
    """The inputs of a group as encodings (z, t), a comment for each, and where they come from."""

    name: str
    source: str
    points: list[tuple[int, int]]
    comments: list[str]


def takes_target(quantity: str) -> bool:
    """Whether vectors of a quantity have a target."""
    return quantity in ("loss", "gradient")


def choose(quantity: str, fmt: Format) -> list[Chosen]:
    """The groups of inputs of a quantity in a format; no input occurs twice."""
    seen: set[tuple[int, int]] = set()
    groups = []
    for name, source, points, comments in _groups(quantity, fmt):
        kept: dict[tuple[int, int], str] = {}
        for (z, t), comment in zip(points, comments, strict=True):
            point = (z, t if takes_target(quantity) else 0)
            if point not in seen:
                seen.add(point)
                kept[point] = comment
        if kept:
            groups.append(Chosen(name, source, list(kept), list(kept.values())))
    return groups


def _groups(quantity: str, fmt: Format) -> Iterator[Chosen]:
    z, t, names = hard_cases.points(fmt)
    pairs = list(zip(z.tolist(), t.tolist(), strict=True))
    yield Chosen("hard cases", "stablelce.conformance.hard_cases, with a source for each", pairs, list(names))
    z, t, _ = hard_cases.hard_to_round(quantity, fmt)
    pairs = list(zip(z.tolist(), t.tolist(), strict=True))[:_HARDEST]
    yield Chosen("hardest to round", "python -m stablelce.kernels.search", pairs, [""] * len(pairs))
    for index, region in enumerate(REGIONS):
        if not takes_target(quantity) and region.name in _FOR_TARGETS:
            continue
        z, t = sample(region, fmt, _PER_REGION, np.random.default_rng([_SEED, index, fmt.precision]))
        pairs = list(zip(z.tolist(), t.tolist(), strict=True))
        yield Chosen(region.name, region.summary, pairs, [""] * len(pairs))
    yield _specials(quantity, fmt)


def _specials(quantity: str, fmt: Format) -> Chosen:
    """Infinite logits, with the targets that the suite asks for, and NaN in each place."""
    zero, half, one, soft = (fmt.round_dyadic(*value) for value in ((0, 0), (1, -1), (1, 0), (1, -12)))
    infinities = (fmt.infinity, fmt.infinity | fmt.sign_bit)
    points = [(z, t) for z in infinities for t in (zero, one, half, soft)] + [
        (fmt.nan, t) for t in (zero, one)
    ]
    if takes_target(quantity):
        points += [(fmt.nan, half), (fmt.nan, fmt.nan), (zero, fmt.nan), (one, fmt.nan)]
    return Chosen("special values", "stablelce.conformance.contract", points, [""] * len(points))
