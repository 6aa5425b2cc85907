"""How many points an audit takes, and which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from stablelce.conformance import hard_cases
from stablelce.conformance.evaluation import Run
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import Format, UIntArray

__all__ = ["TIERS", "Budget", "Tier", "budget", "region_points"]

Tier = Literal["smoke", "standard", "deep"]

TIERS: tuple[Tier, ...] = ("smoke", "standard", "deep")


@dataclass(frozen=True)
class Budget:
    """Points per region for accuracy and for relations, logits per range of a curve, and logits screened.

    ``screen`` logits per target are compared with an estimate (screening.py), ``strided`` encodings of
    binary32 beside them. ``every_shape``: also of a subject that compiles for each.
    """

    accuracy: int
    relations: int
    curve: int
    screen: int = 0
    strided: int = 0
    every_shape: bool = True


_BUDGETS = {
    "smoke": Budget(40, 16, 1, 1 << 15, every_shape=False),
    "standard": Budget(600, 100, 4, 1 << 18),
    "deep": Budget(20_000, 2000, 16, 1 << 21, 1 << 24),
}


def budget(tier: Tier) -> Budget:
    """The budget of a tier.

    Raises
    ------
    ValueError
        No tier goes by that name.
    """
    if tier not in _BUDGETS:
        raise ValueError(f"unknown tier {tier!r}: use one of {', '.join(TIERS)}.")
    return _BUDGETS[tier]


def region_points(
    run: Run, quantity: str, names: tuple[str, ...], count: int, seed: int
) -> Iterator[tuple[UIntArray, UIntArray]]:
    """Points of the named regions (of all and the hard cases, for no names), ``count`` of each.

    With the hard cases, all that have names, come the ``count`` inputs that are hardest to round.

    Soft targets are rounded to the nearer hard one for a subject that does not take them. The stream of a
    region depends on the seed and its name alone, so subjects are judged on the same points.
    """
    fmt = run.fmt
    if not names or "hard cases" in names:
        z, t, _ = hard_cases.points(fmt)
        yield z, _as_offered(run, t)
        z, t, _ = hard_cases.hard_to_round(quantity, fmt)
        if z.size:
            yield z[:count], _as_offered(run, t[:count])
    one_argument = quantity in ONE_ARGUMENT or quantity == "hessian"
    for index, region in enumerate(REGIONS):
        if (names and region.name not in names) or (one_argument and region.name in _TARGETS_ONLY):
            continue
        z, t = _sampled(index, fmt, count, seed)
        yield z, _as_offered(run, t)


@lru_cache(maxsize=256)
def _sampled(index: int, fmt: Format, count: int, seed: int) -> tuple[UIntArray, UIntArray]:
    """Points of one region; every check of a format asks for the same ones."""
    rng = np.random.default_rng([seed, index, fmt.precision])
    z, t = sample(REGIONS[index], fmt, count, rng)
    z.flags.writeable = t.flags.writeable = False
    return z, t


_TARGETS_ONLY = ("near optimum", "midpoints", "tiny targets", "near one")
"""Regions that differ from others in their targets: nothing new for functions of z alone."""


def _as_offered(run: Run, t: UIntArray) -> UIntArray:
    if run.subject.soft_targets:
        return t
    fmt = run.fmt
    return fmt.encodings((fmt.array(t) > 0.5).astype(fmt.dtype))
