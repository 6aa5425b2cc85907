"""Sparse features: the bits of the dense array, and its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import stablelce as lce
from stablelce.training.inputs import features
from stablelce.training.sparse import SparseRows, is_sparse
from tests.training.data import noisy


def thinned() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    X, y = noisy(80, 4)
    X[np.abs(X) < 0.7] = 0.0
    return X, y


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("solver", ["newton", "gd", "sgd"])
def test_sparse_and_dense_features_give_the_same_bits(kind: Any, solver: Any) -> None:
    X, y = thinned()
    options = {"solver": solver, "l2": 0.1, "tol": 0.05, "batch_size": 20, "random_state": 0}
    dense = lce.LogisticRegression(**options).fit(X, y)
    thin = lce.LogisticRegression(**options).fit(kind(X), y)
    assert thin.coef_.tobytes() == dense.coef_.tobytes()
    assert thin.decision_function(kind(X)).tobytes() == dense.decision_function(X).tobytes()


def test_rows_are_sliced_as_dense_arrays() -> None:
    X, _ = thinned()
    rows = SparseRows(sparse.csc_array(X.astype(np.float32)))
    assert len(rows) == 80
    assert rows.dtype == np.float32
    assert rows[3:7].tolist() == X.astype(np.float32)[3:7].tolist()
    assert rows[3:7].flags.c_contiguous
    assert rows[np.array([5, 2])].tolist() == X.astype(np.float32)[[5, 2]].tolist()


def test_only_matrices_are_sparse() -> None:
    assert is_sparse(sparse.csr_array((2, 2)))
    assert not is_sparse(np.zeros((2, 2)))


def test_an_element_that_is_not_finite_is_found() -> None:
    X, _ = thinned()
    X[17, 2] = np.nan
    with pytest.raises(ValueError, match="contains NaN, at row 17, column 2"):
        features(sparse.csr_array(X))


def test_integers_are_widened_and_complex_numbers_refused() -> None:
    assert features(sparse.csr_array(np.eye(2, dtype=np.int64))).rows.dtype == np.float64
    with pytest.raises(ValueError, match="Complex data not supported"):
        features(sparse.csr_array(np.eye(2) * 1j))


def test_sparse_labels_are_refused() -> None:
    X, y = thinned()
    with pytest.raises(ValueError, match="y is a sparse matrix: pass a dense array"):
        lce.LogisticRegression().fit(X, sparse.csr_array(y.reshape(-1, 1)))
