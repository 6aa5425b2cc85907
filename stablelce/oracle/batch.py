"""Expected results for whole arrays: the encoding, and where the exact value lies beside it.

The oracle works point by point; a suite judges arrays, and several subjects on the same points. So the
answer for a point is kept as three numbers from which the error of *any* result follows by array
arithmetic: the correctly rounded encoding, the unit of error, and the offset (rounded - exact) in units.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format, UIntArray
from stablelce.oracle.decomposition import decompose
from stablelce.oracle.dyadic import ONE, Dyadic
from stablelce.oracle.enclosure import Backend, Enclosure, refinements
from stablelce.oracle.exact import backend

__all__ = ["Expected", "expected", "gradient_unit_exponent"]

_CACHE_SIZE = 512
_cache: OrderedDict[tuple[object, ...], Expected] = OrderedDict()


@dataclass(frozen=True)
class Expected:
    """Correctly rounded results with the position of the exact values.

    Attributes
    ----------
    format : Format
        Format of the results.
    encodings : array of unsigned integers
        The round-to-nearest-even results.
    offsets : array of float64
        (rounded - exact) / unit, correct to about 2^-50.
    sides : array of int8
        Sign of (rounded - exact), exact: an offset may be too small for a float.
    units : array of int64
        The unit of error is 2**units.
    """

    format: Format
    encodings: UIntArray
    offsets: npt.NDArray[np.float64]
    sides: npt.NDArray[np.int8]
    units: npt.NDArray[np.int64]

    def errors(self, got: UIntArray) -> npt.NDArray[np.float64]:
        """Errors in units; inf where a result is infinite or NaN and the rounded one is not that.

        Finite errors are held below the largest float, so that inf keeps its meaning.
        """
        with np.errstate(all="ignore"):
            values = self.format.array(got).astype(np.float64)
            rounded = self.format.array(self.encodings).astype(np.float64)
            difference = _scaled(values, rounded, -self.units)
            errors = np.minimum(np.abs(difference + self.offsets), sys.float_info.max)
            errors[~np.isfinite(values)] = np.inf
            errors[(got == self.encodings) & np.isinf(rounded)] = 0.0
        return errors

    def is_faithful(self, got: UIntArray) -> npt.NDArray[np.bool_]:
        """Where the result is one of the two floats around the exact value, or the value itself."""
        values = self.format.array(got)
        distance = self.format.ordinals(got) - self.format.ordinals(self.encodings)
        other_side = (distance != 0) & (distance == -self.sides)
        faithful: npt.NDArray[np.bool_] = ((distance == 0) | other_side) & ~np.isnan(values)
        return faithful

    def take(self, index: Any) -> Expected:
        """The selected points."""
        return Expected(
            self.format, self.encodings[index], self.offsets[index], self.sides[index], self.units[index]
        )


def _scaled(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], exponent: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """(a - b) * 2**exponent with one rounding, at any magnitude."""
    large = np.maximum(np.abs(a), np.abs(b)) > 1e300
    shrink = np.where(large, 0.5, 1.0)
    difference = a * shrink - b * shrink
    exponent = exponent + large
    half = exponent // 2  # ldexp alone would overflow in its factor, not in its result
    scaled: npt.NDArray[np.float64] = np.ldexp(np.ldexp(difference, half), exponent - half)
    return np.nan_to_num(scaled, nan=np.inf, posinf=sys.float_info.max, neginf=-sys.float_info.max)


def expected(
    quantity: str, z: UIntArray, t: UIntArray | None, fmt: Format, using: str | None = None
) -> Expected:
    """Expected results at arrays of encodings of finite logits and targets.

    Parameters
    ----------
    quantity : str
        As in :func:`exact`.
    z, t : arrays of unsigned integers
        Encodings in ``fmt``, of the same shape, one-dimensional; t is None for functions of z alone.
    fmt : Format
        Format of inputs and results.
    using : {"arb", "mpmath"}, optional
        As in :func:`exact`.
    """
    target = b"" if t is None else t.tobytes()
    key = (quantity, fmt.name, using, hashlib.sha256(z.tobytes() + b"|" + target).digest())
    if key not in _cache:
        _cache[key] = _compute(quantity, z, t, fmt, backend(using))
        while len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    _cache.move_to_end(key)
    return _cache[key]


def _compute(quantity: str, z: UIntArray, t: UIntArray | None, fmt: Format, bounds: Backend) -> Expected:
    rows = [_point(quantity, int(z[i]), 0 if t is None else int(t[i]), fmt, bounds) for i in range(len(z))]
    encodings, offsets, sides, units = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Expected(
        fmt,
        np.array(encodings, dtype=fmt.uint),
        np.array(offsets, dtype=np.float64),
        np.array(sides, dtype=np.int8),
        np.array(units, dtype=np.int64),
    )


def _point(quantity: str, z: int, t: int, fmt: Format, bounds: Backend) -> tuple[int, float, int, int]:
    logit, target = Dyadic(*fmt.decode(z)), Dyadic(*fmt.decode(t))
    parts = decompose(quantity, logit, target, ONE, ONE)
    gradient = quantity == "gradient"
    for enclosure in refinements(parts, bounds):
        encoding = enclosure.rounded(fmt)
        if encoding is None:
            continue
        unit = (
            gradient_unit_exponent(logit, target, fmt, bounds) if gradient else _ulp_exponent(enclosure, fmt)
        )
        if unit is None:
            continue
        rounded = Dyadic(*fmt.decode(encoding)) if fmt.is_finite(encoding) else Dyadic(1, fmt.emax + 1)
        above, below = rounded - enclosure.lower, rounded - enclosure.upper
        width = above - below
        settled = above.m <= 0 or below.m >= 0
        if settled and (not width or width.floor_log2() < unit - 50):
            side = 0 if not width and not above else 1 if below.m >= 0 else -1
            return encoding, _to_float(above + below, unit + 1), side, unit
    raise AssertionError("refinements never end")


def _ulp_exponent(enclosure: Enclosure, fmt: Format) -> int | None:
    smallest_normal = Dyadic(1, fmt.emin)
    if abs(enclosure.lower) <= smallest_normal and abs(enclosure.upper) <= smallest_normal:
        return fmt.quantum
    exponent = enclosure.floor_log2()
    return None if exponent is None else max(exponent, fmt.emin) - fmt.precision + 1


def gradient_unit_exponent(z: Dyadic, t: Dyadic, fmt: Format, bounds: Backend) -> int:
    """The exponent of ulp(min(max(y,t), max(1-y,1-t))), y = sigmoid(z): the unit of a gradient's error.

    For hard targets this is ulp(exact). Near y = t the difference y - t of two numbers known to half an
    ulp cannot be better than the ulp of the smaller pair, which is what the formula allows. The exponent
    of an ulp grows with the number, so minimum and maximum may be taken over exponents.
    """
    floor = fmt.emin

    def exponent(value: Dyadic) -> int:
        return max(value.floor_log2(), floor) if value else floor

    larger_y = -1  # the larger one of y and 1-y lies in [1/2, 1)
    smaller_y = max(_sigmoid_floor_log2(abs(z), bounds), floor)
    y, complement = (larger_y, smaller_y) if z.m >= 0 else (smaller_y, larger_y)
    positive, negative = max(y, exponent(t)), max(complement, exponent(ONE - t))
    return min(positive, negative) - fmt.precision + 1


def _sigmoid_floor_log2(a: Dyadic, bounds: Backend) -> int:
    """floor(log2 sigmoid(-a)) for a >= 0; binary64 arithmetic where it leaves no doubt."""
    if not a:
        return -1
    if Dyadic(20000) <= a:
        return -28000  # below emin of every format
    size = float(a.fraction())
    estimate = -(size + math.log1p(math.exp(-size))) / math.log(2)
    if abs(estimate - round(estimate)) > 1e-9 * (1 + size):
        return math.floor(estimate)
    precision = 128
    while True:
        low, high = bounds("sigmoid_neg", a, precision)
        exponent = Enclosure(low, high).floor_log2()
        if exponent is not None:
            return exponent
        precision *= 2


def _to_float(value: Dyadic, unit: int) -> float:
    """value / 2**unit as a float, keeping 64 leading bits."""
    drop = max(0, abs(value.m).bit_length() - 64)
    m = value.m >> drop
    exponent = value.e + drop - unit
    return math.ldexp(m, exponent) if exponent > -1100 else math.copysign(0.0, m)
