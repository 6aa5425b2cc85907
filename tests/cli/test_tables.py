"""Files as tables: the same values from CSV and Parquet, to the bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from stablelce.cli.options import InputError
from stablelce.cli.tables import Columns, read_table
from tests.training.data import noisy, soft

X, Y = noisy(9000, 3)  # more rows than are parsed at once
S = soft(9000, 3)[2]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("labels", [Y, Y * 1.0, Y + 0.5, np.array(["no", "yes"])[Y]])
def test_values_are_read_to_the_bit(tmp_path: Path, kind: str, labels: Any) -> None:
    content = pa.table({"a": X[:, 0], "label": labels, "b": X[:, 1], "c": X[:, 2], "w": S})
    path = tmp_path / f"data.{kind}"
    {"csv": csv.write_csv, "parquet": parquet.write_table}[kind](content, path)
    with tempfile.TemporaryFile() as scratch:
        table = read_table(path, Columns("label", "w"), scratch)
        assert table.names == ["a", "b", "c"]
        assert table.X.tobytes() == X.tobytes()
        assert table.weight is not None
        assert table.weight.tobytes() == S.tobytes()
        assert (table.y == labels).all()
        whole = labels.dtype.kind != "U" and (np.floor(labels) == labels).all()
        assert table.y.dtype.kind == ("i" if whole else labels.dtype.kind)
    with tempfile.TemporaryFile() as scratch:
        found = read_table(path, Columns("label", None, ["c"]), scratch)
        assert (found.X[:, 0] == X[:, 2]).all()
        assert found.weight is None


def test_what_is_wrong_with_a_parquet_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    spoilt = X[:, 0].copy()
    spoilt[8000] = np.inf
    parquet.write_table(pa.table({"a": spoilt, "y": Y, "w": S}), path)
    for columns, said in (
        (Columns("label"), "has no column 'label': its columns are a, y, w"),
        (Columns("y"), "row 8000: column 'a' is inf; drop the row"),
    ):
        with tempfile.TemporaryFile() as scratch, pytest.raises(InputError, match=said):
            read_table(path, columns, scratch)
    path.write_text("no parquet")
    with tempfile.TemporaryFile() as scratch, pytest.raises(InputError, match="is no Parquet file"):
        read_table(path, Columns("y"), scratch)


def read(path: Path, columns: Columns) -> Any:
    with tempfile.TemporaryFile() as scratch:
        return read_table(path, columns, scratch)


def test_rows_after_many_empty_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y\n1,0\n" + "\n" * 9000 + "2,1\n\n3,0\n")
    assert read(path, Columns("y")).y.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        (["9007199254740992", "9007199254740993"], [2**53, 2**53 + 1]),
        (["-1", "+1"], [-1, 1]),
        (["1", "01"], ["1", "01"]),
        (["1_0", "10"], ["1_0", "10"]),
        (["9223372036854775808", "-1"], ["9223372036854775808", "-1"]),
        (["1.0", "2"], [1.0, 2.0]),
        (["0.50", "0.5"], [0.5, 0.5]),
    ],
)
def test_labels_that_differ_stay_different(tmp_path: Path, written: list[str], labels: list[Any]) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y\n" + "".join(f"1,{label}\n" for label in written))
    found = read(path, Columns("y")).y.tolist()
    assert found == labels
    assert list(map(type, found)) == list(map(type, labels))


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (pa.date32(), "1970-01-01"),
        (pa.timestamp("us"), "1970-01-01T00:00:00.000000"),
        (pa.timestamp("ns"), "1970-01-01T00:00:00.000000000"),
        (pa.duration("s"), "0 seconds"),
    ],
)
def test_dates_and_times_are_labels_as_they_are_written(tmp_path: Path, kind: Any, first: str) -> None:
    y = pa.array([0, 86400], pa.int64()).cast(pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)
    parquet.write_table(pa.table({"a": [1.0, 2.0], "y": y}), tmp_path / "data.parquet")
    labels = read(tmp_path / "data.parquet", Columns("y")).y
    assert labels.dtype.kind == "U"
    assert labels[0] == first
    assert labels[1] != first


def test_integers_of_parquet_that_float64_would_merge(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1.0, 2.0], "y": [2**60, 2**60 + 1]}), tmp_path / "data.parquet")
    assert read(tmp_path / "data.parquet", Columns("y")).y.tolist() == [2**60, 2**60 + 1]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("columns", "name"),
    [(Columns("y", None, ["a", "a"]), "a"), (Columns("y", None, ["y"]), "y"), (Columns("y", "y"), "y")],
)
def test_a_column_is_named_once(tmp_path: Path, kind: str, columns: Columns, name: str) -> None:
    path = tmp_path / f"data.{kind}"
    content = pa.table({"a": [1.0, 2.0], "y": [0, 1]})
    {"csv": csv.write_csv, "parquet": parquet.write_table}[kind](content, path)
    with pytest.raises(
        InputError, match=f"column '{name}' is named twice among --target, --weight and --fea"
    ):
        read(path, columns)
