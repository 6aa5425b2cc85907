"""Parquet files as blocks: the bits of the arrays that were written, whatever the batches and row groups."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import stablelce as lce
from stablelce.training.arrow_rows import ParquetRows
from tests.training.data import noisy, soft

NAMES = ["age", "dose", "odds"]


def table(**extra: Any) -> Any:
    X, y = noisy(200, 3)
    columns = {"label": pa.array(np.array(["no", "yes"])[y]), **dict(zip(NAMES, X.T, strict=True)), **extra}
    return pa.table(columns)


def write(path: Path, content: Any, group: int = 64) -> Path:
    parquet.write_table(content, path, row_group_size=group)
    return path


@pytest.mark.parametrize("rows", [None, 1, 7, 1000])
@pytest.mark.parametrize("group", [3, 200])
def test_the_bits_are_those_of_the_arrays(tmp_path: Path, rows: int | None, group: int) -> None:
    X, y = noisy(200, 3)
    s = soft(200, 3)[2]
    path = write(tmp_path / "data.parquet", table(weight=s), group)
    blocks = ParquetRows(path, target="label", weight="weight", rows=rows)
    assert blocks.names == NAMES
    found = lce.LogisticRegression().fit(blocks)
    wanted = lce.LogisticRegression().fit(X, y, s)
    assert found.coef_.tobytes() == wanted.coef_.tobytes()
    assert found.intercept_.tobytes() == wanted.intercept_.tobytes()
    assert found.classes_.tolist() == ["no", "yes"]


def test_columns_are_taken_in_the_order_given_and_in_their_types(tmp_path: Path) -> None:
    extra = {
        "count": np.arange(200, dtype=np.int16),
        "flag": np.arange(200) % 3 == 0,
        "half": np.linspace(0, 1, 200).astype(np.float32),
    }
    path = write(tmp_path / "data.parquet", table(**extra))
    ((X, y),) = ParquetRows(path, target="flag", columns=["half", "count"])
    assert (np.column_stack([extra["half"].astype(np.float64), extra["count"]]) == X).all()
    assert X.dtype == np.float64
    assert (y == extra["flag"]).all()
    ((X, _),) = ParquetRows(path, target="flag", columns=["half"])
    assert X.dtype == np.float32
    assert (X[:, 0] == extra["half"]).all()


def test_batches_are_as_small_as_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "data.parquet", table())
    lengths = [len(X) for X, _ in ParquetRows(path, target="label", rows=11)]
    assert sum(lengths) == 200
    assert max(lengths) <= 11


def test_what_is_wrong_is_said_with_file_row_and_column(tmp_path: Path) -> None:
    path = write(tmp_path / "data.parquet", table(city=pa.array(["x"] * 200)))
    with pytest.raises(ValueError, match="has no column 'lable': its columns are label, age, dose, odds, c"):
        ParquetRows(path, target="lable")
    with pytest.raises(ValueError, match="no numbers in column 'city' but string"):
        ParquetRows(path, target="label")
    with pytest.raises(ValueError, match="no column beside age: there are no features"):
        ParquetRows(path, target="age", columns=[])
    with pytest.raises(ValueError, match="rows must be positive: got 0"):
        ParquetRows(path, target="label", rows=0)
    gap = [None if i == 70 else 1.0 * i for i in range(200)]
    path = write(tmp_path / "gap.parquet", table(gap=pa.array(gap)))
    with pytest.raises(ValueError, match=r"gap\.parquet has no value at row 70, column 'gap'"):
        list(ParquetRows(path, target="label", rows=11))
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n" * 10)
    with pytest.raises(ValueError, match=r"text\.parquet is no Parquet file"):
        ParquetRows(tmp_path / "text.parquet", target="a")
    with pytest.raises(FileNotFoundError):
        ParquetRows(tmp_path / "absent.parquet", target="a")


def test_without_pyarrow_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'stablelce\[dask\]'"):
        ParquetRows("data.parquet", target="a")


def test_a_column_is_named_once_and_is_there_once(tmp_path: Path) -> None:
    path = write(tmp_path / "data.parquet", table())
    for options in ({"columns": ["age", "age"]}, {"columns": ["label"]}, {"weight": "label"}):
        with pytest.raises(ValueError, match="is named twice among target, weight and columns: name it once"):
            ParquetRows(path, target="label", **options)
    twice = pa.table([np.zeros(4), np.zeros(4), np.array([0, 1, 0, 1])], names=["a", "a", "y"])
    with pytest.raises(ValueError, match=r"data\.parquet has several columns 'a': its columns are a, a, y"):
        ParquetRows(write(path, twice), target="y")


@pytest.mark.parametrize("value", [[1], {"q": 1}])
def test_lists_and_structs_are_no_labels(tmp_path: Path, value: object) -> None:
    path = write(tmp_path / "data.parquet", table(odd=pa.array([value] * 200)))
    with pytest.raises(
        ValueError, match=r"data\.parquet holds (list|struct)<.*> in column 'odd', which is no"
    ):
        ParquetRows(path, target="odd", columns=["age"])
