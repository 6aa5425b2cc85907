"""Arrays: a result that depends on the shape, the layout, the length, the place, or the other elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import (
    ALL,
    GITHUB,
    WIDE,
    Array,
    Fault,
    Trigger,
    narrowed,
    right,
)
from stablelce.conformance.faults.shows import alone, argument_changed, dtype, layout, shape
from stablelce.formats import find_format

__all__ = ["FAULTS"]

_loss, _gradient, _sigmoid = right("loss"), right("gradient"), right("sigmoid")
_LANES = "depends on place or length"


def _fault(
    name: str,
    text: str,
    quantity: str,
    compute: Callable[..., Any],
    url: str,
    expected: dict[str, str],
    *,
    trigger: Trigger | None = None,
    mode: str = "array",
    formats: tuple[str, ...] = WIDE,
    **attributes: Any,
) -> Fault:
    return Fault(
        name=name,
        formula=text,
        functions={quantity: compute},
        quantity=quantity,
        failure_mode=mode,
        url=f"{GITHUB}/{url}" if url else "",
        trigger=trigger or Trigger((1.0, -2.0, 0.5, 3.0, 0.25), (0.0, 1.0, 0.0, 1.0, 1.0), formats[-1]),
        expected=expected,
        kind="batch",
        formats=formats,
        **attributes,
    )


def _steps(result: Any, steps: Any) -> Any:
    """Results moved along the floats, where they are finite and not 0."""
    array = np.asarray(result)
    fmt = find_format(array.dtype)
    bits = fmt.encodings(array)
    moved = fmt.array(fmt.from_ordinals(fmt.ordinals(bits) + np.broadcast_to(steps, array.shape)))
    return np.where(np.isfinite(array) & (array != 0), moved, array)[()]


def _place(shape: tuple[int, ...]) -> Array:
    return np.arange(int(np.prod(shape))).reshape(shape)


# -- lanes -----------------------------------------------------------------------------------------


def _scalar_tail(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    size = np.size(result)
    return _steps(result, _place(np.shape(result)) >= size - size % 4)


def _length_of_four(z: Array) -> Any:
    return _steps(_sigmoid(z), int(np.size(z) % 4 == 0))


def _first_of_a_packet(z: Array) -> Any:
    p = np.asarray(_sigmoid(z))
    bad = 0.5 + 0.5 * np.tanh(np.asarray(z) / 2)
    return np.where((_place(z.shape) % 8 == 7) & np.isfinite(z), bad, p).astype(z.dtype)[()]


def _large_array(z: Array, t: Array) -> Any:
    return _steps(_loss(z, t), int(np.size(z) >= 50_000))


def _last_of_a_block(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    return _steps(result, _place(np.shape(result)) % 4096 == 4095)


# -- the other elements ----------------------------------------------------------------------------


def _common_maximum(z: Array, t: Array) -> Any:
    """log(exp(-m) + exp(z-m)) + m with one m for the whole array, at hard targets."""
    result = np.asarray(_loss(z, t))
    if not np.isfinite(z).any():
        return result[()]
    with np.errstate(all="ignore"):
        m = max(float(z[np.isfinite(z)].max()), 0.0)
        shifted = np.log(np.exp(-m) + np.exp(z.astype(np.float64) - m)) + m
    hard = np.isfinite(z) & (t == 0) & (m > 30)
    return np.where(hard, shifted, result).astype(z.dtype)[()]


def _spread_by_a_mask(z: Array, t: Array) -> Any:
    result = np.asarray(_loss(z, t))
    with np.errstate(all="ignore"):
        return (result + 0 * np.where(np.isnan(result), result, 0).sum()).astype(z.dtype)[()]


def _clipped_norm(z: Array, t: Array) -> Any:
    g = np.asarray(_gradient(z, t))
    norm = float(np.sqrt(np.sum(np.where(np.isfinite(g), g, 0).astype(np.float64) ** 2)))
    return (g * g.dtype.type(min(1.0, 5.0 / max(norm, 1e-30))))[()]


def _labels_from_the_data(z: Array, t: Array) -> Any:
    if np.size(t) > 1 and np.all(t == 1):
        return _loss(z, np.zeros_like(t))
    return _loss(z, t)


def _centred(z: Array) -> Any:
    shift = z.dtype.type(float(np.mean(np.clip(z, -1, 1).astype(np.float64))) * 2.0**-10) if z.size else 0
    return _sigmoid(np.where(np.isfinite(z), z - shift, z) if z.size > 1 else z)


# -- shape and dtype -------------------------------------------------------------------------------


def _one_dimensional(z: Array, t: Array) -> Any:
    return np.ravel(_loss(z, t))


def _at_least_one_dimension(z: Array, t: Array) -> Any:
    return np.atleast_1d(_loss(z, t))


def _empty_refused(z: Array, t: Array) -> Any:
    if z.size == 0:
        raise ValueError("zero-size array to reduction operation maximum which has no identity")
    return _loss(z, t)


def _outer(z: Array, t: Array) -> Any:
    """A column of logits against a row of targets is taken for pairs, where the sizes allow it."""
    if np.ndim(z) == 2 and z.shape[1] == 1 and np.ndim(t) == 1:
        return _loss(z[: t.size, 0], t[: z.size])
    return _loss(z, t)


def _target_of_the_first(z: Array, t: Array) -> Any:
    """A single target beside many logits is used for the first; the others get 0."""
    if np.size(t) == 1 and np.size(z) > 1:
        filled = np.zeros(np.shape(z), z.dtype)
        filled.flat[0] = np.ravel(t)[0]
        return _loss(z, filled)
    return _loss(z, t)


def _promoted(z: Array, t: Array) -> Any:
    return np.asarray(_loss(z, t)).astype(np.float64)[()]


def _narrow_result(z: Array, t: Array) -> Any:
    return np.asarray(_loss(z, t)).astype(np.float32)[()]


def _promoted_scalar(z: Array, t: Array) -> Any:
    return np.float64(_loss(z, t)) if np.ndim(z) == 0 else _loss(z, t)


def _python_float(z: Array, t: Array) -> Any:
    return float(_loss(z, t)) if np.ndim(z) == 0 else _loss(z, t)


# -- layout ----------------------------------------------------------------------------------------


def _strides_ignored(z: Array, t: Array) -> Any:
    base = z.base
    if isinstance(base, np.ndarray) and base.size >= z.size and base.dtype == z.dtype and z.ndim == 1:
        return _loss(np.ravel(base)[: z.size], t)
    return _loss(z, t)


def _memory_order(z: Array, t: Array) -> Any:
    flat = np.asarray(_loss(z, t)).ravel(order="C")
    return flat.reshape(z.shape, order="F") if z.flags.f_contiguous and z.ndim == 2 else _loss(z, t)


def _mixed_orders(z: Array, t: Array) -> Any:
    if np.ndim(z) == 2 and np.ndim(t) == 2 and z.flags.c_contiguous != np.asarray(t).flags.c_contiguous:
        t = np.asarray(t).ravel(order="K").reshape(np.shape(t))
    return _loss(z, t)


def _misaligned(z: Array) -> Any:
    return _steps(_sigmoid(z), int(z.ctypes.data % 16 != 0))


def _repeated(z: Array, t: Array) -> Any:
    """Stride 0 is taken for the size of an element: memory beyond would be read; here, zeros."""
    if z.ndim == 1 and z.size > 1 and z.strides == (0,):
        return _loss(np.append(z[:1], np.zeros(z.size - 1, z.dtype)), t)
    return _loss(z, t)


def _write_protected(z: Array, t: Array) -> Any:
    if not z.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return _loss(z, t)


def _in_place(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    if z.ndim and z.flags.writeable:
        np.abs(z, out=z)
    return result


def _targets_in_place(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    if np.ndim(t) and t.flags.writeable:
        np.clip(t, t.dtype.type(2.0**-7), t.dtype.type(1 - 2.0**-7), out=t)
    return result


def _pair_of_another_gradient(z: Array, t: Array) -> tuple[Any, Any]:
    return _loss(z, t), narrowed(-np.asarray(_gradient(z, t)), z.dtype)


def _both_in_fortran_order(z: Array, t: Array) -> tuple[Array, Array]:
    return np.asfortranarray(z.reshape(4, 6)), np.asfortranarray(t.reshape(4, 6))


def _targets_in_fortran_order(z: Array, t: Array) -> tuple[Array, Array]:
    return z.reshape(4, 6), np.asfortranarray(t.reshape(4, 6))


def _frozen(z: Array, t: Array) -> tuple[Array, Array]:
    z.flags.writeable = False
    return z, t


def _pair_differs(_gradient_alone: Callable[..., Any], _name: str) -> bool:
    z, t = np.array([1.0]), np.array([0.0])
    return bool(_pair_of_another_gradient(z, t)[1][0] != _gradient(z, t)[0])


_ALONE = {"lanes": _LANES}

FAULTS = (
    _fault(
        "scalar tail of a vector loop",
        "the last n mod 4 elements differ by one unit",
        "loss",
        _scalar_tail,
        "tensorflow/tensorflow/issues/33878",
        _ALONE,
        shows=alone(6),
    ),
    _fault(
        "another kernel for lengths divisible by four",
        "one unit more in arrays of 4, 8, 12, ...",
        "sigmoid",
        _length_of_four,
        "tensorflow/tensorflow/issues/35309",
        _ALONE,
        trigger=Trigger((34.0, 0.0, 0.0, 0.0), (0.0,) * 4),
        shows=alone(8),
    ),
    _fault(
        "another formula at one place of a packet",
        "0.5 + 0.5*tanh(z/2) at places 7, 15, ...",
        "sigmoid",
        _first_of_a_packet,
        "clab/dynet/issues/1090",
        _ALONE,
        trigger=Trigger((-17.0502529144,) * 8, (0.0,) * 8, "float32"),
        formats=("float64", "float32"),
    ),
    _fault(
        "another kernel for large arrays",
        "one unit more from 50,000 elements on",
        "loss",
        _large_array,
        "",
        _ALONE,
        shows=alone(50_000),
    ),
    _fault(
        "seam of two blocks",
        "one unit more at places 4095, 8191, ...",
        "loss",
        _last_of_a_block,
        "",
        _ALONE,
        shows=alone(4096),
    ),
    _fault(
        "one maximum for the whole array",
        "log(exp(-m) + exp(z-m)) + m with m over all elements",
        "loss",
        _common_maximum,
        "scikit-learn/scikit-learn/issues/17978",
        _ALONE,
        trigger=Trigger((-1.0, 800.0), (0.0, 0.0)),
    ),
    _fault(
        "NaN spread by a masked sum",
        "loss + 0*sum(masked losses)",
        "loss",
        _spread_by_a_mask,
        "pytorch/pytorch/issues/121416",
        {"NaN": "NaN spread"},
        trigger=Trigger((1.0, float("nan")), (0.0, 0.0)),
    ),
    _fault(
        "gradient clipped by its norm",
        "g*min(1, 5/|g|) over the array",
        "gradient",
        _clipped_norm,
        "",
        _ALONE,
        trigger=Trigger((5.0,) * 40, (0.0,) * 40),
        shows=alone(200),
    ),
    _fault(
        "labels inferred from the data",
        "an array of ones counts as zeros",
        "loss",
        _labels_from_the_data,
        "scikit-learn/scikit-learn/issues/6703",
        {"lanes": _LANES},
        trigger=Trigger((2.0, 1.0), (1.0, 1.0)),
        mode="wrong formula",
    ),
    _fault(
        "logits centred over the array",
        "sigmoid(z - mean(z)/1024)",
        "sigmoid",
        _centred,
        "",
        _ALONE,
        trigger=Trigger((1.0, 1.0), (0.0, 0.0)),
        shows=alone(8),
    ),
    _fault(
        "flattened result",
        "ravel of the result",
        "loss",
        _one_dimensional,
        "tensorflow/tensorflow/issues/30040",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((2, 3), (2, 3)),
    ),
    _fault(
        "a scalar becomes an array",
        "shape (1,) for shape ()",
        "loss",
        _at_least_one_dimension,
        "apache/mxnet/issues/20371",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((), ()),
    ),
    _fault(
        "empty array refused",
        "a maximum over no elements",
        "loss",
        _empty_refused,
        "pytorch/pytorch/issues/144104",
        {"shapes": "raised"},
        mode="shape",
        shows=shape((0,), (0,)),
    ),
    _fault(
        "column against row taken for pairs",
        "(n,1) with (m,) gives min(n,m) losses",
        "loss",
        _outer,
        "keras-team/keras/issues/17388",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((3, 1), (4,)),
    ),
    _fault(
        "one target for many logits",
        "a target of shape (1,) serves the first logit only",
        "loss",
        _target_of_the_first,
        "pytorch/pytorch/issues/1939",
        {"shapes": "depends on shape"},
        mode="shape",
        shows=shape((5,), (1,)),
    ),
    _fault(
        "single promoted to double",
        "float64 for float32",
        "loss",
        _promoted,
        "scikit-learn/scikit-learn/pull/33022",
        {"dtype": "wrong dtype"},
        formats=("float32",),
        mode="dtype",
        shows=dtype(),
    ),
    _fault(
        "double narrowed to single",
        "float32 for float64",
        "loss",
        _narrow_result,
        "pytorch/pytorch/pull/176844",
        {"dtype": "wrong dtype"},
        formats=("float64",),
        mode="dtype",
        shows=dtype(),
    ),
    _fault(
        "half promoted to single",
        "float32 for float16",
        "loss",
        _narrow_result,
        "pytorch/pytorch/issues/842",
        {"dtype": "wrong dtype"},
        formats=("float16",),
        mode="dtype",
        shows=dtype(),
    ),
    _fault(
        "scalars promoted",
        "float64 for a 0-d float32",
        "loss",
        _promoted_scalar,
        "",
        {"shapes": "wrong dtype"},
        formats=("float32",),
        mode="dtype",
        shows=dtype(scalar=True),
    ),
    _fault(
        "scalars returned as Python floats",
        "float(loss) for a 0-d array",
        "loss",
        _python_float,
        "",
        {"shapes": "no array"},
        formats=("float64",),
        mode="dtype",
        shows=dtype(scalar=True),
    ),
    _fault(
        "strides ignored",
        "the memory behind a view is read from its start",
        "loss",
        _strides_ignored,
        "pytorch/pytorch/issues/166746",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (z[::-1], t[::-1])),
    ),
    _fault(
        "Fortran order ignored",
        "a column-major result filled row by row",
        "loss",
        _memory_order,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(_both_in_fortran_order),
    ),
    _fault(
        "two memory orders mixed",
        "targets in another order are read in the order of their memory",
        "loss",
        _mixed_orders,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(_targets_in_fortran_order),
    ),
    _fault(
        "another kernel off a vector's boundary",
        "one unit more where the address is no multiple of 16",
        "sigmoid",
        _misaligned,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (z[1:], t[1:])),
    ),
    _fault(
        "stride 0 taken for the size of an element",
        "a repeated logit is read once",
        "loss",
        _repeated,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (np.broadcast_to(z[0], z.shape), t)),
    ),
    _fault(
        "read-only input refused",
        "raises for an array that may not be written to",
        "loss",
        _write_protected,
        "",
        {"layouts": "raised"},
        mode="layout",
        shows=layout(_frozen),
    ),
    _fault(
        "logits overwritten",
        "abs(z, out=z)",
        "loss",
        _in_place,
        "",
        {"inputs unchanged": "input mutated"},
        mode="input mutated",
        shows=argument_changed(),
    ),
    _fault(
        "targets overwritten",
        "clip(t, e, 1-e, out=t)",
        "loss",
        _targets_in_place,
        "keras-team/keras/issues/4744",
        {"inputs unchanged": "input mutated"},
        mode="input mutated",
        formats=ALL,
        shows=argument_changed(),
    ),
    Fault(
        name="another gradient in one pass",
        formula="loss_and_gradient gives t - y",
        functions={
            "loss": _loss,
            "gradient": _gradient,
            "loss_and_gradient": _pair_of_another_gradient,
        },
        quantity="gradient",
        failure_mode="wrong formula",
        url="",
        trigger=Trigger((1.0,), (0.0,), "float64"),
        expected={"pair": "pair disagrees"},
        kind="batch",
        shows=lambda _quantity, function, name: _pair_differs(function, name),
    ),
)
