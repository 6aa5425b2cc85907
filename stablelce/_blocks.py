"""Walking over arrays of any layout in one-dimensional blocks, with casts, broadcasting and overlap.

``np.nditer`` does what NumPy's own element-wise functions do: buffers of one block for operands of
another byte order or dtype, negative strides, broadcasting, and a copy of an operand where ``out``
overlaps it in part (an ``out`` that is an operand, element for element, needs none).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Order", "Walk"]

Array = npt.NDArray[Any]
Order = Literal["K", "C"]

_Flag = Literal["readonly", "writeonly", "no_broadcast", "overlap_assume_elementwise"]
_READ: list[_Flag] = ["readonly", "overlap_assume_elementwise"]
_WRITE: list[_Flag] = ["writeonly", "no_broadcast", "overlap_assume_elementwise"]


class Walk:
    """One pass over inputs and outputs of one shape.

    Parameters
    ----------
    inputs : sequence of ndarray
        Read in blocks of the dtypes given, by casts that are exact.
    outputs : sequence of ndarray
        Written by way of their blocks.
    dtypes : sequence of dtype
        Native dtypes of the blocks, inputs before outputs.
    order : {"K", "C"}
        "K" follows the memory, "C" the elements in C order.
    block : int
        Elements to a block at most.

    Notes
    -----
    A context manager: outputs hold their results after it has ended.
    """

    def __init__(
        self,
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        dtypes: Sequence[np.dtype[Any]],
        order: Order,
        block: int,
    ) -> None:
        self._iterator = np.nditer(
            [*inputs, *outputs],
            flags=["external_loop", "buffered", "ranged", "zerosize_ok", "copy_if_overlap", "delay_bufalloc"],
            op_flags=[_READ] * len(inputs) + [_WRITE] * len(outputs),
            op_dtypes=list(dtypes),
            casting="unsafe",
            order=order,
            buffersize=block,
        )

    def __enter__(self) -> Walk:
        self._iterator.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._iterator.close()

    def blocks(self, start: int, stop: int) -> Iterator[tuple[Array, ...]]:
        """The blocks of the elements from ``start`` to ``stop``, in the order of the walk."""
        if start == stop:
            return
        self._iterator.reset()
        self._iterator.iterrange = (start, stop)  # type: ignore[misc]  # writable, whatever NumPy's stubs say
        for views in self._iterator:
            yield views if isinstance(views, tuple) else (views,)
