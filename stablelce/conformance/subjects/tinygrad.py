"""Adapter of tinygrad on its default device: `binary_crossentropy_logits`, its gradient, and two functions.

A kernel is generated and compiled for every shape, which takes a hundred times as long as running it, so an
audit is kept to two formats and to one of the pair log_sigmoid(z) = -softplus(-z), which tinygrad takes for
the definition. Adding a format is adding its name below.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from tinygrad import Device, Tensor

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]

_DEVICE = Device.DEFAULT  # raises here, at import, where tinygrad finds no compiler

_IMPORTS = """\
from tinygrad import Tensor, dtypes
def loss(z, t): return z.binary_crossentropy_logits(t, reduction="none")"""


def _tensor(array: Any, shape: tuple[int, ...]) -> Any:
    return Tensor(np.array(np.broadcast_to(array, shape)))  # a copy: tinygrad takes strides for those of C


def _of_pair(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def of_arrays(z: Any, t: Any) -> Any:
        shape = np.broadcast_shapes(np.shape(z), np.shape(t))
        if 0 in shape:  # there is no kernel for no elements
            return np.empty(shape, z.dtype)
        return function(_tensor(z, shape), _tensor(t, shape)).numpy()

    return of_arrays


def _of_logit(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    function = _of_pair(lambda z, _: method(z))
    return lambda z: function(z, z)


def _loss(z: Any, t: Any) -> Any:
    return z.binary_crossentropy_logits(t, reduction="none")


def subject(name: str) -> Subject:
    """Loss, gradient, sigmoid and softplus."""
    return Subject(
        name=name,
        functions={
            "loss": _of_pair(_loss),
            "gradient": _of_pair(lambda z, t: _loss(z, t).sum().gradient(z)[0]),
            "sigmoid": _of_logit(Tensor.sigmoid),
            "softplus": _of_logit(Tensor.softplus),
        },
        formats=("float32", "float64"),
        compiles=True,
        version=version("tinygrad"),
        device=_DEVICE,
        imports=_IMPORTS,
        expressions={
            "loss": "loss(z, t).numpy()",
            "gradient": "loss(z, t).sum().gradient(z)[0].numpy()",
            "sigmoid": "z.sigmoid().numpy()",
            "softplus": "z.softplus().numpy()",
        },
        array="Tensor({values}, dtype=dtypes.{format})",
        convert="Tensor(a)",
    )
