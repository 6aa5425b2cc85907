"""Logits x.w + b of rows, for predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["logits_of"]

Floats = npt.NDArray[np.float64]


def logits_of(rows: Any, coef: Floats) -> Floats:
    """The logits of all rows; the last coefficient is the intercept."""
    return np.concatenate([rows[i : i + 4096] @ coef[:-1] + coef[-1] for i in range(0, len(rows), 4096)])
