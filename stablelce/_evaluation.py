"""From accepted arguments to results: every public function is one of these two passes over blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce._arguments import common_shape, operand, result_dtype, warn_of_flush_to_zero
from stablelce._blocks import Order, Walk
from stablelce._reductions import Accumulator, Axis, Layout, Reduction
from stablelce._values import check_output, check_targets, floats, smoothing_value, weights
from stablelce.formats import Format, find_format
from stablelce.kernels import block, convert, evaluate, smooth

__all__ = ["Request", "elementwise", "prepare", "reduced"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Request:
    """Checked arguments: the arrays by name, and what they decide."""

    inputs: dict[str, Array]
    smoothing: float
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def format(self) -> Format:
        return find_format(self.dtype)

    def walk(self, outputs: list[Array], layout: Layout, order: Order) -> Walk:
        """A pass over the inputs and these outputs, arranged by a layout."""
        arrays = [layout.arrange(array, self.shape) for array in self.inputs.values()]
        # z and t widen exactly to the result's dtype on the way; weights may have to be rounded.
        kinds = [
            self.dtype if name in {"z", "t"} else array.dtype.newbyteorder("=")
            for name, array in self.inputs.items()
        ]
        arranged = [layout.arrange_output(array) for array in outputs]
        # Smoothed targets and weights are made by NumPy, in temporaries of a block.
        weighted = self.smoothing != 0 or not self.inputs.keys() <= {"z", "t"}
        size = block(self.format, math.prod(self.shape), weighted=weighted)
        return Walk(arrays, arranged, kinds + [self.dtype] * len(outputs), order, size)

    def arguments(self, views: tuple[Array, ...]) -> dict[str, Array]:
        """The blocks of the inputs as the kernels take them: all of the result's dtype."""
        blocks = dict(zip(self.inputs, views, strict=False))
        for name in {"weight", "pos_weight"} & blocks.keys():
            blocks[name] = convert(blocks[name], self.dtype)
        if self.smoothing:
            blocks["t"] = smooth(blocks["t"], self.smoothing)
        return blocks


def prepare(
    z: object,
    t: object = None,
    *,
    weight: object = None,
    pos_weight: object = None,
    label_smoothing: object = 0.0,
    validate: bool = True,
    needs_target: bool = False,
) -> Request:
    """Check all arguments but the outputs; a weight of None is absent, and so is a target if it may be."""
    if needs_target and t is None:
        raise TypeError("t is None: pass the targets, numbers in [0, 1].")
    warn_of_flush_to_zero()
    logits = operand(z, "z")
    targets = None if t is None else operand(t, "t")
    dtype = result_dtype(logits, targets)
    given = {
        name: operand(value, name)
        for name, value in (("weight", weight), ("pos_weight", pos_weight))
        if value is not None
    }
    shape = common_shape(z=logits, t=targets, **given)
    with np.errstate(all="ignore"):
        smoothing = smoothing_value(label_smoothing, dtype)
        if targets is None and ("pos_weight" in given or smoothing):
            raise TypeError("pos_weight and label_smoothing act on the target: pass t too.")
        inputs = {"z": floats(logits, dtype)}
        if targets is not None:
            if validate:
                check_targets(targets)
            inputs["t"] = floats(targets, dtype)
        inputs |= {name: weights(argument, dtype) for name, argument in given.items()}
    return Request(inputs, smoothing, shape, dtype)


def elementwise(request: Request, outs: Mapping[str, object]) -> tuple[Any, ...]:
    """Compute quantities element by element, into the arrays given or, for None, into new ones."""
    outputs = _outputs(request, {name: (out, request.shape) for name, out in outs.items()})
    layout = Layout(request.shape, ())
    with np.errstate(all="ignore"), request.walk(list(outputs.values()), layout, "K") as walk:
        for views in walk.blocks(0, layout.outputs):
            blocks = zip(outputs, views[len(request.inputs) :], strict=True)
            evaluate(dict(blocks), **request.arguments(views))
    return _returned(outputs, outs)


def reduced(
    request: Request, reduction: Reduction, axis: Axis, outs: Mapping[str, object]
) -> tuple[Any, ...]:
    """Reduce the loss over axes and, if "gradient" is among the outputs, compute it element by element."""
    layout = Layout(request.shape, axis)
    shapes = {"loss": layout.shape, "gradient": request.shape}
    outputs = _outputs(request, {name: (out, shapes[name]) for name, out in outs.items()})
    losses_out = outputs["loss"]
    # Outputs are written while inputs are still to be read, so an overlap needs an array of its own.
    shared = any(np.may_share_memory(losses_out, array) for array in request.inputs.values())
    destination = np.empty(layout.shape, request.dtype) if shared else losses_out
    gradients = [array for name, array in outputs.items() if name == "gradient"]
    weighted = "weight" in request.inputs
    with np.errstate(all="ignore"), request.walk(gradients, layout, layout.order) as walk:
        for first, last in layout.chunks():
            sums = Accumulator(request.format, reduction, last - first, layout.length, weighted=weighted)
            for views in walk.blocks(first * layout.length, last * layout.length):
                arguments = request.arguments(views)
                weight = arguments.pop("weight", None)
                losses = np.empty(views[0].shape, request.dtype)
                evaluate({"loss": losses}, **arguments)
                sums.add(losses, weight)
                if gradients:  # last: its block may be the memory of an input
                    evaluate({"gradient": views[-1]}, weight=weight, **arguments)
            encodings = np.array(sums.encodings(), dtype=request.format.uint)
            destination.flat[first:last] = encodings.view(request.dtype)
    if shared:
        losses_out[...] = destination
    return _returned(outputs, outs)


def _outputs(request: Request, wanted: dict[str, tuple[object, tuple[int, ...]]]) -> dict[str, Array]:
    """Output arrays by quantity: those given, checked, or new ones."""
    outputs = {}
    for quantity, (out, shape) in wanted.items():
        name = "out" if len(wanted) == 1 else f"the {quantity} array in out"
        if out is None:
            outputs[quantity] = np.empty(shape, request.dtype)
        else:
            outputs[quantity] = check_output(out, name, shape, request.dtype)
    arrays = list(outputs.values())
    if len(arrays) == 2 and _overlap(arrays[0], arrays[1]):
        raise ValueError("the two arrays in out overlap: each result needs memory of its own.")
    return outputs


def _overlap(a: Array, b: Array) -> bool:
    """Whether any element has memory in both; yes where that is too hard to find out."""
    shares: Any = np.shares_memory  # whose stubs know no other amount of work than all and none
    try:
        return bool(shares(a, b, max_work=10**6))
    except np.exceptions.TooHardError:
        return True


def _returned(outputs: dict[str, Array], outs: Mapping[str, object]) -> tuple[Any, ...]:
    """The outputs; a new one without dimensions as a NumPy scalar."""
    return tuple(array if outs[name] is not None else array[()] for name, array in outputs.items())
