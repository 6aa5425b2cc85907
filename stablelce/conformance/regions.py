"""Where implementations break: regions of (logit, target), each a map from integers to encodings.

A region turns a few bounded integers into one point. The same map serves two callers: a bulk sampler
that draws the integers from a seeded generator, an array at a time, and Hypothesis, which draws and
shrinks them (strategies.py). Integer 0 is always the simplest choice, so that shrinking moves towards it.

Points need no exact mathematics: a target "near the optimum" is near it. What is exact is each input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format, UIntArray

__all__ = ["REGIONS", "Region", "anchors", "sample"]

Draws = list[npt.NDArray[np.uint64]]
Points = tuple[UIntArray, UIntArray]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


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
    expand: Callable[[Format, Draws], Points]
    contains: Callable[[Format, UIntArray, UIntArray], Mask]


def sample(region: Region, fmt: Format, count: int, rng: np.random.Generator) -> Points:
    """``count`` points of a region, from a seeded generator."""
    draws = [rng.integers(0, bound, count, dtype=np.uint64, endpoint=True) for bound in region.bounds(fmt)]
    return region.expand(fmt, draws)


# -- building blocks ------------------------------------------------------------------------------


def _zigzag(draws: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """0, 1, 2, 3, ... to 0, 1, -1, 2, ...: integers in the order of their simplicity."""
    magnitude = ((draws + np.uint64(1)) >> np.uint64(1)).astype(np.int64)
    return np.where(draws & np.uint64(1), magnitude, -magnitude)


def _round(fmt: Format, values: Floats) -> UIntArray:
    """Encodings near binary64 values; one rounding or two, it does not matter for a sample."""
    with np.errstate(all="ignore"):
        return fmt.encodings(np.clip(values, -_largest(fmt), _largest(fmt)).astype(fmt.dtype))


def _largest(fmt: Format) -> float:
    return float(fmt.to_fraction(fmt.max_finite))


def _values(fmt: Format, encodings: UIntArray) -> Floats:
    values: Floats = fmt.array(encodings).astype(np.float64)
    return values


def _constant(fmt: Format, value: float) -> int:
    return int(_round(fmt, np.array([value]))[0])


def _signed(draws: npt.NDArray[np.uint64], magnitude: Floats) -> Floats:
    return np.where(draws & np.uint64(1), -magnitude, magnitude)


def _unit_interval(draws: npt.NDArray[np.uint64]) -> Floats:
    return draws.astype(np.float64) / 2.0**53


_FRACTION = (1 << 53) - 1
_TARGET_KINDS = 8


def _targets(fmt: Format, kind: npt.NDArray[np.uint64], fraction: npt.NDArray[np.uint64]) -> UIntArray:
    """Five targets of eight are 0 or 1 or a half, the others are spread over values or over encodings."""
    one = _constant(fmt, 1.0)
    spread = _round(fmt, _unit_interval(fraction))
    encoded = np.rint(_unit_interval(fraction) * one).astype(fmt.uint)
    choices = [0, one, 0, one, _constant(fmt, 0.5), spread, spread, encoded]
    table = np.stack([np.broadcast_to(np.asarray(c, dtype=fmt.uint), kind.shape) for c in choices])
    result: UIntArray = table[kind.astype(np.intp), np.arange(kind.size)]
    return result


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
    return tuple(sorted({a for a in derived + published + powers if a < _largest(fmt)}))


# -- the regions ----------------------------------------------------------------------------------


def _encodings(fmt: Format, draws: Draws) -> Points:
    return fmt.from_ordinals(_zigzag(draws[0])), _targets(fmt, draws[1], draws[2])


def _moderate(fmt: Format, draws: Draws) -> Points:
    z = _signed(draws[0], 50.0 * _unit_interval(draws[1]))
    return _round(fmt, z), _targets(fmt, draws[2], draws[3])


def _middle(fmt: Format, draws: Draws) -> Points:
    z = _signed(draws[0], 4.0 + 36.0 * _unit_interval(draws[1]))
    hard = np.where(draws[2] & np.uint64(1), _constant(fmt, 1.0), 0).astype(fmt.uint)
    return _round(fmt, z), hard


def _thresholds(fmt: Format, draws: Draws) -> Points:
    table = np.array(anchors(fmt))
    z = _round(fmt, _signed(draws[0], table[draws[1].astype(np.intp)]))
    neighbour = fmt.from_ordinals(fmt.ordinals(z) + _zigzag(draws[2]))
    return neighbour, _targets(fmt, draws[3], draws[4])


def _tails(fmt: Format, draws: Draws) -> Points:
    low, high = _tail_range(fmt)
    z = _signed(draws[0], low + (high - low) * _unit_interval(draws[1]))
    hard = np.where(draws[2] & np.uint64(1), _constant(fmt, 1.0), 0).astype(fmt.uint)
    return _round(fmt, z), hard


def _tail_range(fmt: Format) -> tuple[float, float]:
    return (-fmt.emin - 8) * math.log(2.0), (2 - fmt.quantum) * math.log(2.0)


def _tiny_logits(fmt: Format, draws: Draws) -> Points:
    exponent = fmt.quantum + draws[1].astype(np.int64) % (-fmt.quantum)
    z = _round(fmt, _signed(draws[0], np.ldexp(1.0 + _unit_interval(draws[2]), exponent)))
    half = fmt.ordinals(np.array([_constant(fmt, 0.5)]))
    t = fmt.from_ordinals(np.where(draws[3] < 4, half, half + _zigzag(draws[3]) // 4))
    return z, t


def _near_optimum(fmt: Format, draws: Draws) -> Points:
    z = _round(fmt, _signed(draws[0], _optimum_range(fmt) * _unit_interval(draws[1])))
    with np.errstate(all="ignore"):
        t = _round(fmt, 1.0 / (1.0 + np.exp(-_values(fmt, z))))
    moved = np.clip(fmt.ordinals(t) + _zigzag(draws[2]), 0, _constant(fmt, 1.0))
    return z, fmt.from_ordinals(moved)


def _optimum_range(fmt: Format) -> float:
    """Beyond, sigmoid(z) is within one float of 0 or 1 over most of the range."""
    return min(40.0, -fmt.emin * math.log(2.0))


def _midpoints(fmt: Format, draws: Draws) -> Points:
    """z*(1-t) or -z*t falls on a midpoint of the format, and the rest decides from far below."""
    low = math.ceil(math.log2(fmt.precision * math.log(2.0)))
    exponent = low + draws[1].astype(np.int64) % (fmt.emax - low)
    significand = 1.0 + (2 * draws[2].astype(np.float64) + 1) / 2.0 ** (fmt.precision - 1)
    z = _round(fmt, _signed(draws[0], np.ldexp(significand, exponent)))
    targets = [0.25, 0.75, 0.5, 0.375, 0.625, 0.125, 0.875, 2.0**-fmt.precision, 2.0 ** (-fmt.precision - 1)]
    return z, np.array([_constant(fmt, t) for t in targets], dtype=fmt.uint)[draws[3].astype(np.intp)]


def _tiny_targets(fmt: Format, draws: Draws) -> Points:
    top = _constant(fmt, 2.0 ** (1 - fmt.precision))
    t = 1 + (draws[2] % np.uint64(top)).astype(np.int64)
    z = fmt.from_ordinals(_zigzag(draws[1]))
    moderate = _round(fmt, _signed(draws[3], 50.0 * _unit_interval(draws[1] % np.uint64(1 << 53))))
    return np.where(draws[0] & np.uint64(1), z, moderate).astype(fmt.uint), t.astype(fmt.uint)


def _near_one(fmt: Format, draws: Draws) -> Points:
    one = _constant(fmt, 1.0)
    z = _round(fmt, _signed(draws[0], 50.0 * _unit_interval(draws[1])))
    return z, fmt.from_ordinals(one - 1 - draws[2].astype(np.int64))


def _huge(fmt: Format, draws: Draws) -> Points:
    low = min(10, fmt.emax - 2)
    exponent = low + draws[1].astype(np.int64) % (fmt.emax - low)
    z = _round(fmt, _signed(draws[0], np.ldexp(1.0 + _unit_interval(draws[2]), exponent)))
    return z, _targets(fmt, draws[3], draws[4])


def _any_finite(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    finite: Mask = np.isfinite(_values(fmt, z)) & (_values(fmt, t) >= 0) & (_values(fmt, t) <= 1)
    return finite


def _magnitude(low: float, high: float) -> Callable[[Format, UIntArray, UIntArray], Mask]:
    def contains(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
        size = np.abs(_values(fmt, z))
        inside: Mask = (size >= low) & (size <= high)
        return inside

    return contains


def _in_thresholds(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    at = fmt.ordinals(_round(fmt, np.array(anchors(fmt))))
    distance = np.abs(np.abs(fmt.ordinals(z))[:, None] - at[None, :]).min(axis=1)
    close: Mask = distance <= 32
    return close


def _in_tails(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    """Where exp(-|z|) runs from 256 times the smallest normal value to below half of the smallest one."""
    log2_exp = -np.abs(_values(fmt, z)) / math.log(2.0)
    inside: Mask = (log2_exp < fmt.emin + 8.5) & (log2_exp > fmt.quantum - 2.5 - 0.01 * (-fmt.quantum))
    return inside


def _in_tiny_logits(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    inside: Mask = (np.abs(_values(fmt, z)) <= 2.0) & (np.abs(_values(fmt, t) - 0.5) < 0.1)
    return inside


def _in_near_optimum(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    with np.errstate(all="ignore"):
        y = _round(fmt, 1.0 / (1.0 + np.exp(-_values(fmt, z))))
    close: Mask = np.abs(fmt.ordinals(y) - fmt.ordinals(t)) <= 5
    return close


def _in_midpoints(fmt: Format, z: UIntArray, t: UIntArray) -> Mask:
    """The significand of z is odd and t is a soft target with few bits: z*t has a bit too many."""
    odd = (z.astype(np.uint64) & np.uint64(1)).astype(bool)
    inside: Mask = odd & (_values(fmt, t) > 0) & (_values(fmt, t) < 1)
    return inside


def _in_tiny_targets(fmt: Format, _z: UIntArray, t: UIntArray) -> Mask:
    inside: Mask = (_values(fmt, t) > 0) & (_values(fmt, t) <= 2.0 ** (1 - fmt.precision))
    return inside


def _in_near_one(fmt: Format, _z: UIntArray, t: UIntArray) -> Mask:
    inside: Mask = (_values(fmt, t) < 1) & (_values(fmt, t) > 0.75)
    return inside


def _in_huge(fmt: Format, z: UIntArray, _t: UIntArray) -> Mask:
    inside: Mask = np.abs(_values(fmt, z)) >= 2.0 ** min(10, fmt.emax - 2)
    return inside


def _fixed(*bounds: int) -> Callable[[Format], tuple[int, ...]]:
    return lambda _: bounds


_KIND = _TARGET_KINDS - 1

REGIONS: tuple[Region, ...] = (
    Region(
        "encodings",
        "finite logits uniform over encodings: every binade alike, subnormals to the largest",
        lambda fmt: (2 * fmt.max_finite, _KIND, _FRACTION),
        _encodings,
        _any_finite,
    ),
    Region(
        "moderate",
        "logits of everyday models, |z| <= 50",
        _fixed(1, _FRACTION, _KIND, _FRACTION),
        _moderate,
        _magnitude(0.0, 50.0),
    ),
    Region(
        "middle",
        "4 <= |z| <= 40 with hard targets: cancellation costs digits long before it costs all",
        _fixed(1, _FRACTION, 1),
        _middle,
        _magnitude(4.0, 40.0),
    ),
    Region(
        "thresholds",
        "within 32 floats of a logit where code branches or a term is absorbed",
        lambda fmt: (1, len(anchors(fmt)) - 1, 64, _KIND, _FRACTION),
        _thresholds,
        _in_thresholds,
    ),
    Region(
        "tails",
        "exp(-|z|) from just above the normal range to below the smallest subnormal",
        _fixed(1, _FRACTION, 1),
        _tails,
        _in_tails,
    ),
    Region(
        "tiny logits",
        "|z| <= 2 over all binades down to the subnormals, t at one half or some floats beside it",
        lambda fmt: (1, -fmt.quantum - 1, _FRACTION, 15),
        _tiny_logits,
        _in_tiny_logits,
    ),
    Region(
        "near optimum",
        "t within four floats of sigmoid(z): the gradient cancels",
        _fixed(1, _FRACTION, 8),
        _near_optimum,
        _in_near_optimum,
    ),
    Region(
        "midpoints",
        "the exact part of the loss is a midpoint and the remainder decides",
        lambda fmt: (1, fmt.emax, (1 << (fmt.precision - 2)) - 1, 8),
        _midpoints,
        _in_midpoints,
    ),
    Region(
        "tiny targets",
        "0 < t <= 2^(1-p), where 1-t rounds to 1",
        lambda fmt: (1, 2 * fmt.max_finite, _FRACTION, 1),
        _tiny_targets,
        _in_tiny_targets,
    ),
    Region(
        "near one",
        "targets a few floats below 1",
        lambda fmt: (1, _FRACTION, min(31, fmt.precision)),
        _near_one,
        _in_near_one,
    ),
    Region(
        "huge logits",
        "|z| from 2^10 to the largest finite value: products and squares overflow",
        lambda fmt: (1, fmt.emax, _FRACTION, _KIND, _FRACTION),
        _huge,
        _in_huge,
    ),
)
"""All regions, in the order of reports."""
