"""Files of rows for ``train`` and ``certify``: read once, checked, features kept on the disk.

The features are written as binary numbers to a temporary file, which is then mapped into memory: however
large the file, little memory is used, each pass runs at the speed of a memory map, and no text is parsed
twice. Labels and weights are kept in memory.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from stablelce.cli.options import InputError

__all__ = ["Columns", "Table", "read_table"]

Floats = npt.NDArray[np.float64]

_ROWS = 1 << 12
"""Lines that are parsed at once."""


@dataclass(frozen=True)
class Columns:
    """The names of columns: the target, the weight if any, and the features if they are given."""

    target: str
    weight: str | None = None
    features: Sequence[str] | None = None


@dataclass(frozen=True)
class Table:
    """A file of rows.

    Attributes
    ----------
    names : list of str
        The features.
    X : ndarray of float64, shape (n, features)
        Their values, mapped from a temporary file.
    y : ndarray, shape (n,)
        Labels or targets: integers where all are, else floats, else strings.
    weight : ndarray of float64, shape (n,), or None
        The weights.
    """

    names: list[str]
    X: Floats
    y: npt.NDArray[Any]
    weight: Floats | None


_Batch = tuple[Floats, Sequence[Any], Floats | None]


def read_table(path: Path, columns: Columns, scratch: BinaryIO) -> Table:
    """Read a file of which the name ends in .csv or .parquet.

    Parameters
    ----------
    path : Path
        The file. CSV: UTF-8, a first line of names, fields by commas.
    columns : Columns
        What to read.
    scratch : file
        An empty temporary file for the features.

    Raises
    ------
    InputError
        It cannot be read, a column is missing, or a value is missing, no number, or not finite; the message
        says where.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise InputError(f"cannot tell what {str(path)!r} is: name it .csv or .parquet.")
    _check_once(columns)
    try:
        names, batches = (_read_csv if kind == ".csv" else _read_parquet)(path, columns)
        labels: list[Any] = []
        weights: list[Floats] = []
        for X, y, weight in batches:
            scratch.write(X.tobytes())
            labels.extend(y)
            if weight is not None:
                weights.append(weight)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"cannot read {str(path)!r}: {reason}.") from None
    if not labels:
        raise InputError(f"{path} holds no rows.")
    scratch.flush()
    X = np.memmap(scratch, np.float64, "r", shape=(len(labels), len(names)))
    return Table(names, X, _typed(labels), np.concatenate(weights) if weights else None)


def _check_once(columns: Columns) -> None:
    named = [columns.target, *([] if columns.weight is None else [columns.weight]), *(columns.features or [])]
    for name in named:
        if named.count(name) > 1:
            raise InputError(
                f"column {name!r} is named twice among --target, --weight and --feature: name it once."
            )


def chosen(path: Path, there: Sequence[str], columns: Columns) -> list[str]:
    """The names of the features, once all columns are known to be there."""
    used = [columns.target, *([] if columns.weight is None else [columns.weight])]
    names = list(columns.features or [name for name in there if name not in used])
    for name in [*used, *names]:
        if list(there).count(name) != 1:
            what = "several columns" if name in there else "no column"
            raise InputError(f"{path} has {what} {name!r}; its columns are {', '.join(there)}.")
    if not names:
        raise InputError(f"{path} has no column beside {', '.join(used)}: there are no features.")
    return names


# -- CSV ---------------------------------------------------------------------------------------


def _read_csv(path: Path, columns: Columns) -> tuple[list[str], Iterator[_Batch]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    if len(header) == 1 and ";" in header[0]:
        raise InputError(f"{path} seems to be separated by semicolons: separate its fields by commas.")
    names = chosen(path, header, columns)
    return names, _csv_batches(path, header, names, columns)


def _csv_batches(path: Path, header: list[str], names: list[str], columns: Columns) -> Iterator[_Batch]:
    numbers = [*names, *([] if columns.weight is None else [columns.weight])]
    places = {name: header.index(name) for name in numbers}
    target = header.index(columns.target)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        while True:
            lines, rows = [], []
            for row in islice(filter(None, reader), _ROWS):  # an empty line has no fields
                if len(row) != len(header):
                    raise InputError(
                        f"{path} has {len(row)} fields in line {reader.line_num}, and {len(header)} columns."
                    )
                rows.append(row)
                lines.append(reader.line_num)
            if not rows:
                return
            try:
                values = np.array([_numbers([row[j] for j in places.values()]) for row in rows])
            except ValueError:
                raise InputError(_no_number(path, rows, lines, places)) from None
            _check(values, numbers, lambda i, lines=lines: f"{path}, line {lines[i]}")
            y = [row[target].strip() for row in rows]
            if "" in y:
                line = lines[y.index("")]
                raise InputError(f"{path}, line {line}: column {columns.target!r} is empty; drop the row.")
            yield values[:, : len(names)], y, None if columns.weight is None else values[:, -1]


def _no_number(path: Path, rows: list[list[str]], lines: list[int], places: dict[str, int]) -> str:
    for row, line in zip(rows, lines, strict=True):
        for name, j in places.items():
            try:
                _numbers([row[j]])
            except ValueError:
                where = f"{path}, line {line}: column {name!r}"
                if not row[j].strip():
                    return f"{where} is empty; drop the row or fill the gap."
                return (
                    f"{where} holds {row[j]!r}, no number; encode the column, or choose others by --feature."
                )
    raise AssertionError("every field is a number")


def _numbers(fields: list[str]) -> list[float]:
    if "_" in "".join(fields):  # of Python's numbers only
        raise ValueError
    return list(map(float, fields))


# -- Parquet -----------------------------------------------------------------------------------


def _read_parquet(path: Path, columns: Columns) -> tuple[list[str], Iterator[_Batch]]:
    from stablelce.training.arrow_rows import ParquetRows

    try:
        rows = ParquetRows(
            path, target=columns.target, weight=columns.weight, columns=columns.features or None
        )
    except (ImportError, ValueError) as error:
        raise InputError(str(error)) from None
    return rows.names, _parquet_batches(path, rows, columns)


def _parquet_batches(path: Path, rows: Any, columns: Columns) -> Iterator[_Batch]:
    first = 0
    try:
        for X, y, *weight in rows:
            _check(X, rows.names, lambda i, first=first: f"{path}, row {first + i}")
            if weight:
                where = [columns.weight or ""]
                _check(weight[0][:, np.newaxis], where, lambda i, first=first: f"{path}, row {first + i}")
            first += len(X)
            labels = list(map(str, y)) if y.dtype.kind in "mM" else y.tolist()
            yield X.astype(np.float64), labels, weight[0].astype(np.float64) if weight else None
    except ValueError as error:
        raise InputError(str(error)) from None


# -- values ------------------------------------------------------------------------------------


def _check(values: npt.NDArray[Any], names: Sequence[str], place: Any) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        i, j = (int(k) for k in np.argwhere(~finite)[0])
        what = "NaN" if math.isnan(values[i, j]) else str(values[i, j])
        raise InputError(f"{place(i)}: column {names[j]!r} is {what}; drop the row or fill the gap.")


def _typed(labels: list[Any]) -> npt.NDArray[Any]:
    """Labels as integers of 64 bits where all are, else as floats, else as they are written.

    Integers that are written differently, as 1 and 01, are different labels, and so are those that float64
    would round to one.
    """
    seen = set(labels)
    whole = {label: _whole(label) for label in seen}
    if all(value is not None for value in whole.values()):
        numbers = set(whole.values())
        if len(numbers) == len(seen) and all(-(2**63) <= value < 2**63 for value in numbers if value):
            return np.array([whole[label] for label in labels], np.int64)
    else:
        try:
            floats = {
                label: _numbers([label])[0] if isinstance(label, str) else float(label) for label in seen
            }
            return np.array([floats[label] for label in labels])
        except ValueError:
            pass
    return np.array([str(label) for label in labels])


def _whole(label: Any) -> int | None:
    """The integer that a label is, or None."""
    if isinstance(label, str):
        return int(label) if re.fullmatch("[+-]?[0-9]+", label) else None
    if isinstance(label, float):
        return int(label) if label.is_integer() and abs(label) < 2**63 else None
    return int(label)
