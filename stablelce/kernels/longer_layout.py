"""What the file of ``longer_table`` holds and where it is kept: shared with its generator."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BITS", "LIMBS", "PATH", "ROWS", "STEPS", "digest"]

BITS = 25
"""Bits of a limb: limb l of a number is a multiple of 2^-25(l+1)."""

LIMBS = 6

STEPS = (9, 17, 25)
"""Level v holds exp(-i * 2^-STEPS[v]), one subtracted at the levels 1 and 2."""

ROWS = (178, 128, 128)
"""Level v has the rows i = -ROWS[v] .. ROWS[v]. 178 > 512 * log(2)/2."""

PATH = Path(__file__).parent / "data" / "longer.npy"


def digest(entries: npt.NDArray[Any]) -> str:
    """SHA-256 of the entries, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(entries, dtype="<f8").tobytes()).hexdigest()
