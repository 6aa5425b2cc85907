"""Products and sums of binary64 numbers whose intermediate results never overflow or underflow.

A value is a pair (m, e) that stands for m * 2**e, with an integer array e. Weights of 1e300 meet
losses of 1e-320 here and give the product that the reader expects.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.kernels.rounding import Doubles

__all__ = ["Scaled", "choose", "difference", "exp_of_minus", "product", "total"]


class Scaled(NamedTuple):
    """The values m * 2**e; m is 0 or of moderate size."""

    m: Doubles
    e: npt.NDArray[np.int64]

    def unscaled(self) -> Doubles:
        """The values in binary64; what is out of range becomes an infinity or a signed zero."""
        # 5000 places beyond the range of binary64 decide every result, and fit the int32 of ldexp.
        values: Doubles = np.ldexp(self.m, np.clip(self.e, -5000, 5000).astype(np.int32))
        return values


def product(*factors: Doubles | Scaled | float) -> Scaled:
    """The product of a handful of factors; each significand is at least 1/2, so none underflows."""
    m: Doubles = np.ones(1)
    e = np.zeros(1, dtype=np.int64)
    for factor in factors:
        value, exponent = factor if isinstance(factor, Scaled) else (factor, 0)
        significand, own = np.frexp(value)
        m, e = m * significand, e + own + exponent
    return Scaled(m, e)


def choose(condition: npt.NDArray[np.bool_], a: Scaled, b: Scaled) -> Scaled:
    """The first where the condition holds, the second elsewhere."""
    return Scaled(np.where(condition, a.m, b.m), np.where(condition, a.e, b.e))


def total(a: Scaled, b: Scaled) -> Scaled:
    """The sum, aligned to the larger exponent of the two that are not zero."""
    floor = np.int64(-(1 << 40))
    top = np.maximum(np.where(a.m == 0, floor, a.e), np.where(b.m == 0, floor, b.e))
    return Scaled(_aligned(a, top) + _aligned(b, top), top)


def difference(a: Scaled, b: Scaled) -> Scaled:
    """The difference; an exact zero is +0."""
    return total(a, Scaled(-b.m, b.e))


def exp_of_minus(a: Doubles) -> Scaled:
    """exp(-a) for a >= 0, as exp(-a/4)**4 where exp(-a) is below the normal range.

    Four times the error of exp there, up to a = 2800; beyond, the result times two weights of 1e308 is
    below the range of binary64 in any case, and a tiny positive number stands for it.
    """
    m, e = np.frexp(np.exp(-a))
    quarter, quarter_e = np.frexp(np.exp(-np.minimum(a, 2800.0) / 4))
    tail = a > 700.0
    return Scaled(
        np.where(tail, quarter * quarter * quarter * quarter, m),
        np.where(tail, 4 * quarter_e.astype(np.int64), e),
    )


def _aligned(x: Scaled, top: npt.NDArray[np.int64]) -> Doubles:
    m: Doubles = np.ldexp(x.m, np.clip(x.e - top, -5000, 0).astype(np.int32))
    return m
