"""Sums and means over axes: exact, and rounded once.

    sum            sum_i w_i*l_i
    mean           sum_i w_i*l_i / n
    weighted_mean  sum_i w_i*l_i / sum_i w_i

l_i is the rounded loss of an element without its weight w_i. Numerator and denominator are exact, so
neither the order of the elements nor the size of the blocks shows in the result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from stablelce._blocks import Order
from stablelce.formats import Format
from stablelce.sums import ExactSum

__all__ = ["Accumulator", "Layout", "Reduction", "check_reduction"]

Array = npt.NDArray[Any]
Axis = int | tuple[int, ...] | None
Reduction = Literal["none", "sum", "mean", "weighted_mean"]

_OUTPUTS = 512
"""Outputs summed at once: their accumulators take at most 0.6 MB (binary64 with weights)."""


def check_reduction(reduction: object, axis: object) -> None:
    """Refuse what is no reduction, and an axis without one."""
    known = get_args(Reduction)
    if reduction not in known:
        raise ValueError(f"reduction must be one of {', '.join(map(repr, known))}, got {reduction!r}.")
    if reduction == "none" and axis is not None:
        raise ValueError('axis needs a reduction: pass reduction="sum", "mean" or "weighted_mean" too.')


class Layout:
    """Which elements go to which output: the axes that stay come first, those summed over last.

    Parameters
    ----------
    shape : tuple of int
        Shape of the elements.
    axis : int, tuple of int or None
        Axes to sum over, as in NumPy; None for all.

    Attributes
    ----------
    shape : tuple of int
        Shape of the output.
    axes : tuple of int
        Order of the axes of the elements: transposed by it, and in C order, output k is made of the
        elements from k*length to (k+1)*length.
    outputs, length : int
        Number of outputs, and of elements to each.
    """

    def __init__(self, shape: tuple[int, ...], axis: Axis) -> None:
        summed = tuple(range(len(shape))) if axis is None else _normalised(axis, len(shape))
        kept = tuple(k for k in range(len(shape)) if k not in summed)
        self.axes = kept + summed
        self.shape = tuple(shape[k] for k in kept)
        self.outputs = math.prod(self.shape)
        self.length = math.prod(shape[k] for k in summed)

    @property
    def order(self) -> Order:
        """The order of the walk; any, where all elements go to one output."""
        return "K" if self.outputs == 1 else "C"

    def arrange(self, array: Array, shape: tuple[int, ...]) -> Array:
        """The array, broadcast to the shape of the elements, with its axes in this order."""
        return np.broadcast_to(array, shape).transpose(self.axes)

    def arrange_output(self, array: Array) -> Array:
        """An output of the shape of the elements, writable, with its axes in this order."""
        return array.view(np.ndarray).transpose(self.axes)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Ranges of outputs that are summed at once."""
        for first in range(0, self.outputs, _OUTPUTS):
            yield first, min(first + _OUTPUTS, self.outputs)


class Accumulator:
    """The exact numerators and denominators of some consecutive outputs.

    Parameters
    ----------
    fmt : Format
        Format of losses, weights and results.
    reduction : {"sum", "mean", "weighted_mean"}
        What to make of them.
    outputs, length : int
        Number of outputs, and of elements to each.
    weighted : bool
        Whether the elements have weights.
    """

    def __init__(
        self, fmt: Format, reduction: Reduction, outputs: int, length: int, *, weighted: bool
    ) -> None:
        self._fmt = fmt
        self._reduction = reduction
        self._length = length
        self._losses = ExactSum(fmt, outputs, products=weighted)
        self._weights = ExactSum(fmt, outputs) if weighted and reduction == "weighted_mean" else None
        self._added = 0

    def add(self, losses: Array, weights: Array | None) -> None:
        """Add the next block of elements, in the order of the layout."""
        index = None
        if len(self._losses) > 1:
            index = np.arange(self._added, self._added + losses.size) // self._length
        self._added += losses.size
        if weights is None:
            self._losses.add(losses, index)
            return
        # A weight of 0 contributes 0, whatever the loss: it hides infinities and NaN.
        self._losses.add_products(np.where(weights == 0, losses.dtype.type(0), losses), weights, index)
        if self._weights is not None:
            self._weights.add(weights, index)

    def encodings(self) -> list[int]:
        """The results, each rounded once."""
        return [self._encoding(k) for k in range(len(self._losses))]

    def _encoding(self, k: int) -> int:
        if self._reduction == "sum":
            return self._losses.encoding(k)
        # Weights are finite, and so is their sum; 0 elements or a total weight of 0 have no mean.
        divisor = self._length if self._weights is None else cast(Fraction, self._weights.value(k))
        return self._losses.encoding(k, divisor=divisor) if divisor else self._fmt.nan


def _normalised(axis: int | tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Axes counted from the front; NumPy's errors for what is out of range or given twice."""
    try:
        return np.lib.array_utils.normalize_axis_tuple(axis, ndim, argname="axis")
    except TypeError:
        raise TypeError(f"axis must be an integer or a tuple of integers, got {axis!r}.") from None
