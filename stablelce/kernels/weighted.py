"""Weighted quantities as pairs.

With p the positive weight, v the weight of the element, a = |z|, d = softplus(-a), y = sigmoid(-a) and ::

    c = p*t + (1-t)
    b = 1-t for z >= 0, p*t below

    loss     = v * (c*d + b*a)
    gradient = v * (b - c*y) for z >= 0, -v * (b - c*y) below
    hessian  = v * c*y*(1-y)

No term of c and of the loss is negative. Products and sums of pairs err by less than 2^-100 relative to
their leading word while nothing underflows, which is why operands out of [2^-300, 2^300], and results and
c*d out of [2^-900, 2^900], are left to the last stage.

K. Briggs and others, see M. Joldes, J.-M. Muller, V. Popescu, *Tight and rigorous error bounds for basic
building blocks of double-word arithmetic*, ACM Trans. Math. Softw. 44 (2017): sums of terms of one sign err
by at most 3u^2/(1-4u), products by at most 5u^2, u = 2^-53.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.kernels import finals
from stablelce.kernels.primitives import fast_two_sum, two_prod, two_sum
from stablelce.kernels.rounding import Doubles

__all__ = ["weighted"]

Mask = npt.NDArray[np.bool_]
Pair = tuple[Any, Any]

RELATIVE = finals.PAIR + 2.0**-95
"""Error of c*d and c*y, and of the loss, whose other term is better."""


def weighted(
    base: str, z: Doubles, t: Doubles, weight: Doubles, pos_weight: Doubles, parts: tuple[Any, ...]
) -> tuple[Doubles, Doubles, Doubles, Mask]:
    """Value, low word, bound, and where they hold; ``parts`` are d and y at a = |z|, as pairs."""
    d, d_low, y, y_low = parts
    a = np.abs(z)
    complement = finals.distance(np.ones_like(z), t)
    positive = two_prod(pos_weight, t)
    c = _add(positive, complement)
    b = tuple(np.where(z >= 0, x, y) for x, y in zip(complement, positive, strict=True))
    moderate = _moderate(weight) & _moderate(pos_weight) & _moderate(t) & _moderate(a) & (a <= 690.0)
    # The term that is tiny in the tail: none of its parts may underflow, a large weight would show it.
    tail = c[0] * d
    if base == "loss":
        value = _times(weight, _add(_product(c, (d, d_low)), _product(b, (a, np.zeros_like(a)))))
        bound = 1.01 * RELATIVE * value[0]
    elif base == "gradient":
        subtrahend = _product(c, (y, y_low))
        high, low = two_sum(b[0], -subtrahend[0])
        value = _times(weight, (high, low + (b[1] - subtrahend[1])))
        bound = 1.01 * weight * (RELATIVE * subtrahend[0] + 2.0**-95 * b[0])
        value = tuple(np.where(z >= 0, x, -x) for x in value)
    else:
        high, low, _ = finals.hessian(y, y_low)
        value = _times(weight, _product(c, (high, low)))
        bound = 1.01 * (2.0 * finals.PAIR + 2.0**-95) * value[0]
    size = np.abs(value[0])
    return value[0], value[1], bound, moderate & (tail > 2.0**-900) & (size > 2.0**-900) & (size < 2.0**900)


def _moderate(values: Doubles) -> Mask:
    size = np.abs(values)
    moderate: Mask = (size == 0) | ((size >= 2.0**-300) & (size <= 2.0**300))
    return moderate


def _add(x: Any, y: Any) -> Pair:
    """Sum of pairs whose terms have one sign."""
    high, low = two_sum(x[0], y[0])
    return fast_two_sum(high, low + (x[1] + y[1]))


def _product(x: Any, y: Any) -> Pair:
    high, low = two_prod(x[0], y[0])
    return fast_two_sum(high, low + (x[0] * y[1] + x[1] * y[0]))


def _times(factor: Any, x: Any) -> Pair:
    high, low = two_prod(factor, x[0])
    return fast_two_sum(high, low + factor * x[1])
