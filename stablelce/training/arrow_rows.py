"""Parquet files through Arrow, a batch of rows at a time: the one module here that loads pyarrow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ParquetRows"]

Array = npt.NDArray[Any]

_ELEMENTS = 1 << 22
"""Features to a batch: 32 MiB of float64."""


class ParquetRows:
    """The rows of a Parquet file in blocks, for ``LogisticRegression.fit``; each pass reads the file anew.

    Parameters
    ----------
    path : path
        The file.
    target : str
        The column of labels or targets.
    weight : str, optional
        The column of sample weights.
    columns : sequence of str, optional
        The features; all other columns unless given, in the order of the file.
    rows : int, optional
        Rows to a block at most; as many as 32 MiB hold unless given. Results do not depend on it.

    Attributes
    ----------
    names : list of str
        The columns that are the features.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    OSError
        The file cannot be read.
    ValueError
        It is no Parquet file; or a column is missing, there or named twice, or holds no numbers, or the
        target lists or structs; while it is read, that a column holds nulls.

    Examples
    --------
    >>> from stablelce.training.arrow_rows import ParquetRows
    >>> blocks = ParquetRows("data.parquet", target="defaulted")  # doctest: +SKIP
    >>> model = lce.LogisticRegression(l2=0.1).fit(blocks)  # doctest: +SKIP
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        target: str,
        weight: str | None = None,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
    ) -> None:
        if rows is not None and rows < 1:
            raise ValueError(f"rows must be positive: got {rows}.")
        self._path = Path(path)
        with self._open() as file:
            schema = file.schema_arrow
        there = list(schema.names)
        self._target, self._weight = target, weight
        used = [target, *([] if weight is None else [weight])]
        self.names = [name for name in there if name not in used] if columns is None else list(columns)
        self._check_names([*used, *self.names], there)
        if not self.names:
            raise ValueError(f"{self._path} has no column beside {', '.join(used)}: there are no features.")
        _check_labels(self._path, target, schema.field(target).type)
        for name in [*used[1:], *self.names]:
            _check_numbers(self._path, name, schema.field(name).type)
        self._rows = rows or max(_ELEMENTS // len(self.names), 1)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """A fresh pass: features in C order with the names of their columns, labels, and weights if any."""
        used = [self._target, *([] if self._weight is None else [self._weight])]
        first = 0
        with self._open() as file:
            for batch in file.iter_batches(batch_size=self._rows, columns=[*used, *self.names]):
                arrays = [self._column(batch, name, first) for name in used]
                # float32 where every column is, so that nothing is widened for nothing.
                found = [self._column(batch, name, first) for name in self.names]
                dtype = np.float32 if all(column.dtype == np.float32 for column in found) else np.float64
                X = np.empty((batch.num_rows, len(found)), dtype)
                for j, column in enumerate(found):
                    X[:, j] = column
                yield X, *arrays
                first += batch.num_rows

    def _check_names(self, wanted: list[str], there: list[str]) -> None:
        for name in wanted:
            if there.count(name) != 1:
                what = "several columns" if name in there else "no column"
                raise ValueError(f"{self._path} has {what} {name!r}: its columns are {', '.join(there)}.")
            if wanted.count(name) != 1:
                raise ValueError(
                    f"column {name!r} is named twice among target, weight and columns: name it once."
                )

    def _open(self) -> Any:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise ImportError(
                "Parquet files need the package pyarrow: pip install 'stablelce[dask]'."
            ) from None
        try:
            return parquet.ParquetFile(self._path)
        except pyarrow.ArrowInvalid as error:
            raise ValueError(f"{self._path} is no Parquet file: {str(error).splitlines()[0]}") from None

    def _column(self, batch: Any, name: str, first: int) -> Array:
        column = batch.column(name)
        if column.null_count:
            row = first + int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
            raise ValueError(
                f"{self._path} has no value at row {row}, column {name!r}: drop the row or fill the gap."
            )
        array: Array = column.to_numpy(zero_copy_only=False)
        return array.astype(np.str_) if array.dtype == object else array


def _check_labels(path: Path, name: str, kind: Any) -> None:
    from pyarrow import types

    if types.is_nested(kind):
        raise ValueError(f"{path} holds {kind} in column {name!r}, which is no label: name another target.")


def _check_numbers(path: Path, name: str, kind: Any) -> None:
    from pyarrow import types

    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        raise ValueError(
            f"{path} holds no numbers in column {name!r} but {kind}: encode it, or leave it out."
        )
