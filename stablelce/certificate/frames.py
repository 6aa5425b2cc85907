"""Data frames of pandas and polars as arrays, told by what they offer: neither library is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["column_names", "frame_to_array", "is_frame"]

Array = npt.NDArray[Any]


def is_frame(value: object) -> bool:
    """Whether it has named columns."""
    return hasattr(value, "columns") and hasattr(value, "to_numpy")


def column_names(frame: Any) -> npt.NDArray[np.object_] | None:
    """The names of the columns where all are strings, None where none is.

    Raises
    ------
    TypeError
        Some names are strings and some are not.
    """
    names = list(frame.columns)
    strings = sum(isinstance(name, str) for name in names)
    if not strings:
        return None
    if strings < len(names):
        kinds = sorted({type(name).__name__ for name in names})
        raise TypeError(
            "Feature names are only supported if all input features have string names, but X has columns "
            f"named by {' and '.join(kinds)}: rename them, as in X.columns = X.columns.astype(str)."
        )
    return np.array([str(name) for name in names], dtype=object)


def frame_to_array(frame: Any) -> Array:
    """The columns as a two-dimensional array of numbers, without a copy where the frame has one.

    Raises
    ------
    TypeError
        A column holds something else than numbers; the message names it.
    """
    array = np.asarray(frame)
    if array.dtype.kind in "biuf" or not len(frame.columns):
        return array
    # Columns of several kinds, such as float and bool, have no common dtype but object: one at a time.
    columns = [_column(frame, j) for j in range(len(frame.columns))]
    for name, column in zip(frame.columns, columns, strict=True):
        if column.dtype.kind not in "biuf":
            raise TypeError(
                f"column {name!r} of X holds {column.dtype}, not numbers: encode it as numbers, fill what is "
                "missing, or drop it."
            )
    return np.column_stack(columns)


def _column(frame: Any, index: int) -> Array:
    # By position in pandas, where names may repeat; polars has unique names.
    column = frame.iloc[:, index] if hasattr(frame, "iloc") else frame[frame.columns[index]]
    return np.asarray(column)
