"""The vocabulary of the kernels on enclosures, with the preconditions of its theorems.

* T. J. Dekker, *A floating-point technique for extending the available precision*, Numer. Math. 18 (1971).
* D. E. Knuth, *The Art of Computer Programming* 2, section 4.2.2 (theorems A to C).
* S. Boldo, *Pitfalls of a full floating-point proof: example on the formal proof of the Veltkamp/Dekker
  algorithms*, IJCAR 2006: two_prod with underflow; theorem Dekker in Pff2Flocq.v of Flocq.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.kernels.proof.balls import Ball, Polynomial, power_of_two
from stablelce.kernels.proof.enclosure import Enclosure, ProofError
from stablelce.kernels.proof.floats import HALF_TINY, Float, constant, named

__all__ = ["OPERATIONS", "Argument"]

SPLITTABLE = power_of_two(995)
"""Below, Veltkamp's splitting does not overflow."""

SUBNORMAL_SUMS = power_of_two(-1023)
"""Of two floats up to here the sum is exact: a multiple of 2^-1074 up to 2^-1022."""

PRODUCT_UNDERFLOW = power_of_two(-1072)
"""|a*b - p - e| <= 7/2 * 2^-1074 for Dekker's product, and 0 for |a*b| >= 2^-969 (Boldo, Flocq).

The theorem adds a_high*b_low and a_low*b_high one after the other. two_square adds their sum instead, and
what underflows is four halves of 2^-1074 at most: where one of the products is inexact, a^2 < 2^-995, and
the sums are of multiples of 2^-1074 below 2^-1021, hence exact. With a fused multiply-subtract the error
is half of 2^-1074.
"""


@dataclass(frozen=True)
class Argument:
    """The argument of a kernel over a cell: a = index/32 + rest."""

    index: int

    @property
    def rest(self) -> Float:
        """What is left, rho/64, |rho| <= 1: an exact float."""
        return Float(Polynomial([0, power_of_two(-6)]))


def reduced(a: Argument) -> tuple[int, Float]:
    """The kernel's reduction, proved by hand instead of run.

    For 0 <= a <= 690, 32a is exact and below 2^51, so that adding 3 * 2^51 gives a number of [2^52, 2^53],
    where the floats are the integers, and subtracting it is exact: steps is 32a rounded to an integer, and
    |a - steps/32| <= 1/64, where steps/32 is exact. For steps >= 1, a and steps/32 are within a factor of
    two of each other, and the difference is exact (Sterbenz); for steps = 0 it is a.

    The cells of 0 and 690 are proved with rho of both signs, which is more than is needed.
    """
    return a.index, a.rest


def take(column: npt.NDArray[np.float64], index: int) -> Float:
    """The number in the table, as it is, not as it should be."""
    return constant(float(column[index]))


def select(condition: bool, a: Float | float, b: Float | float) -> Float:
    """One of the two, where a comparison has proved which."""
    return constant(a if condition else b)


def mul_add(a: Float | float, b: Float | float, c: Float | float) -> Float:
    """Two roundings. They cover one: it errs as the sum does, and where it underflows as the product does."""
    return constant(a) * b + c


def two_sum(a: Float | float, b: Float | float) -> tuple[Float, Float]:
    """Exact whatever the operands (Knuth)."""
    return named(constant(a).plus(constant(b)))


def fast_two_sum(a: Float | float, b: Float | float) -> tuple[Float, Float]:
    """Exact for |a| >= |b|, and where a + b is a float: then b - (s - a) is zero, too."""
    a, b = constant(a), constant(b)
    if not _at_least(a, b):
        raise ProofError(f"fast_two_sum: {_bounds('a', a)} and {_bounds('b', b)} leave |a| < |b| possible")
    return two_sum(a, b)


def two_prod(a: Float | float, b: Float | float) -> tuple[Float, Float]:
    """Exact but for underflow."""
    a, b = constant(a), constant(b)
    for operand in (a, b):
        if not operand.magnitude.upper + operand.underflow < SPLITTABLE:
            raise ProofError("two_prod: an operand may be too large to be split")
    high, low = named(a.times(b), underflow=HALF_TINY)
    return high, Float(low.main, low.symbols, low.underflow + PRODUCT_UNDERFLOW)


def two_square(a: Float | float) -> tuple[Float, Float]:
    """Exact but for underflow."""
    return two_prod(a, a)


def _at_least(a: Enclosure, b: Enclosure) -> bool:
    """Whether |a| >= |b|, or a + b is exact, for all rho.

    With m the order of a, not above that of b, |a| - |b| >= gap * |rho|^m - underflow. That is negative only
    where |rho|^m < underflow/gap; there both are bounded in turn.
    """
    gap = (a.magnitude.lower - b.magnitude.upper).lower()
    if b.magnitude.upper == 0 and b.underflow == 0:
        return True
    if b.magnitude.order < a.magnitude.order or not gap > 0:
        return False
    near: Ball = ((a.underflow + b.underflow) / gap).abs_upper()
    if near == 0 or (a.magnitude.order == 0 and near < 1):
        return True
    largest = a.magnitude.upper * near + a.underflow  # b's is smaller up to its underflow
    return bool(largest + b.underflow <= SUBNORMAL_SUMS)


def _bounds(name: str, v: Enclosure) -> str:
    lower, upper = (float(x) for x in (v.magnitude.lower, v.magnitude.upper))
    return f"{lower:.3g} |rho|^{v.magnitude.order} <= |{name}| <= {upper:.3g} |rho|^{v.magnitude.order}"


def _without_proof(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise ProofError(f"{name}: this operation has no counterpart on enclosures")

    return refuse


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "absolute": _without_proof("absolute"),
    "fast_two_sum": fast_two_sum,
    "mul_add": mul_add,
    "reduced": reduced,
    "select": select,
    "take": take,
    "to_index": _without_proof("to_index"),
    "two_prod": two_prod,
    "two_square": two_square,
    "two_sum": two_sum,
}
"""What stands for the primitives, and for ``pairs.reduced``."""
