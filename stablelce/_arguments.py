"""The rules for the types of arguments: which are taken, and what dtype and shape the result has."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import FORMATS, find_format

__all__ = [
    "FlushToZeroWarning",
    "Operand",
    "common_shape",
    "operand",
    "result_dtype",
    "warn_of_flush_to_zero",
]

Array = npt.NDArray[Any]

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
