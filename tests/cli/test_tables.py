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
