"""Exponentials, log(2) and 1/6 in limbs, and powers of two.

Made by ``longer_generator.py``; a test derives every entry again, with another library.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stablelce.kernels.longer_layout import LIMBS, PATH, ROWS, digest

__all__ = ["COARSE", "DOWN", "FINE", "LOG2", "MEDIUM", "SHA256", "SIXTH", "UP"]

SHA256 = "b8d011d5f4163294c4336630cbb11db6a5f4ab781feb5253a870ea78b8911ab0"

Column = npt.NDArray[np.float64]


def _load() -> npt.NDArray[np.float64]:
    entries: npt.NDArray[np.float64] = np.load(PATH)
    if entries.shape != (LIMBS * sum(2 * rows + 1 for rows in ROWS) + 10,) or digest(entries) != SHA256:
        raise ImportError(f"{PATH} is damaged: reinstall stablelce.")
    return entries


def _columns(entries: npt.NDArray[np.float64], level: int) -> tuple[Column, ...]:
    """The limbs of a level, each a contiguous array over the rows."""
    first = LIMBS * sum(2 * rows + 1 for rows in ROWS[:level])
    block = entries[first : first + LIMBS * (2 * ROWS[level] + 1)].reshape(-1, LIMBS)
    return tuple(np.ascontiguousarray(column) for column in block.T)


_ENTRIES = _load()

COARSE = _columns(_ENTRIES, 0)
"""exp(-i/2^9), by limbs; row i + 178."""

MEDIUM = _columns(_ENTRIES, 1)
"""expm1(-i/2^17); row i + 128."""

FINE = _columns(_ENTRIES, 2)
"""expm1(-i/2^25); row i + 128."""

LOG2: tuple[float, ...] = tuple(_ENTRIES[-10:-3].tolist())

SIXTH: tuple[float, ...] = tuple(_ENTRIES[-3:].tolist())

DOWN: Column = np.ldexp(1.0, -np.arange(540))
"""2^-h."""

UP: Column = np.ldexp(1.0, np.arange(540))
"""2^h."""
