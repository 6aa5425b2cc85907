"""Arguments a of the kernels, where a reduction or a series is worst, and their errors by Arb."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, ctx

from stablelce.kernels.rounding import Doubles
from stablelce.kernels.table_layout import LIMIT, STEPS

PRECISION = 400
"""Bits: beside the errors of a pair the enclosures are points."""

NAMED = (0.0, 5e-324, 2.0**-1022, 2.0**-60, 1.0, 36.7368005696771, 672.0, 689.9999999999999, LIMIT)


def sampled(count: int, seed: int = 0) -> Doubles:
    """About nine times ``count`` arguments in [0, 690], uniform, by scale, and at the cells' ends."""
    rng = np.random.default_rng(seed)
    uniform, near = rng.uniform(0, LIMIT, count), rng.uniform(0, 2, count)
    scales = LIMIT * 2.0 ** -rng.uniform(0, 80, count)
    tiny = 2.0 ** -rng.uniform(60, 1074, count)
    ends = (rng.integers(0, int(LIMIT) * STEPS, count) + 0.5) / STEPS
    first = (np.arange(64) + 0.5) / STEPS
    entries = rng.integers(0, int(LIMIT) * STEPS + 1, count) / STEPS
    beside = [np.nextafter(x, way) for x in (ends, first, entries) for way in (0.0, np.inf)]
    a = np.concatenate([np.array(NAMED), uniform, near, scales, tiny, ends, first, entries, *beside])
    return a[a <= LIMIT]


def relative_errors(a: Doubles, softplus: list[Doubles], sigmoid: list[Doubles]) -> tuple[Doubles, Doubles]:
    """Upper bounds of the relative errors of sums of words, as softplus(-a) and as sigmoid(-a)."""
    errors = np.empty((2, len(a)))
    previous = ctx.prec
    ctx.prec = PRECISION
    try:
        for i, argument in enumerate(a.tolist()):
            e = (-arb(argument)).exp()
            for row, words, value in zip(errors, (softplus, sigmoid), (e.log1p(), e / (1 + e)), strict=True):
                got = sum((arb(float(word[i])) for word in words), arb(0))
                row[i] = np.nextafter(float(((got - value) / value).abs_upper()), np.inf)
    finally:
        ctx.prec = previous
    return errors[0], errors[1]


def fraction(*words: float) -> Fraction:
    """The exact sum."""
    return sum((Fraction(float(word)) for word in words), Fraction(0))
