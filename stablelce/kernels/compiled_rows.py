"""Rows of a table into columns, several entries at a time.

A vectoriser makes a gather of ``column[index[i]]``, one for each column, which many processors take apart
into a load for each element and more. A load for each row, and shuffles between registers, took 0.4
instead of 1.5 ns for four columns where this was measured, once (AVX-512, Zen 4).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels.compiled_vocabulary import inlined, intrinsic, ir, make_array, types

__all__ = ["CHUNK", "columns_of", "lanes", "rows_into_columns"]

CHUNK = 512
"""Elements per chunk: some twenty columns of binary64 stay in the caches."""

STRIDE = CHUNK + 24
"""From column to column, so that no two of them begin in the same set of a cache."""


@inlined
def columns_of(count: Any) -> Any:
    """Room for that many columns, each beginning with a line of 64 bytes.

    An allocator gives half a line or less, by chance, and a vector of 64 bytes that lies in two lines takes
    twice the time: all of it, where nothing but columns is read and written.
    """
    room = np.empty(count * STRIDE + 8)
    first = -(room.ctypes.data // 8) % 8
    return room[first : first + count * STRIDE].reshape(count, STRIDE)


_WORD, _SHORT, _NUMBER = ir.IntType(64), ir.IntType(32), ir.DoubleType()


def lanes(width: int) -> int:
    """Entries read in one step: sixteen numbers in all."""
    return 16 // width


def rows_into_columns(width: int) -> Any:
    """A step ``f(table, index, start, columns)``: ``columns[c, start + l] = table[index[start + l], c]``.

    For ``lanes(width)`` entries l and all c; ``table`` is C-ordered with ``width`` columns, a power of two,
    and ``columns`` C-ordered with rows of STRIDE. Nothing is checked.
    """

    def typed(_context: Any, table: Any, index: Any, start: Any, columns: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            rows, places, out = (_data(context, builder, signature, arguments, k) for k in (0, 1, 3))
            first = arguments[2]
            values = _rows(builder, width, rows, builder.gep(places, [first]))
            nothing = ir.Constant(values.type, ir.Undefined)
            for c in range(width):
                column = builder.shuffle_vector(values, nothing, _lanes(range(c, 16, width)))
                target = builder.gep(out, [builder.add(first, ir.Constant(_WORD, c * STRIDE))])
                builder.store(column, builder.bitcast(target, column.type.as_pointer()), align=8)
            return context.get_dummy_value()

        return types.void(table, index, start, columns), generate

    return intrinsic(typed)


def _data(context: Any, builder: Any, signature: Any, arguments: Any, k: int) -> Any:
    """The address of the first element of an argument."""
    array: Any = make_array
    return array(signature.args[k])(context, builder, arguments[k]).data


def _rows(builder: Any, width: int, table: Any, places: Any) -> Any:
    """Some rows, one after the other in one vector."""
    row = ir.VectorType(_NUMBER, width).as_pointer()
    parts = []
    for lane in range(lanes(width)):
        index = builder.zext(builder.load(builder.gep(places, [ir.Constant(_WORD, lane)])), _WORD)
        source = builder.gep(table, [builder.mul(index, ir.Constant(_WORD, width))])
        parts.append(builder.load(builder.bitcast(source, row), align=8))
    while len(parts) > 1:
        both = _lanes(range(2 * parts[0].type.count))
        parts = [builder.shuffle_vector(a, b, both) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _lanes(positions: range) -> Any:
    return ir.Constant(ir.VectorType(_SHORT, len(positions)), list(positions))
