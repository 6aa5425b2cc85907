"""Adapter of PyTorch on the CPU: the eager functions, and autograd for the gradient.

Tensors share the memory of the arrays, so a function that wrote to its input would be seen. Copied is only
what a tensor cannot stand for: negative strides, strides that are no multiple of the element, read-only
memory. PyTorch's loss wants logit and target of one shape; the glue expands both, which copies nothing.
bfloat16 is no dtype of NumPy's own: encodings cross as int16, both ways, unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from stablelce.conformance.subjects.base import Subject
from stablelce.formats import BFLOAT16

__all__ = ["subject"]

_IMPORTS = """\
import numpy as np
import torch
import torch.nn.functional as F
def tensor(a): return torch.from_numpy(np.array(a, "float64")).to(getattr(torch, a.dtype.name))"""


def _tensor(array: Any) -> Any:
    array = np.asarray(array)
    is_bfloat16 = array.dtype.name == BFLOAT16.dtype_name
    if is_bfloat16:
        array = array.view(np.int16)
    if not array.flags.writeable or any(step < 0 or step % array.itemsize for step in array.strides):
        array = array.copy()
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if is_bfloat16 else tensor


def _array(tensor: Any) -> Any:
    if tensor.dtype == torch.bfloat16:
        return tensor.detach().view(torch.int16).numpy().view(BFLOAT16.dtype)
    return tensor.detach().numpy()


def _of_logit(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda z: _array(function(_tensor(z)))


def _pair(z: Any, t: Any) -> tuple[Any, Any]:
    shape = np.broadcast_shapes(np.shape(z), np.shape(t))
    return _tensor(z).expand(shape), _tensor(t).expand(shape)


def _loss(z: Any, t: Any) -> Any:
    logits, targets = _pair(z, t)
    return _array(functional.binary_cross_entropy_with_logits(logits, targets, reduction="none"))


def _gradient(z: Any, t: Any) -> Any:
    # The leaf is the expanded logit: otherwise autograd would sum over the axes that it was stretched along.
    logits, targets = _pair(z, t)
    leaf = logits.detach().requires_grad_()
    loss = functional.binary_cross_entropy_with_logits(leaf, targets, reduction="none")
    return _array(torch.autograd.grad(loss, leaf, torch.ones_like(loss))[0])


def subject(name: str) -> Subject:
    """Loss, autograd gradient, sigmoid, log_sigmoid and softplus."""
    return Subject(
        name=name,
        functions={
            "loss": _loss,
            "gradient": _gradient,
            "sigmoid": _of_logit(torch.sigmoid),
            "log_sigmoid": _of_logit(functional.logsigmoid),
            "softplus": _of_logit(functional.softplus),
        },
        formats=("float16", "bfloat16", "float32", "float64"),
        version=torch.__version__,
        imports=_IMPORTS,
        expressions={
            "loss": 'F.binary_cross_entropy_with_logits(tensor(z), tensor(t), reduction="none")',
            "gradient": "torch.autograd.grad(F.binary_cross_entropy_with_logits("
            'x := tensor(z).requires_grad_(), tensor(t), reduction="sum"), x)[0]',
            "sigmoid": "torch.sigmoid(tensor(z))",
            "log_sigmoid": "F.logsigmoid(tensor(z))",
            "softplus": "F.softplus(tensor(z))",
        },
    )
