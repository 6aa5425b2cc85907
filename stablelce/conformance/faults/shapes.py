"""Shapes and dtypes: a result of another form than the inputs ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import Array
from stablelce.conformance.faults.planting import batch, right
from stablelce.conformance.faults.shows import dtype, shape

__all__ = ["FAULTS"]

_loss = right("loss")


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


FAULTS = (
    batch(
        "flattened result",
        "ravel of the result",
        "loss",
        _one_dimensional,
        "tensorflow/tensorflow/issues/30040",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((2, 3), (2, 3)),
    ),
    batch(
        "a scalar becomes an array",
        "shape (1,) for shape ()",
        "loss",
        _at_least_one_dimension,
        "apache/mxnet/issues/20371",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((), ()),
    ),
    batch(
        "empty array refused",
        "a maximum over no elements",
        "loss",
        _empty_refused,
        "pytorch/pytorch/issues/144104",
        {"shapes": "raised"},
        mode="shape",
        shows=shape((0,), (0,)),
    ),
    batch(
        "column against row taken for pairs",
        "(n,1) with (m,) gives min(n,m) losses",
        "loss",
        _outer,
        "keras-team/keras/issues/17388",
        {"shapes": "wrong shape"},
        mode="shape",
        shows=shape((3, 1), (4,)),
    ),
    batch(
        "one target for many logits",
        "a target of shape (1,) serves the first logit only",
        "loss",
        _target_of_the_first,
        "pytorch/pytorch/issues/1939",
        {"shapes": "depends on shape"},
        mode="shape",
        shows=shape((5,), (1,)),
    ),
    batch(
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
    batch(
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
    batch(
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
    batch(
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
    batch(
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
)
