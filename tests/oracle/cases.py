"""Points at which the oracle is tested: encodings of logits and targets, from the regions that matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from stablelce.formats import Format, UIntArray
from stablelce.oracle import exact

Points = tuple[UIntArray, UIntArray]


def _uniform_logits(rng: np.random.Generator, fmt: Format, count: int) -> UIntArray:
    """Finite encodings, each as likely as another: half of them lie below 1 in magnitude."""
    magnitude = rng.integers(0, fmt.infinity, count, dtype=np.int64)
    return _signed(rng, fmt, magnitude)


def _signed(rng: np.random.Generator, fmt: Format, magnitude: np.ndarray) -> UIntArray:
    sign = rng.integers(0, 2, len(magnitude), dtype=np.uint64) * np.uint64(fmt.sign_bit)
    signed: UIntArray = (magnitude.astype(np.uint64) | sign).astype(fmt.uint)
    return signed


def _uniform_targets(rng: np.random.Generator, fmt: Format, count: int) -> UIntArray:
    """Encodings of [0, 1], each as likely as another, with the hard targets one time in five."""
    one = fmt.round(Fraction(1))
    t = rng.integers(0, one + 1, count, dtype=np.int64)
    hard = rng.integers(0, 10, count)
    return np.where(hard == 0, 0, np.where(hard == 1, one, t)).astype(fmt.uint)


def _rounded(fmt: Format, values: np.ndarray) -> UIntArray:
    return np.array([fmt.round(Fraction(float(v))) for v in values], dtype=fmt.uint)


def uniform(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    return _uniform_logits(rng, fmt, count), _uniform_targets(rng, fmt, count)


def everyday(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    return _rounded(fmt, rng.normal(0, 8, count)), _rounded(fmt, rng.random(count))


def subnormal_results(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    """exp(-|z|) from the smallest normal value to a quarter of the smallest subnormal."""
    low, high = -fmt.emin * math.log(2), (2 - fmt.quantum) * math.log(2)
    z = _rounded(fmt, rng.uniform(low, high, count) * rng.choice((-1, 1), count))
    return z, np.where(rng.integers(0, 2, count), fmt.round(Fraction(1)), 0).astype(fmt.uint)


def near_optimum(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    """t = round(sigmoid(z)) and up to three floats beside it, where y - t cancels."""
    z, _ = everyday(rng, fmt, count)
    one = fmt.round(Fraction(1))
    best = [exact("sigmoid", fmt.to_fraction(int(one_z)), None, fmt).encoding for one_z in z]
    t = np.clip(np.array(best) + rng.integers(-3, 4, count), 0, one)
    return z, t.astype(fmt.uint)


def tiny_targets(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    z, _ = uniform(rng, fmt, count)
    return z, rng.integers(1, fmt.round(Fraction(1, 2**fmt.precision)), count).astype(fmt.uint)


def tiny_logits(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    """sigmoid(z) - 1/2 = z/4 from a quarter of the smallest subnormal to an ulp of 1/2."""
    magnitude = rng.integers(0, fmt.round(Fraction(1, 2 ** (fmt.precision - 2))), count, dtype=np.int64)
    half = fmt.round(Fraction(1, 2))
    t = half + rng.integers(-2, 3, count)
    return _signed(rng, fmt, magnitude), t.astype(fmt.uint)


def midpoints(rng: np.random.Generator, fmt: Format, count: int) -> Points:
    """z*(1-t), or t beside 1, is exactly between two floats once |z| is large."""
    p = fmt.precision
    targets = [fmt.round(Fraction(1, 4)), fmt.round(Fraction(3, 8)), fmt.round(Fraction(5, 8))]
    targets += [fmt.round(Fraction(k, 2 ** (p + 1))) for k in (1, 3)]
    z = rng.integers(fmt.round(Fraction(8)), fmt.infinity, count, dtype=np.int64)
    return _signed(rng, fmt, z), rng.choice(targets, count).astype(fmt.uint)


REGIONS: tuple[Callable[[np.random.Generator, Format, int], Points], ...] = (
    uniform,
    everyday,
    subnormal_results,
    near_optimum,
    tiny_targets,
    tiny_logits,
    midpoints,
)


def points(fmt: Format, count: int, seed: int = 2024) -> Points:
    """About ``count`` points, equally many of each region."""
    rng = np.random.default_rng([seed, fmt.width, fmt.precision])
    share = -(-count // len(REGIONS))
    z, t = zip(*(region(rng, fmt, share) for region in REGIONS), strict=True)
    return np.concatenate(z), np.concatenate(t)
