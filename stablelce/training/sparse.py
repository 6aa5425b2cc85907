"""Sparse features, of scipy or alike: rows are made dense a block at a time, when a pass reads them.

A zero that is not stored enters every sum as the zero that it is, so the results have the bits that the
dense array gives. scipy itself is not imported: whoever has a sparse matrix has loaded it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SparseRows", "is_sparse"]

Array = npt.NDArray[Any]


def is_sparse(value: object) -> bool:
    """Whether it can be had by compressed rows."""
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


class SparseRows:
    """The rows of a sparse matrix, dense where they are sliced.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array
        In any format; kept by compressed rows.
    """

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix.tocsr()
        self.shape: tuple[int, int] = self._matrix.shape
        self.dtype: np.dtype[Any] = self._matrix.dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array) -> Array:
        """Those rows as a dense array in C order."""
        dense: Array = self._matrix[rows].toarray(order="C")
        return dense

    def astype(self, dtype: npt.DTypeLike) -> SparseRows:
        """The same with elements of another dtype."""
        return SparseRows(self._matrix.astype(dtype))

    @property
    def stored(self) -> Array:
        """The stored elements."""
        elements: Array = self._matrix.data
        return elements

    def position(self, stored: int) -> tuple[int, int]:
        """Row and column of a stored element."""
        row = int(np.searchsorted(self._matrix.indptr, stored, side="right")) - 1
        return row, int(self._matrix.indices[stored])
