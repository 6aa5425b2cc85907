"""What ``certify`` takes for data: whatever ``fit`` takes in one piece; the libraries are not imported."""

from __future__ import annotations

import numbers
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from stablelce.certificate.frames import frame_to_array, is_frame

__all__ = ["numbers_per_row", "rows_of_numbers"]

Array = npt.NDArray[Any]


def rows_of_numbers(X: Any, y: Any) -> Any:
    """Sparse matrices and data frames as arrays; anything else as it is.

    Raises
    ------
    TypeError
        The data are in blocks, or a column of a frame holds no numbers.
    """
    if callable(X) or y is None:
        raise TypeError("a certificate needs all rows at once: put the blocks into one X and one y.")
    if hasattr(X, "tocsr"):
        return X.tocsr().toarray()
    return frame_to_array(X) if is_frame(X) else X


@overload
def numbers_per_row(values: None, name: str, length: int = ...) -> None: ...
@overload
def numbers_per_row(values: npt.ArrayLike, name: str, length: int = ...) -> Array: ...
def numbers_per_row(values: npt.ArrayLike | None, name: str, length: int = 0) -> Array | None:
    """Labels, targets or weights as an array; a number stands for one per row, None for itself.

    Raises
    ------
    TypeError
        They are a masked array, whose mask would be lost.
    """
    if values is None:
        return None
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: pass the rows that count.")
    if length and isinstance(values, numbers.Real):
        return np.full(length, float(values))
    return np.asarray(values)
