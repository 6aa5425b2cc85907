"""The shape of a check: what it says about points, and what it says as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.conformance.evaluation import Run
from stablelce.formats import Format, UIntArray
from stablelce.ulp import ulp

__all__ = ["ArrayCheck", "Finding", "Judgement", "PointCheck", "Related", "allowance", "gradient_allowance"]


class Related(NamedTuple):
    """Results of a quantity at an array of points, all as encodings."""

    quantity: str
    z: UIntArray
    t: UIntArray
    got: UIntArray


@dataclass(frozen=True)
class Judgement:
    """What a check says about an array of points.

    ``failed`` and ``judged`` are masks (a point where the check has nothing to say is not judged;
    one where its bound exceeds the signal is ``inconclusive`` and not judged either). ``got`` and
    ``want`` are encodings to show, where the check has them; ``errors`` are in units. ``related`` are the
    other results that a relation compares with ``got``.
    """

    failed: npt.NDArray[np.bool_]
    judged: npt.NDArray[np.bool_]
    got: UIntArray | None = None
    want: UIntArray | None = None
    errors: npt.NDArray[np.float64] | None = None
    inconclusive: int = 0
    related: tuple[Related, ...] = ()


@dataclass(frozen=True)
class PointCheck:
    """A check that judges every point (z, t) for itself, so that a failure can be shrunk."""

    name: str
    quantities: tuple[str, ...]
    judge: Callable[[Run, str, UIntArray, UIntArray], Judgement]
    regions: tuple[str, ...] = ()
    """Names of the regions to draw from; none means all."""


@dataclass(frozen=True)
class Finding:
    """The outcome of a check that judges calls, not points; ``point`` is (z, t) encodings to show."""

    status: Literal["passed", "failed", "not applicable"]
    points: int = 0
    mode: str = ""
    message: str = ""
    point: tuple[int, int] | None = None
    got: int | None = None
    want: int | None = None


@dataclass(frozen=True)
class ArrayCheck:
    """A check of how a subject treats arrays, dtypes, special values or its surroundings."""

    name: str
    quantities: tuple[str, ...]
    judge: Callable[[Run, str], Finding]


def allowance(fmt: Format, got: Fraction, bound: float) -> Fraction:
    """How far a result that keeps within ``bound`` ulps of its exact value can lie from it.

    The unit is the ulp of the *exact* value v, unknown here, and |v| <= |got| + bound * ulp(v). If
    ulp(v) > u = ulp(got), then v lies in a higher binade; since bound <= 64 < 2^(p-1) (16 and 4 in the
    short formats) it lies in the next one at most, where ulp(v) = 2u and so |v| <= |got| + 2 * bound * u.
    Hence ulp(v) <= ulp(|got| + 2 * bound * u).
    """
    reach = abs(got) + 2 * Fraction(bound) * ulp(got, fmt)
    return Fraction(bound) * ulp(reach, fmt)


def gradient_allowance(fmt: Format, z: Fraction, t: Fraction, bound: float) -> Fraction:
    """The same for a gradient, whose unit is ulp(min(max(y,t), max(1-y,1-t))), y = sigmoid(z).

    The larger one of y and 1-y lies in [1/2, 1), where all ulps are the same. The smaller one is taken from
    above with 2^-40 to spare (binary64 arithmetic is good to 2^-50), which can only enlarge the unit;
    below the range of binary64 the smallest unit is right in every format.
    """
    size = min(float(abs(z)), 745.0)
    small = Fraction(float(np.exp(-size) / (1 + np.exp(-size)))) * (1 + Fraction(1, 2**40))
    large = 1 - Fraction(1, 2**60)
    y, complement = (large, small) if z >= 0 else (small, large)
    return Fraction(bound) * ulp(min(max(y, t), max(complement, 1 - t)), fmt)
