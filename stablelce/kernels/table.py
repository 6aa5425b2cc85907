"""The table: softplus(-j/32) and sigmoid(-j/32) for j = 0 .. 22080, as pairs of binary64 numbers.

Made by ``table_generator.py``; a test derives every entry again, with another library. The hash ties the
file to what is proved about it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stablelce.kernels.table_layout import ENTRIES, PATH, digest

__all__ = ["SHA256", "SIGMOID_HIGH", "SIGMOID_LOW", "SOFTPLUS_HIGH", "SOFTPLUS_LOW"]

SHA256 = "20fce4ac9daf51a41d04f7f10cc816bba0cf338ae219bab605eb4f5b13266500"


def _load() -> npt.NDArray[np.float64]:
    table: npt.NDArray[np.float64] = np.load(PATH)
    if table.shape != (ENTRIES, 4) or digest(table) != SHA256:
        raise ImportError(f"{PATH} is damaged: reinstall stablelce.")
    return table


SOFTPLUS_HIGH, SOFTPLUS_LOW, SIGMOID_HIGH, SIGMOID_LOW = map(np.ascontiguousarray, _load().T)
