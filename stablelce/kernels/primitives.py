"""The vocabulary of the kernels, on NumPy arrays of binary64 (or on single floats).

A kernel uses these functions, the operators + - * /, comparisons and literals, and nothing else, so that
its source runs on other number types as well: compiled, and on enclosures. Three of the functions are
error-free: the exact sum or product is returned as a float and the rounding error of that float.

* T. J. Dekker, *A floating-point technique for extending the available precision*, Numer. Math. 18 (1971).
* D. E. Knuth, *The Art of Computer Programming* 2, section 4.2.2 (theorems A to C).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "absolute",
    "fast_two_sum",
    "mul_add",
    "select",
    "take",
    "to_index",
    "two_prod",
    "two_square",
    "two_sum",
]

_SPLITTER = 134217729.0
"""2^27 + 1: a product with it splits 53 bits into 26 and 26 with a sign (Veltkamp)."""


def select(condition: Any, a: Any, b: Any) -> Any:
    """The first where the condition holds, the second elsewhere."""
    return np.where(condition, a, b)


def absolute(a: Any) -> Any:
    """The magnitude."""
    return np.abs(a)


def to_index(a: Any) -> Any:
    """Integral floats, not negative and in range, as indices."""
    return a.astype(np.intp)


def take(column: Any, index: Any) -> Any:
    """The elements of a column of a table."""
    return column.take(index, mode="clip")  # what is in range is not tested again


def mul_add(a: Any, b: Any, c: Any) -> Any:
    """a*b + c with one rounding or two, as the engine likes: what is proved holds for both."""
    value = a * b
    value += c  # in place, which halves the memory that is touched; so below
    return value


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """Floats with a + b = s + e exactly, s = RN(a + b) (Knuth)."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def fast_two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The same where |a| >= |b| or a = 0 (Dekker)."""
    s = a + b
    return s, b - (s - a)


def two_prod(a: Any, b: Any) -> tuple[Any, Any]:
    """Floats with a*b = p + e exactly, p = RN(a*b) (Dekker).

    Exact for |a|, |b| < 2^995 and |a*b| < 2^1022 while no part of the product underflows, for which
    |a*b| >= 2^-968 is enough. Below, e is off by a few times 2^-1075.
    """
    p = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    e = a_high * b_high
    e -= p
    e += a_high * b_low
    e += a_low * b_high
    e += a_low * b_low
    return p, e


def two_square(a: Any) -> tuple[Any, Any]:
    """two_prod(a, a), with one splitting less."""
    p = a * a
    high, low = _split(a)
    e = high * high
    e -= p
    e += 2.0 * (high * low)
    e += low * low
    return p, e


def _split(a: Any) -> tuple[Any, Any]:
    high = _SPLITTER * a
    high -= high - a
    return high, a - high
