"""What the estimator takes for features: every kind of table in, rows of float32 or float64 out, checked.

float32 and float64 stay as they are, without a copy, memory maps included; float16 and bfloat16 widen
exactly to float32; integers and bool become float64, which rounds integers beyond 2^53. The numbers that
come out are *the* features: the optimum is that of these.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate.frames import column_names, frame_to_array, is_frame
from stablelce.training.scales import LARGEST
from stablelce.training.sparse import SparseRows, is_sparse

__all__ = ["Features", "check_same", "features"]

Array = npt.NDArray[Any]

_BLOCK = 1 << 16
"""Elements that are looked at at once."""

_CONVERSIONS = {"b": "float64", "i": "float64", "u": "float64"}
_FIXES = {
    "O": "convert it with .astype(float)",
    "S": "convert it with .astype(float)",
    "U": "convert it with .astype(float)",
    "T": "convert it with .astype(float)",
    "m": "divide it by a unit, as in X / np.timedelta64(1, 's')",
    "M": "subtract an origin and divide by a unit",
}


@dataclass(frozen=True, slots=True)
class Features:
    """Checked features.

    Attributes
    ----------
    rows : ndarray or SparseRows
        Two-dimensional, a row per sample, float32 or float64; slices of rows give dense arrays.
    names : ndarray of str objects, or None
        The names of the columns, where a frame gave them.
    """

    rows: Array | SparseRows
    names: npt.NDArray[np.object_] | None

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.shape[0], self.rows.shape[1]


def features(value: Any, *, check: bool = True) -> Features:
    """Check features and bring them to float32 or float64.

    Parameters
    ----------
    value : array_like, memory map, data frame or sparse matrix
        A row per sample and a column per feature.
    check : bool
        Whether to look at each element; a later pass over the same features need not.

    Raises
    ------
    TypeError
        The elements are no real numbers of a type that is taken.
    ValueError
        They are complex, not finite, or larger than 1e150; there are not two dimensions, or no rows or
        columns.
    """
    names = column_names(value) if is_frame(value) else None
    rows = _as_floats(_as_rows(value))
    _check_shape(rows)
    if check:
        _check_elements(rows, names)
    return Features(rows, names)


def check_same(taken: Features, count: int, names: npt.NDArray[np.object_] | None, owner: str) -> None:
    """Refuse other features than those that were fitted.

    Parameters
    ----------
    taken : Features
        The features given.
    count : int
        The number of those fitted.
    names : ndarray of str objects, or None
        The names of those fitted.
    owner : str
        The name of the estimator.

    Raises
    ------
    ValueError
        There is another number of them, or their names differ.
    """
    if taken.shape[1] != count and (names is None or taken.names is None):
        raise ValueError(
            f"X has {taken.shape[1]} features, but {owner} is expecting {count} features as input."
        )
    if names is None and taken.names is not None:
        warnings.warn(f"X has feature names, but {owner} was fitted without feature names", stacklevel=4)
    elif names is not None and taken.names is None:
        warnings.warn(
            f"X does not have valid feature names, but {owner} was fitted with feature names", stacklevel=4
        )
    elif names is not None and taken.names is not None:
        _check_names(names.tolist(), taken.names.tolist())


def _check_names(fitted: list[str], given: list[str]) -> None:
    if fitted == given:
        return
    lines = ["The feature names should match those that were passed during fit."]
    for title, found in (
        ("Feature names unseen at fit time:", sorted({*given} - {*fitted})),
        ("Feature names seen at fit time, yet now missing:", sorted({*fitted} - {*given})),
    ):
        if found:
            lines += [title, *(f"- {name}" for name in found[:5]), *(["- ..."] if len(found) > 5 else [])]
    if len(lines) == 1:
        lines.append("Feature names must be in the same order as they were in fit.")
    raise ValueError("\n".join(lines) + "\n")


def _as_rows(value: Any) -> Array | SparseRows:
    if value is None:
        raise ValueError("X is None: pass an array with a row per sample and a column per feature.")
    if is_sparse(value):
        return SparseRows(value)
    if is_frame(value):
        return frame_to_array(value)
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError("X is a masked array: pass its data, without the rows that hold masked elements.")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"X is not one array: {error}") from None


def _as_floats(rows: Array | SparseRows) -> Array | SparseRows:
    dtype = rows.dtype
    if dtype.kind == "c":
        raise ValueError(
            "Complex data not supported: pass the .real part of X if the imaginary part is zero."
        )
    if dtype.kind in _FIXES:
        raise TypeError(f"X has dtype {dtype}, not real numbers: {_FIXES[dtype.kind]}.")
    if dtype.char == "g":
        raise TypeError(f"X has dtype {dtype}: convert it with .astype(np.float64).")
    if dtype.name in ("float16", "bfloat16"):
        return rows.astype("float32")
    if dtype.name in ("float32", "float64"):
        return rows if dtype.isnative else rows.astype(dtype.newbyteorder("="))
    if dtype.kind not in _CONVERSIONS:
        raise TypeError(f"X has dtype {dtype}: use float32, float64, an integer or bool.")
    return rows.astype(_CONVERSIONS[dtype.kind])


def _check_shape(rows: Array | SparseRows) -> None:
    if rows.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {rows.ndim}D array of shape {rows.shape} instead. Reshape your data: "
            "X.reshape(-1, 1) if it is a single feature, X.reshape(1, -1) if it is a single sample."
        )
    samples, columns = rows.shape
    if samples == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={rows.shape}) while a minimum of 1 is required."
        )
    if columns == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={rows.shape}) while a minimum of 1 is required."
        )


def _check_elements(rows: Array | SparseRows, names: npt.NDArray[np.object_] | None) -> None:
    found = _first_refused(rows)
    if found is None:
        return
    row, column, value = found
    named = f" ({names[column]})" if names is not None else ""
    place = f"at row {row}, column {column}{named}"
    if np.isnan(value):
        raise ValueError(f"Input X contains NaN, {place}: drop the row or fill the gap.")
    if np.isinf(value):
        raise ValueError(f"Input X contains infinity, {value} {place}: drop the row or replace the element.")
    raise ValueError(
        f"X holds {value} {place}, and its square does not fit: divide that column by a power of two, which "
        "scales its coefficient exactly."
    )


def _first_refused(rows: Array | SparseRows) -> tuple[int, int, Any] | None:
    """Row, column and value of the first element that is not finite or too large."""
    if isinstance(rows, SparseRows):
        stored = rows.stored
        found = np.flatnonzero(_refused(stored))
        return (*rows.position(int(found[0])), stored[found[0]]) if found.size else None
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        refused = _refused(rows[start : start + step])
        if refused.any():
            row, column = np.unravel_index(int(refused.argmax()), refused.shape)
            return start + int(row), int(column), rows[start + int(row), int(column)]
    return None


def _refused(elements: Array) -> npt.NDArray[np.bool_]:
    if elements.dtype == np.float32:
        return ~np.isfinite(elements)
    refused: npt.NDArray[np.bool_] = ~(np.abs(elements) <= LARGEST)  # NaN compares false
    return refused
