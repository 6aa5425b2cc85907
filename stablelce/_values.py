"""The rules for the values of arguments: which are refused, and how single numbers are rounded.

Everything here runs before anything is written, and looks at arrays in blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce._arguments import Operand, operand
from stablelce.formats import Format, find_format
from stablelce.kernels import BLOCK, convert

__all__ = ["check_output", "check_targets", "floats", "smoothing_value", "weights"]

Array = npt.NDArray[Any]
Test = Callable[[Array], npt.NDArray[np.bool_]]


def floats(argument: Operand, dtype: np.dtype[Any]) -> Array:
    """The argument as an array; a Python scalar is rounded once to ``dtype``."""
    if isinstance(argument.value, np.ndarray):
        return argument.value
    fmt = find_format(dtype)
    return np.array(_encoding(argument.value, fmt), dtype=fmt.uint).view(dtype)


def check_targets(t: Operand) -> None:
    """Refuse targets outside [0, 1]; NaN is not outside.

    Raises
    ------
    ValueError
        Naming how many are outside, and the first of them.
    """
    if isinstance(t.value, np.ndarray):
        if t.value.dtype.kind == "b":
            return
        count, first = _find(t.value, lambda block: (block < 0) | (block > 1))
        if count:
            raise ValueError(f"t must lie in [0, 1]: {_described(t.value, count, first)}.")
    elif t.value < 0 or t.value > 1:
        raise ValueError(f"t must lie in [0, 1]: got {_shown(t.value)}.")


def weights(argument: Operand, dtype: np.dtype[Any]) -> Array:
    """A checked weight as an array; a single number in the result's dtype already.

    Raises
    ------
    ValueError
        An element is negative, infinite or NaN, or becomes infinite in ``dtype``.
    """
    fmt = find_format(dtype)
    name = argument.name
    rule = f"{name} must be finite and not negative in {fmt.dtype_name}"
    if not isinstance(argument.value, np.ndarray):
        encoding = _encoding(argument.value, fmt)
        if argument.value < 0 or not fmt.is_finite(encoding):
            raise ValueError(f"{rule}: got {_shown(argument.value)}.")
        return np.array(encoding, dtype=fmt.uint).view(dtype)
    array = argument.value

    def refused(block: Array) -> npt.NDArray[np.bool_]:
        bits = convert(block, dtype).view(fmt.uint)
        bad: npt.NDArray[np.bool_] = (block < 0) | ((bits & fmt.uint.type(fmt.sign_bit - 1)) >= fmt.infinity)
        return bad

    count, first = _find(array, refused)
    if count:
        raise ValueError(f"{rule}: {_described(array, count, first)}.")
    if array.ndim == 0:
        native = array.astype(array.dtype.newbyteorder("="))
        return convert(native.reshape(1), dtype).reshape(())
    return array


def smoothing_value(value: object, dtype: np.dtype[Any]) -> float:
    """The label smoothing, rounded once to ``dtype``.

    Raises
    ------
    TypeError
        It is not a single real number.
    ValueError
        It lies outside [0, 1].
    """
    argument = operand(value, "label_smoothing")
    if argument.shape != ():
        raise TypeError(f"label_smoothing must be a single number, got an array of shape {argument.shape}.")
    number = float(argument.value) if isinstance(argument.value, np.ndarray) else argument.value
    if not 0 <= number <= 1:
        raise ValueError(f"label_smoothing must lie in [0, 1]: got {_shown(number)}.")
    fmt = find_format(dtype)
    return float(fmt.to_fraction(_encoding(number, fmt)))


def check_output(out: object, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Accept an output array of the right dtype and shape, in any layout and byte order.

    Raises
    ------
    TypeError
        It is no array, a masked array, or of another dtype.
    ValueError
        It has another shape, or is read-only.
    """
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a NumPy array, got {type(out).__name__}.")
    if out.dtype.newbyteorder("=") != dtype:
        raise TypeError(f"{name} has dtype {out.dtype}, but the result has {dtype}: make it of that dtype.")
    if out.shape != shape:
        raise ValueError(f"{name} has shape {out.shape}, but the result has {shape}.")
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only: pass an array that can be written.")
    return out


# -- inside ------------------------------------------------------------------------------------


def _shown(value: float) -> str:
    """A Python number; of one with hundreds of digits, which Python may refuse to write, the length only."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"{'a negative' if value < 0 else 'an'} integer of {value.bit_length()} bits"
    return str(value)


def _encoding(value: float, fmt: Format) -> int:
    """A Python number rounded once, whatever its size."""
    if isinstance(value, float) and math.isnan(value):
        return fmt.nan
    if isinstance(value, float) and math.isinf(value):
        return fmt.infinity | (fmt.sign_bit if value < 0 else 0)
    return fmt.round(Fraction(value))


def _blocks_in_order(array: Array) -> Iterator[Array]:
    """The elements in C order, native, a block at a time."""
    iterator = np.nditer(
        [array],
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[["readonly"]],
        op_dtypes=[array.dtype.newbyteorder("=")],
        order="C",
        buffersize=BLOCK,
    )
    if array.size:
        yield from iterator


def _find(array: Array, refused: Test) -> tuple[int, int]:
    """How many elements are refused, and the position of the first in C order."""
    count = first = start = 0
    for block in _blocks_in_order(array):
        bad = refused(block)
        if not count and bad.any():
            first = start + int(bad.argmax())
        count += int(np.count_nonzero(bad))
        start += block.size
    return count, first


def _described(array: Array, count: int, first: int) -> str:
    """Such as: 2 elements are not, the first is 1.5 at index (0, 3)."""
    if array.ndim == 0:
        return f"got {array[()]}"
    index = np.unravel_index(first, array.shape)
    place = tuple(int(i) for i in index)
    many = "1 element is not" if count == 1 else f"{count} elements are not"
    return f"{many}, the first is {array[place]} at index {place[0] if len(place) == 1 else place}"
