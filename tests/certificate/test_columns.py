"""The data of a certificate: sparse matrices and frames become the arrays that ``fit`` makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.certificate.columns import numbers_per_row, rows_of_numbers

Y = np.array([0, 1])


class Frame:
    """Columns by name, as polars offers them; as an array they are objects."""

    def __init__(self, **columns: Any) -> None:
        self.columns = list(columns)
        self._columns = {name: np.asarray(column) for name, column in columns.items()}

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]

    def to_numpy(self) -> Any:
        return np.column_stack([column.astype(object) for column in self._columns.values()])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.to_numpy()


def test_a_frame_of_floats_and_bools() -> None:
    found = rows_of_numbers(Frame(a=[1.5, 2.5], b=[True, False]), Y)
    assert found.tolist() == [[1.5, 1.0], [2.5, 0.0]]
    assert found.dtype == np.float64


def test_a_column_of_no_numbers_is_named() -> None:
    with pytest.raises(TypeError, match="column 'b' of X holds <U1, not numbers"):
        rows_of_numbers(Frame(a=[1.5, 2.5], b=["x", "y"]), Y)


def test_frames_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.5, 2.5], "b": [True, False]})
    assert rows_of_numbers(frame, Y).tolist() == [[1.5, 1.0], [2.5, 0.0]]
    assert rows_of_numbers(frame[["a"]].astype("Float64"), Y).tolist() == [[1.5], [2.5]]


def test_sparse_rows() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0.0, 2.0], [3.0, 0.0]])
    for matrix in (sparse.csr_matrix(dense), sparse.coo_array(dense)):
        assert rows_of_numbers(matrix, Y).tolist() == dense.tolist()


def test_arrays_stay_as_they_are() -> None:
    X = np.ones((2, 1))
    assert rows_of_numbers(X, Y) is X


def test_blocks_are_refused() -> None:
    for X, y in ((lambda: iter([]), Y), ([(np.ones((2, 1)), Y)], None)):
        with pytest.raises(TypeError, match="put the blocks into one X and one y"):
            rows_of_numbers(X, y)


def test_a_number_stands_for_one_per_row() -> None:
    found = numbers_per_row(0.5, "sample_weight", 3)
    assert found is not None
    assert found.tolist() == [0.5, 0.5, 0.5]
    assert numbers_per_row(None, "sample_weight", 3) is None
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        numbers_per_row(np.ma.masked_array([1.0]), "sample_weight", 1)
