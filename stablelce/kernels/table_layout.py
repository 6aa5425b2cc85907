"""What the table holds and where it is kept: shared by its generator and by those who read it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["ENTRIES", "LIMIT", "PATH", "STEPS", "digest"]

STEPS = 32
"""Entries per unit of a."""

LIMIT = 690.0
"""The largest a that is reduced to an entry; beyond about 672 low words lose bits to underflow."""

ENTRIES = int(LIMIT) * STEPS + 1

PATH = Path(__file__).parent / "data" / "table.npy"


def digest(table: npt.NDArray[np.float64]) -> str:
    """SHA-256 of the entries, little-endian, row by row."""
    return hashlib.sha256(np.ascontiguousarray(table, dtype="<f8").tobytes()).hexdigest()
