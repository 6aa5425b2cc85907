"""Makes the table of the longer kernels: ``python -m stablelce.kernels.longer_generator``.

A number is six limbs: each the nearest multiple of its power of two to what the limbs before it leave. Then
log(2) in seven limbs and 1/6 in three. Computed with mpmath with 400 bits; a limb needs 175 at most.
"""

from __future__ import annotations

import sys

import mpmath
import numpy as np
import numpy.typing as npt

from stablelce.kernels.longer_layout import BITS, LIMBS, PATH, ROWS, STEPS, digest

__all__ = ["generate", "main"]


def generate() -> npt.NDArray[np.float64]:
    """All entries, row by row: three levels of exponentials, log(2), 1/6."""
    entries: list[float] = []
    with mpmath.workprec(400):
        for level, (step, rows) in enumerate(zip(STEPS, ROWS, strict=True)):
            for i in range(-rows, rows + 1):
                x = mpmath.mpf(-i) / 2**step
                entries += _limbs(mpmath.exp(x) if level == 0 else mpmath.expm1(x), LIMBS)
        entries += _limbs(mpmath.log(2), 7)
        entries += _limbs(mpmath.mpf(1) / 6, 3)
    return np.array(entries)


def _limbs(value: mpmath.mpf, count: int) -> list[float]:
    limbs = []
    for place in range(1, count + 1):
        limb = mpmath.nint(mpmath.ldexp(value, BITS * place))
        limbs.append(float(mpmath.ldexp(limb, -BITS * place)))  # exact: at most 26 bits
        value -= limbs[-1]
    return limbs


def main() -> int:
    """Write the table and print its hash, which stands in ``longer_table.py``."""
    entries = generate()
    np.save(PATH, entries)
    print(f"{PATH.name}: {entries.nbytes} bytes, SHA-256 {digest(entries)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
