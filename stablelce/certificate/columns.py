"""What ``certify`` takes for data: whatever ``fit`` takes in one piece; the libraries are not imported."""

from __future__ import annotations

import numbers
from typing import Any, overload

import numpy as np
import numpy.typing as npt

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
    if not (hasattr(X, "columns") and hasattr(X, "to_numpy")):
        return X
    array = np.asarray(X)
    if array.dtype.kind in "biuf" or not len(X.columns):
        return array
    # Columns of several kinds, such as float and bool, have no common dtype but object: one at a time.
    columns = [_column(X, j) for j in range(len(X.columns))]
    for name, column in zip(X.columns, columns, strict=True):
        if column.dtype.kind not in "biuf":
            raise TypeError(
                f"column {name!r} of X holds {column.dtype}, not numbers: encode it as numbers, fill what is "
                "missing, or drop it."
            )
    return np.column_stack(columns)


def _column(frame: Any, index: int) -> Array:
    # By position in pandas, where names may repeat; polars has unique names.
    return np.asarray(frame.iloc[:, index] if hasattr(frame, "iloc") else frame[frame.columns[index]])


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
