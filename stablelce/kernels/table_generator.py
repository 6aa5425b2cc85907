"""Makes the table of the kernels: ``python -m stablelce.kernels.table_generator``.

For j = 0 .. 22080 and a_j = j/32: softplus(-a_j) and sigmoid(-a_j), each as two binary64 numbers hi + lo,
hi = RN(value) and lo = RN(value - hi). Computed with mpmath from softplus(-a) = log(1 + e) and
sigmoid(-a) = e/(1 + e), e = exp(-a), with 1400 bits: the sum 1 + e loses at most 996 of them, so the values
have relative errors below 2^-390, where a pair holds 2^-106.
"""

from __future__ import annotations

import sys
from fractions import Fraction

import mpmath
import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64
from stablelce.kernels.table_layout import ENTRIES, PATH, STEPS, digest

__all__ = ["generate", "main"]


def generate(first: int = 0, last: int = ENTRIES) -> npt.NDArray[np.float64]:
    """Rows first .. last-1: softplus hi and lo, sigmoid hi and lo."""
    encodings = np.empty((last - first, 4), dtype=np.uint64)
    with mpmath.workprec(1400):
        for j in range(first, last):
            e = mpmath.exp(-mpmath.mpf(j) / STEPS)
            encodings[j - first] = (*_pair(mpmath.log(1 + e)), *_pair(e / (1 + e)))
    return BINARY64.array(encodings)


def _pair(value: mpmath.mpf) -> tuple[int, int]:
    """Encodings of hi and lo."""
    # Not float(mpf), which rounds subnormal numbers, as low words can be, twice.
    m, e = value.man_exp
    exact = Fraction(m) * Fraction(2) ** e
    high = BINARY64.round(exact)
    return high, BINARY64.round(exact - BINARY64.to_fraction(high))


def main() -> int:
    """Write the table and print its hash, which stands in ``table.py``."""
    table = generate()
    np.save(PATH, table)
    print(f"{PATH.name}: {len(table)} rows, {table.nbytes} bytes, SHA-256 {digest(table)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
