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
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64, Format, UIntArray
from stablelce.oracle.decomposition import decompose
from stablelce.oracle.dyadic import ONE, ZERO, Dyadic
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
        The round-to-nearest-even results, finite.
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
        """Errors in units; inf where a result is infinite or NaN, since no plain quantity rounds to that.

        Finite errors are held at the largest float, so that inf keeps its meaning.
        """
        with np.errstate(all="ignore"):
            values = self.format.array(got).astype(np.float64)
            rounded = self.format.array(self.encodings).astype(np.float64)
            errors = np.abs(_scaled(values, rounded, -self.units) + self.offsets)
            return np.where(np.isfinite(values), np.minimum(errors, sys.float_info.max), np.inf)

    def is_faithful(self, got: UIntArray) -> npt.NDArray[np.bool_]:
        """Where the result is one of the two finite floats around the exact value, or the value itself."""
        distance = self.format.ordinals(got) - self.format.ordinals(self.encodings)
        other_side = (distance != 0) & (distance == -self.sides)
        finite = (got & self.format.uint.type(self.format.sign_bit - 1)) < self.format.infinity
        faithful: npt.NDArray[np.bool_] = ((distance == 0) | other_side) & finite
        return faithful

    def take(self, index: Any) -> Expected:
        """The selected points."""
        return Expected(
            self.format, self.encodings[index], self.offsets[index], self.sides[index], self.units[index]
        )


def _scaled(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], exponent: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """(a - b) * 2**exponent for finite b, to 2^-53 of itself; beyond the largest float it is inf."""
    # Halved where a - b could overflow though the scaled difference does not.
    large = np.maximum(np.abs(a), np.abs(b)) > 1e300
    shrink = np.where(large, 0.5, 1.0)
    scaled: npt.NDArray[np.float64] = np.ldexp(a * shrink - b * shrink, (exponent + large).astype(np.intc))
    return scaled


def expected(
    quantity: str, z: UIntArray, t: UIntArray | None, fmt: Format, using: str | None = None
) -> Expected:
    """Expected results at arrays of encodings of finite logits and targets.

    Results are remembered, so the arrays that come back are read-only.

    Parameters
    ----------
    quantity : str
        As in :func:`exact`.
    z, t : arrays of unsigned integers
        Encodings in ``fmt``, of the same shape, one-dimensional; t is None where it does not matter.
    fmt : Format
        Format of inputs and results.
    using : {"arb", "mpmath"}, optional
        As in :func:`exact`.

    Raises
    ------
    ValueError
        An encoding that is not finite, a missing target, targets of another shape, or an unknown
        quantity.
    """
    if t is None and quantity in ("loss", "gradient"):
        raise ValueError(f"{quantity} needs targets: pass their encodings.")
    if t is not None and t.shape != z.shape:
        raise ValueError(f"logits of shape {z.shape} and targets of shape {t.shape} must be alike.")
    target = b"" if t is None else t.tobytes()
    key = (quantity, fmt.name, using, hashlib.sha256(z.tobytes() + b"|" + target).digest())
    if key not in _cache:
        _cache[key] = _compute(quantity, z, t, fmt, backend(using))
        while len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    _cache.move_to_end(key)
    return _cache[key]


def _compute(quantity: str, z: UIntArray, t: UIntArray | None, fmt: Format, bounds: Backend) -> Expected:
    logits = [Dyadic(*fmt.decode(encoding)) for encoding in z.tolist()]
    targets = repeat(ZERO) if t is None else [Dyadic(*fmt.decode(encoding)) for encoding in t.tolist()]
    rows = [_point(quantity, *pair, fmt, bounds) for pair in zip(logits, targets, strict=t is not None)]
    encodings, offsets, sides, units = zip(*rows, strict=True) if rows else ((), (), (), ())
    arrays = (
        np.array(encodings, dtype=fmt.uint),
        np.array(offsets, dtype=np.float64),
        np.array(sides, dtype=np.int8),
        np.array(units, dtype=np.int64),
    )
    for array in arrays:
        array.flags.writeable = False
    return Expected(fmt, *arrays)


def _point(quantity: str, z: Dyadic, t: Dyadic, fmt: Format, bounds: Backend) -> tuple[int, float, int, int]:
    gradient_unit = gradient_unit_exponent(z, t, fmt, bounds) if quantity == "gradient" else None

    def question(enclosure: Enclosure) -> tuple[int, float, int, int] | None:
        encoding = enclosure.rounded(fmt)
        unit = enclosure.ulp_exponent(fmt) if gradient_unit is None else gradient_unit
        if encoding is None or unit is None:
            return None
        # Finite: |value| <= |z| + log 2, and log 2 is below half an ulp of the largest finite value.
        offset = enclosure.subtracted_from(Dyadic(*fmt.decode(encoding)))
        side = offset.sign()
        if side is None or not offset.is_narrower(unit - 50):
            return None
        return encoding, _to_float(offset.low + offset.high, offset.exponent - 1 - unit), side, unit

    answers = map(question, refinements(decompose(quantity, z, t, ONE, ONE), bounds))
    return next(answer for answer in answers if answer is not None)


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
    """floor(log2 sigmoid(-a)) for a >= 0, exact down to emin of binary64 and at most that below."""
    if not a:
        return -1
    exponent = a.floor_log2()
    if exponent < 0:
        return -2  # 1/2 > sigmoid(-a) > sigmoid(-1) > 1/4
    if exponent >= 11:
        return -2000  # sigmoid(-2048) < 2^-2954, below emin of every format
    size = _to_float(a.m, a.e)
    # log2 sigmoid(-a) = -(a + log1p(exp(-a))) / log(2); seven roundings leave far less than 1e-9 of it.
    estimate = -(size + math.log1p(math.exp(-size))) / math.log(2)
    if abs(estimate - round(estimate)) > 1e-9 * -estimate:
        return math.floor(estimate)
    parts = decompose("sigmoid", -a, ZERO, ONE, ONE)
    unit = next(k for e in refinements(parts, bounds) if (k := e.ulp_exponent(BINARY64)) is not None)
    return unit + BINARY64.precision - 1


def _to_float(m: int, e: int) -> float:
    """``m * 2**e`` as a float, from its 64 leading bits."""
    drop = max(0, m.bit_length() - 64)
    return math.ldexp(m >> drop, e + drop)
