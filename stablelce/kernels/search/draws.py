"""Inputs: magnitudes of logits by binade, targets by kind, and the step towards a midpoint."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stablelce.formats import BINARY64, Format
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.search.functions import Function, slopes
from stablelce.kernels.search.measure import measure
from stablelce.kernels.table_layout import LIMIT

__all__ = ["Kind", "binades", "logits", "moved", "optimal_targets", "sweep", "tail", "targets"]

Kind = Literal["uniform", "short", "small"]
"""Soft targets: uniform in (0, 1); of few bits, as 1/4 and 3/8; uniform by exponent."""


def binades(fmt: Format) -> range:
    """Exponents of a = |z|.

    Binary64: from 2^-47, where ``longer`` begins, to the end of the table. Binary32: below 2^-24 hard targets
    give the results of z = 0 or their neighbours; from 2^7 on they are exact or vanish.
    """
    return range(-47, 10) if fmt == BINARY64 else range(-24, 7)


def logits(rng: np.random.Generator, count: int, exponent: int, fmt: Format) -> Doubles:
    """Magnitudes from 2^exponent to 2^(exponent+1), at most 690, of all significands alike."""
    if exponent == 9:
        return 512.0 + (LIMIT - 512.0) * rng.random(count)
    bits = fmt.precision - 1
    significands = rng.integers(0, 1 << bits, count).astype(np.float64)
    return np.ldexp(1.0 + np.ldexp(significands, -bits), exponent)


def sweep(start: int, count: int, exponent: int) -> Doubles:
    """All magnitudes of a binade of binary32 in order, a part of them."""
    return np.ldexp(np.arange(start, start + count, dtype=np.float64) + 2.0**23, exponent - 23)


def tail(rng: np.random.Generator, count: int) -> Doubles:
    """Magnitudes beyond the table of binary64: from 690 to where results vanish."""
    return LIMIT + (745.0 - LIMIT) * rng.random(count)


def targets(rng: np.random.Generator, count: int, kind: Kind, fmt: Format) -> Doubles:
    """Soft targets of a kind, floats of the format in (0, 1)."""
    if kind == "short":
        numerators, length = rng.integers(1, 1 << 8, count), rng.integers(8, 12, count)
        return np.ldexp(numerators.astype(np.float64), -length)
    t = rng.random(count)
    if kind == "small":
        t = np.ldexp(0.5 + 0.5 * t, -rng.integers(0, fmt.precision + 8, count))
    t = t.astype(fmt.dtype).astype(np.float64)
    return np.where((t > 0) & (t < 1), t, 0.5)


def optimal_targets(rng: np.random.Generator, a: Doubles, sign: float, fmt: Format) -> Doubles:
    """Targets at most four floats from sigmoid(z), in (0, 1)."""
    e = np.exp(-a)
    t = ((1.0 if sign > 0 else e) / (1.0 + e)).astype(fmt.dtype).view(fmt.uint)
    t = (t.astype(np.int64) + rng.integers(-4, 5, len(a))).astype(fmt.uint).view(fmt.dtype)
    widened = t.astype(np.float64)
    return np.where(widened < 1, widened, 1.0 - 2.0**-fmt.precision)


def moved(
    function: Function, a: Doubles, t: Doubles, fmt: Format, *, by_target: bool
) -> tuple[Doubles, Doubles]:
    """Inputs moved to where the tangent meets the nearest midpoint: two steps of Newton's method.

    That pays where inputs lie closer together than results: for small logits, or for small targets. Elsewhere
    the input comes back, or a neighbour of it.
    """
    low, high = a * 0.999, a * 1.001
    for _ in range(2):
        offset = measure(function.quantity, function.sign, a, t, fmt).offset
        by_a, by_t = slopes(function, a, t)
        with np.errstate(all="ignore"):
            step = np.nan_to_num(offset / (by_t if by_target else by_a), posinf=0.0, neginf=0.0)
        if by_target:
            t = _rounded(np.clip(t + step, 2.0**fmt.emin, 1.0 - 2.0**-fmt.precision), fmt)
        else:
            a = _rounded(np.clip(a + step, low, np.minimum(high, LIMIT)), fmt)
    return a, t


def _rounded(values: Doubles, fmt: Format) -> Doubles:
    return values.astype(fmt.dtype).astype(np.float64)
