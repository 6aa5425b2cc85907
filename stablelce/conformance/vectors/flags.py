"""Which failure a vector catches: predicates on its input, one for each way in which textbook code breaks.

With a = |z|, p bits of significand, and y = sigmoid(z). A term is the small one, exp(-a) or what comes of it.
The thresholds are where the arithmetic of the format changes what it does; a vector beside one may carry a
flag without need, which harms nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from stablelce.conformance.vectors.model import Flag
from stablelce.formats import Format

__all__ = ["FLAGS", "Point", "flags_of"]

_LOG2 = math.log(2)


@dataclass(frozen=True)
class Point:
    """What the predicates look at.

    Attributes
    ----------
    quantity, fmt : str, Format
        Of what, in which format.
    z, t : float
        The input.
    expected : int
        Encoding of the correctly rounded result.
    digits : int, optional
        The exact value beyond the float towards zero, in 1/4096 of a step; None at limits and NaN.
    """

    quantity: str
    fmt: Format
    z: float
    t: float
    expected: int
    digits: int | None

    @property
    def size(self) -> float:
        return abs(self.z)

    @property
    def is_small(self) -> bool:
        """The result is below 1/16 in magnitude: what is computed beside 1 has lost digits of it."""
        magnitude = self.fmt.magnitude(self.expected)
        return self.fmt.is_finite(magnitude) and self.fmt.to_fraction(magnitude) < 0.0625


Test = Callable[[Point], bool]


def _cancellation(x: Point) -> bool:
    """1 - y of y next to 1, or y - t of equals."""
    if x.quantity == "gradient":
        return x.is_small and x.z > -4
    above = x.t < 1 if x.quantity == "loss" else x.quantity == "hessian"
    return above and 4 <= x.z < math.inf


def _absorption(x: Point) -> bool:
    """1 + exp(-a) loses exp(-a), in whole or in part."""
    return x.quantity in ("loss", "log_sigmoid", "softplus") and x.is_small and 4 <= x.size < math.inf


def _saturation(x: Point) -> bool:
    """y is 1, so that 1-y is 0 and log(1-y) infinite; or y is 0 and log(y) infinite."""
    ones, zeros = x.fmt.precision * _LOG2, -x.fmt.quantum * _LOG2
    if x.quantity == "loss":
        return (ones <= x.z < math.inf and x.t < 1) or (-math.inf < x.z <= -zeros and x.t > 0)
    return x.quantity == "log_sigmoid" and -math.inf < x.z <= -zeros


def _overflow(x: Point) -> bool:
    return (x.fmt.emax + 1) * _LOG2 <= x.size + 1 < math.inf


def _underflow(x: Point) -> bool:
    return -x.fmt.emin * _LOG2 <= x.size + 1 < math.inf


_LISTED: tuple[tuple[str, str, str, Test], ...] = (
    ("cancellation", "cancellation", "1-y or y-t subtracts numbers that are nearly equal", _cancellation),
    ("absorption", "absorption", "1 + exp(-|z|) rounds the small term away", _absorption),
    ("saturation", "saturation", "the sigmoid rounds to 0 or 1, and its logarithm is infinite", _saturation),
    ("overflow", "spurious overflow", "exp(|z|), or a product of large numbers, overflows", _overflow),
    ("underflow", "premature underflow", "exp(-|z|) is subnormal or 0", _underflow),
    (
        "subnormal",
        "flushed subnormal",
        "the result is subnormal: FTZ gives 0",
        lambda x: x.fmt.is_subnormal(x.expected),
    ),
    (
        "midpoint",
        "double rounding",
        "the exact value lies within 1/256 step of the middle between two floats",
        lambda x: x.digits is not None and abs(x.digits - 2048) <= 16,
    ),
    (
        "tiny-target",
        "absorption",
        "1-t rounds to 1 though t is not 0",
        lambda x: x.quantity in ("loss", "gradient") and 0 < x.t <= 2.0 ** (-x.fmt.precision - 1),
    ),
    (
        "infinite-logit",
        "wrong limit",
        "infinity times 0, or infinity minus infinity",
        lambda x: math.isinf(x.z),
    ),
    ("nan", "NaN swallowed", "a NaN in the input does not come out", lambda x: math.isnan(x.z + x.t)),
)

FLAGS = {name: Flag(failure=failure, meaning=meaning) for name, failure, meaning, _ in _LISTED}
"""What each flag stands for."""


def flags_of(point: Point) -> tuple[str, ...]:
    """The flags of a vector, in the order of `FLAGS`."""
    if math.isnan(point.z + point.t):
        return ("nan",)
    return tuple(name for name, _, _, test in _LISTED if test(point))
