"""Adapter of PyTorch on the CPU: the eager functions, and autograd for the gradient.

Tensors share the memory of the arrays, so a function that wrote to its input would be seen. Copied is only
what a tensor cannot stand for: negative strides, strides that are no multiple of the element, read-only
memory. PyTorch's loss wants logit and target of one shape; the glue expands both, which copies nothing.
bfloat16 is no dtype of NumPy's own: encodings cross as int16, both ways, unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from stablelce.conformance.subjects.base import KEYWORDS, Subject
from stablelce.formats import BFLOAT16

__all__ = ["subject"]

_IMPORTS = """\
from functools import partial
import torch
import torch.nn.functional as F
def cross_entropy(z, t, **weights):
    return F.binary_cross_entropy_with_logits(z, t, reduction="none", **weights)
def slope(f, z, t, **weights):
    z = z if z.requires_grad else z.clone().requires_grad_()
    return torch.autograd.grad(f(z, t, **weights).sum(), z, create_graph=True)[0]"""


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


def _loss(z: Any, t: Any, **weights: Any) -> Any:
    logits, targets = _pair(z, t)
    return _array(_criterion(logits, weights)(logits, targets))


def _gradient(z: Any, t: Any, **weights: Any) -> Any:
    return _array(_slope(z, t, weights)[1])


def _hessian(z: Any, t: Any, **weights: Any) -> Any:
    leaf, slope = _slope(z, t, weights, create_graph=True)
    return _array(torch.autograd.grad(slope, leaf, torch.ones_like(slope))[0])


def _slope(z: Any, t: Any, weights: Mapping[str, Any], *, create_graph: bool = False) -> tuple[Any, Any]:
    # The leaf is the expanded logit: otherwise autograd would sum over the axes that it was stretched along.
    logits, targets = _pair(z, t)
    leaf = logits.detach().requires_grad_()
    loss = _criterion(logits, weights)(leaf, targets)
    return leaf, torch.autograd.grad(loss, leaf, torch.ones_like(loss), create_graph=create_graph)[0]


def _criterion(logits: Any, weights: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
    """The function without weights; with them the class, which takes them."""
    if not weights:
        return partial(functional.binary_cross_entropy_with_logits, reduction="none")
    tensors = {name: _tensor(value).expand(logits.shape) for name, value in weights.items()}
    criterion: Callable[[Any, Any], Any] = torch.nn.BCEWithLogitsLoss(reduction="none", **tensors)
    return criterion


def subject(name: str) -> Subject:
    """Loss, both derivatives by autograd, sigmoid, log_sigmoid and softplus."""
    return Subject(
        name=name,
        functions={
            "loss": _loss,
            "gradient": _gradient,
            "hessian": _hessian,
            "sigmoid": _of_logit(torch.sigmoid),
            "log_sigmoid": _of_logit(functional.logsigmoid),
            "softplus": _of_logit(functional.softplus),
        },
        formats=("float16", "bfloat16", "float32", "float64"),
        keywords=frozenset(KEYWORDS),
        version=torch.__version__,
        device="cpu",
        threads=torch.get_num_threads(),
        imports=_IMPORTS,
        expressions={
            "loss": "cross_entropy(z, t)",
            "gradient": "slope(cross_entropy, z, t)",
            "hessian": "slope(partial(slope, cross_entropy), z, t)",
            "sigmoid": "torch.sigmoid(z)",
            "log_sigmoid": "F.logsigmoid(z)",
            "softplus": "F.softplus(z)",
            **{f"loss, {key}": f"cross_entropy(z, t, {key}=w)" for key in KEYWORDS},
            **{f"gradient, {key}": f"slope(cross_entropy, z, t, {key}=w)" for key in KEYWORDS},
            **{f"hessian, {key}": f"slope(partial(slope, cross_entropy), z, t, {key}=w)" for key in KEYWORDS},
        },
        array="torch.tensor({values}, dtype=torch.{format})",
        convert="torch.from_numpy(a)",
    )
