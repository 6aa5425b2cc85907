"""Layouts: a result that depends on how memory is laid out, or a call that writes to what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.checks.views import unaligned
from stablelce.conformance.faults.base import ALL, Array
from stablelce.conformance.faults.planting import batch, right, stepped
from stablelce.conformance.faults.shows import argument_changed, layout, weight_changed

__all__ = ["FAULTS"]

_loss = right("loss")
_sigmoid = right("sigmoid")


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
    return stepped(_sigmoid(z), int(z.ctypes.data % 16 != 0))


def _aligned_reads(z: Array, t: Array) -> Any:
    """Loads round the address down to a multiple of the size of an element."""
    return _loss(z if z.flags.aligned else np.zeros_like(z), t)


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


def _weights_in_place(z: Array, t: Array, *, weight: Any = None) -> Any:
    result = _loss(z, t) if weight is None else _loss(z, t, weight=weight)
    if np.ndim(weight) and weight.flags.writeable:
        np.maximum(weight, weight.dtype.type(2.0**-7), out=weight)
    return result


def _off_by_a_byte(z: Array, t: Array) -> tuple[Array, Array]:
    return unaligned(z), unaligned(t)


def _both_in_fortran_order(z: Array, t: Array) -> tuple[Array, Array]:
    return np.asfortranarray(z.reshape(4, 6)), np.asfortranarray(t.reshape(4, 6))


def _targets_in_fortran_order(z: Array, t: Array) -> tuple[Array, Array]:
    return z.reshape(4, 6), np.asfortranarray(t.reshape(4, 6))


def _frozen(z: Array, t: Array) -> tuple[Array, Array]:
    z.flags.writeable = False
    return z, t


FAULTS = (
    batch(
        "strides ignored",
        "the memory behind a view is read from its start",
        "loss",
        _strides_ignored,
        "pytorch/pytorch/issues/166746",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (z[::-1], t[::-1])),
    ),
    batch(
        "Fortran order ignored",
        "a column-major result filled row by row",
        "loss",
        _memory_order,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(_both_in_fortran_order),
    ),
    batch(
        "two memory orders mixed",
        "targets in another order are read in the order of their memory",
        "loss",
        _mixed_orders,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(_targets_in_fortran_order),
    ),
    batch(
        "another kernel off a vector's boundary",
        "one unit more where the address is no multiple of 16",
        "sigmoid",
        _misaligned,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (z[1:], t[1:])),
    ),
    batch(
        "alignment taken for granted",
        "the elements of an array that is off by a byte are read from other addresses",
        "loss",
        _aligned_reads,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(_off_by_a_byte),
    ),
    batch(
        "stride 0 taken for the size of an element",
        "a repeated logit is read once",
        "loss",
        _repeated,
        "",
        {"layouts": "depends on layout"},
        mode="layout",
        shows=layout(lambda z, t: (np.broadcast_to(z[0], z.shape), t)),
    ),
    batch(
        "read-only input refused",
        "raises for an array that may not be written to",
        "loss",
        _write_protected,
        "",
        {"layouts": "raised"},
        mode="layout",
        shows=layout(_frozen),
    ),
    batch(
        "logits overwritten",
        "abs(z, out=z)",
        "loss",
        _in_place,
        "",
        {"inputs unchanged": "input mutated"},
        mode="input mutated",
        shows=argument_changed(),
    ),
    batch(
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
    batch(
        "weights overwritten",
        "maximum(w, 1/128, out=w)",
        "loss",
        _weights_in_place,
        "",
        {"inputs unchanged": "input mutated"},
        mode="input mutated",
        keywords=frozenset({"weight"}),
        shows=weight_changed(),
    ),
)
