"""The search, one binade of a after the other.

In binary64 hard targets, and soft ones that are uniform or of few bits, are *drawn*: at random, through the
sieve. Fewer inputs are *moved* to where the exact result nearly meets a midpoint: those of hard and short
targets by the logit, small targets by the target. Targets beside sigmoid(z) (*optimum*) and results beyond
the table (*tail*) are measured at once, as no sieve knows them well enough. In binary32 all logits of a
binade are taken in the place of drawn ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.search import draws
from stablelce.kernels.search.functions import FUNCTIONS, HARD, SOFT, Function
from stablelce.kernels.search.kept import Group, Kept
from stablelce.kernels.search.sieve import choose

__all__ = ["BLOCK", "Plan", "search", "steps"]

BLOCK = 1 << 16

KEPT = 4
"""Inputs kept of each group."""

_KINDS: tuple[draws.Kind, ...] = ("uniform", "short")


@dataclass(frozen=True)
class Plan:
    """How much is searched.

    Attributes
    ----------
    fmt : Format
        Binary32 or binary64.
    seed : int
        Of all that is drawn.
    drawn : int
        Inputs drawn of each binade of binary64, for each kind of soft target half of them.
    moved : int
        Inputs moved, and measured at once, of each binade and group.
    compiled : bool
        Whether the sieve is compiled; what is found does not depend on it.
    """

    fmt: Format
    seed: int
    drawn: int
    moved: int
    compiled: bool

    @property
    def size(self) -> int:
        """Inputs of a binade that go through the sieve."""
        return self.drawn if self.fmt == BINARY64 else 2 * min(self.drawn // 2, 1 << (self.fmt.precision - 1))

    @property
    def threshold(self) -> float:
        """Ulps within which an input is a candidate: well above the error of a pair, and what is kept."""
        return 2.0**-16 if self.fmt == BINARY64 else 2.0**-11


def steps(plan: Plan) -> int:
    """How often the search reports progress: once for each binade."""
    return len(draws.binades(plan.fmt))


def search(plan: Plan, advance: Callable[[int], None]) -> tuple[Kept, int]:
    """The hardest inputs, and how many went through the sieve."""
    kept = Kept(plan.fmt, KEPT)
    sieve = choose(plan.fmt, compiled=plan.compiled)
    marks = np.empty(BLOCK, np.uint16)
    for exponent in draws.binades(plan.fmt):
        for kind, a, t in _blocks(plan, exponent):
            found = marks[: a.size]
            sieve(a, t, plan.threshold, found)
            candidates = np.flatnonzero(found)
            for i, function in enumerate(FUNCTIONS):
                near = candidates[(found[candidates] >> i) & 1 != 0]
                if near.size:
                    name = f"drawn, {kind}" if function.soft else "drawn"
                    kept.offer(Group(function, name, exponent), a[near], _targets(function, t[near]))
        _offer_others(plan, kept, exponent)
        advance(1)
    return kept, plan.size * steps(plan)


def _blocks(plan: Plan, exponent: int) -> Iterator[tuple[draws.Kind, Doubles, Doubles]]:
    """Blocks of a binade, each with targets of one kind."""
    half = plan.size // 2
    for kind in _KINDS:
        for start in range(0, half, BLOCK):
            count = min(BLOCK, half - start)
            rng = _generator(plan, exponent, _KINDS.index(kind), start)
            if plan.fmt == BINARY64:
                a = draws.logits(rng, count, exponent, plan.fmt)
            else:
                a = draws.sweep(start, count, exponent)
            yield kind, a, draws.targets(rng, count, kind, plan.fmt)


def _offer_others(plan: Plan, kept: Kept, exponent: int) -> None:
    """Inputs that do not go through the sieve."""
    fmt, count = plan.fmt, plan.moved
    rng = _generator(plan, exponent, 2, 0)
    for function in FUNCTIONS:
        a = draws.logits(rng, count, exponent, fmt)
        t = _targets(function, draws.targets(rng, count, "short", fmt))
        kept.offer(
            Group(function, "moved by z", exponent), *draws.moved(function, a, t, fmt, by_target=False)
        )
    for function in SOFT:
        a = draws.logits(rng, count, exponent, fmt)
        t = draws.targets(rng, count, "small", fmt)
        kept.offer(Group(function, "moved by t", exponent), *draws.moved(function, a, t, fmt, by_target=True))
    for function in SOFT:
        if function.quantity == "gradient":
            a = draws.logits(rng, 16 * count, exponent, fmt)
            t = draws.optimal_targets(rng, a, function.sign, fmt)
            kept.offer(Group(function, "optimum", exponent), a, t)
    if fmt == BINARY64 and exponent == draws.binades(fmt)[-1]:
        for function in HARD:
            if function.sign < 0 or function.quantity == "hessian":
                a = draws.tail(rng, 128 * count)
                kept.offer(Group(function, "tail", exponent), a, np.zeros_like(a))


def _targets(function: Function, t: Doubles) -> Doubles:
    return t if function.soft else np.zeros_like(t)


def _generator(plan: Plan, exponent: int, kind: int, start: int) -> np.random.Generator:
    return np.random.default_rng([plan.seed, plan.fmt.precision, exponent + 1000, kind, start])
