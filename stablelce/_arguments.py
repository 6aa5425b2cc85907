"""The rules for arguments: which types are taken, what the result's dtype is, which values are refused.

Everything here runs before anything is written, and looks at arrays in blocks.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import FORMATS, Format, find_format
from stablelce.kernels import BLOCK, convert

__all__ = [
    "FlushToZeroWarning",
    "Operand",
    "check_output",
    "check_targets",
    "common_shape",
    "floats",
    "operand",
    "result_dtype",
    "smoothing_value",
    "warn_of_flush_to_zero",
    "weights",
]

Array = npt.NDArray[Any]
Test = Callable[[Array], npt.NDArray[np.bool_]]

_FIXES = {
    "c": "pass its .real part if the imaginary part is zero",
    "O": "convert it with .astype(float)",
    "S": "convert it with .astype(float)",
    "U": "convert it with .astype(float)",
    "T": "convert it with .astype(float)",
    "m": "divide it by a unit, as in x / np.timedelta64(1, 's')",
    "M": "subtract an origin and divide by a unit",
}


class FlushToZeroWarning(RuntimeWarning):
    """The process flushes subnormal numbers to zero, so results near zero are wrong."""


def warn_of_flush_to_zero() -> None:
    """Warn when half of the smallest normal number is zero in this thread."""
    if sys.float_info.min * 0.5 == 0.0:
        warnings.warn(
            "this thread flushes subnormal numbers to zero, so tiny results are wrong: a library loaded "
            "into the process was built with -ffast-math, or switched it on; find it and switch it off.",
            FlushToZeroWarning,
            stacklevel=4,  # past the public function's own frames, to the line that called it
        )


# -- types -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument: an array of a type that is taken, or a Python scalar, still exact."""

    name: str
    value: Array | float | int

    @property
    def is_scalar(self) -> bool:
        """Whether it is a Python scalar, which takes the dtype of the other operand."""
        return not isinstance(self.value, np.ndarray)

    @property
    def floating(self) -> np.dtype[Any] | None:
        """The native dtype of a floating array, else None."""
        if isinstance(self.value, np.ndarray) and self.value.dtype.kind not in "biu":
            return self.value.dtype.newbyteorder("=")
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape if isinstance(self.value, np.ndarray) else ()


def operand(value: object, name: str) -> Operand:
    """Accept an argument, or say what to do about it.

    Raises
    ------
    TypeError
        It is complex, an object, a string, a longdouble, a masked array, or no array at all.
    ValueError
        It is a nested sequence whose rows differ in length.
    """
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return Operand(name, value)
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array: pass its data, and weight=~mask to leave elements out.")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is not one array: {error}") from None
    kind = array.dtype.kind
    if kind == "O" and array.ndim == 0 and value is not array:
        raise TypeError(f"{name} is a {type(value).__name__}: pass a float, an array, or a list of numbers.")
    if array.dtype.char == "g":
        raise TypeError(f"{name} has dtype {array.dtype}: convert it with .astype(np.float64).")
    if kind in _FIXES:
        raise TypeError(f"{name} has dtype {array.dtype}, not real numbers: {_FIXES[kind]}.")
    if kind not in "biu" and array.dtype.name not in {fmt.dtype_name for fmt in FORMATS}:
        raise TypeError(
            f"{name} has dtype {array.dtype}: use float16, bfloat16, float32, float64, an integer or bool."
        )
    return Operand(name, array)


def result_dtype(z: Operand, t: Operand | None = None) -> np.dtype[Any]:
    """The dtype of the results.

    The wider of the floating operands; an array of integers or bool for z counts as float64, a Python
    scalar or integer targets as nothing; float64 if nothing else decides.

    Raises
    ------
    TypeError
        float16 meets bfloat16: neither holds the other.
    """
    default = np.dtype(np.float64)
    z_dtype = z.floating if z.is_scalar or z.floating is not None else default
    t_dtype = t.floating if t is not None else None
    if z_dtype is None or t_dtype is None:
        return z_dtype or t_dtype or default
    widths = find_format(z_dtype).width, find_format(t_dtype).width
    if widths[0] == widths[1] and z_dtype != t_dtype:
        raise TypeError(
            f"z is {z_dtype} and t is {t_dtype}, and neither holds the other: convert both to float32."
        )
    return t_dtype if widths[1] > widths[0] else z_dtype


def common_shape(**operands: Operand | None) -> tuple[int, ...]:
    """The shape that the arguments broadcast to.

    Raises
    ------
    ValueError
        They do not; the message shows every shape.
    """
    shapes = {name: argument.shape for name, argument in operands.items() if argument is not None}
    # Not np.broadcast_shapes, which takes 32 dimensions where arrays have up to 64.
    common = []
    for k in range(-max(map(len, shapes.values())), 0):
        sizes = {shape[k] for shape in shapes.values() if len(shape) >= -k} - {1}
        if len(sizes) > 1:
            shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"shapes do not broadcast together: {shown}.")
        common.append(sizes.pop() if sizes else 1)
    return tuple(common)


# -- values ------------------------------------------------------------------------------------


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
