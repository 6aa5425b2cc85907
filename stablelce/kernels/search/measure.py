"""How far the exact result of an input is from a midpoint of the format, by the words of ``longer``.

``longer`` knows softplus(-a) to a relative 2^-108 and sigmoid(-a) to 2^-140. Its functions run as they are,
but for the last step: instead of rounding the sum of words, it is kept here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format
from stablelce.kernels import longer
from stablelce.kernels.finals import distance
from stablelce.kernels.rebinding import rebind
from stablelce.kernels.rounding import Doubles, Mask
from stablelce.kernels.search.near import leading_power

__all__ = ["FURTHEST", "Measured", "measure"]

FURTHEST = 120
"""Bits from which on a distance is not told apart from a smaller one."""


class Measured(NamedTuple):
    """Where results lie.

    Attributes
    ----------
    bits : ndarray of int8
        The distance from the nearest midpoint is below 2^-bits ulps, the error of the kernel included. An
        ulp is the distance of the two floats around the value.
    offset : ndarray
        What would have to be added to the value to make it a midpoint.
    known : ndarray of bool
        Where the kernel serves the input, and the distance is known to within 1/1000 of an ulp.
    """

    bits: npt.NDArray[np.int8]
    offset: Doubles
    known: Mask


class _Words(NamedTuple):
    """The value is s + x, within the slack, in units of which the least subnormal number is the spacing."""

    s: Doubles
    x: Doubles
    slack: Doubles
    spacing: Doubles


def measure(quantity: str, sign: float, a: Doubles, t: Doubles, fmt: Format) -> Measured:
    """Distances of results from midpoints.

    Parameters
    ----------
    quantity : {"loss", "gradient", "hessian"}
        What is computed; a gradient without the sign that it has for z < 0.
    sign : {1.0, -1.0}
        The sign of the logits.
    a, t : ndarray
        Their magnitudes, and the targets.
    fmt : Format
        Binary32 or binary64.
    """
    w, w_low = distance(np.full_like(a, sign), t)
    with np.errstate(all="ignore"):
        (s, x, slack, spacing), known = _words(quantity, a, w, w_low)
        spacing = spacing * 2.0 ** (fmt.quantum + 1074)
        scale = 2.0**fmt.quantum / spacing
        power = leading_power(s)
        step = np.maximum(power * 2.0 ** (1 - fmt.precision), spacing)
        q = np.rint(s / step) * step
        rest = (s - q) + x
        inward = (np.abs(q) == power) & ((q > 0) != (rest > 0)) & (step > spacing)
        half = np.where(inward, 0.25, 0.5) * step
        # Exact next to a midpoint; only the rest was rounded, once.
        offset = np.where(rest < 0, -1.0, 1.0) * (half - np.abs(rest))
        bound = (np.abs(offset) + (slack + 2.0**-53 * np.abs(rest))) / (2.0 * half)
        bits = np.floor(-np.log2(np.maximum(bound, 2.0**-FURTHEST)) - 1e-9)
        known = known & (slack < 0.001 * step) & (power > 0) & (scale > 0)
        bits = np.where(known, bits, -1).astype(np.int8)
        return Measured(bits, np.where(known, offset * scale, 0.0), known)


_caught: list[_Words] = []


def _keep(s: Any, x: Any, slack: Any, spacing: Any) -> tuple[Any, Any]:
    _caught.append(_Words(s, x, slack, spacing + np.zeros_like(s)))
    return s, np.ones(s.shape, bool)


def _spacing(up: Any, more_up: Any) -> Any:
    """2^(k-1074), also where roundings need no more than a bound: it says what k is."""
    return (2.0**-1074 * up) * more_up


_functions = rebind(longer, {"rounded": _keep, "spacing": _spacing})


def _words(quantity: str, a: Doubles, w: Doubles, w_low: Doubles) -> tuple[_Words, Mask]:
    """The words, and where the kernel serves."""
    if quantity == "hessian":
        _, served = _functions["hessian"](a)
    else:
        _, served = _functions[quantity](a, w, w_low)
    return _caught.pop(), served
