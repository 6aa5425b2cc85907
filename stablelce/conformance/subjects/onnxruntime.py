"""Adapter of ONNX Runtime on the CPU: graphs that are built here, of operators that ONNX has.

ONNX has no cross-entropy of one logit and no log1p. The graph of the loss is what the stable form becomes::

    Max(z, 0) - z*t + Log(1 + Exp(-Abs(z)))        gradient: Sigmoid(z) - t        hessian: s*(1 - s)

so findings there concern that graph; those of sigmoid and softplus concern the operators. Softplus has no
kernel in binary64, bfloat16 has none at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import onnx.parser
import onnxruntime

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]

_ONE = "c = Constant <value_float = 1.0> () one = CastLike(c, z)"
_BODIES = {
    "loss": f"{_ONE} zero = Sub(one, one) m = Max(z, zero) p = Mul(z, t) d = Sub(m, p) "
    "a = Abs(z) n = Neg(a) e = Exp(n) s = Add(one, e) l = Log(s) y = Add(d, l)",
    "gradient": "s = Sigmoid(z) y = Sub(s, t)",
    "hessian": f"{_ONE} s = Sigmoid(z) q = Sub(one, s) y = Mul(s, q)",
    "sigmoid": "y = Sigmoid(z)",
    "softplus": "y = Softplus(z)",
}
"""Each quantity as the body of a graph in ONNX's own text format."""

_IMPORTS = """\
import numpy as np
import onnx.parser
import onnxruntime
def run(body, **arrays):
    kind = {"float16": "float16", "float32": "float", "float64": "double"}[arrays["z"].dtype.name]
    inputs = ", ".join(f"{kind}[N] {name}" for name in arrays)
    text = f'<ir_version: 9, opset_import: ["": 17]> g ({inputs}) => ({kind}[N] y) {{ {body} }}'
    model = onnx.parser.parse_model(text).SerializeToString()
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, arrays)[0]"""


@cache
def _session(body: str, dtype: str, names: tuple[str, ...]) -> Any:
    kind = {"float16": "float16", "float32": "float", "float64": "double"}[dtype]
    inputs = ", ".join(f"{kind}[N] {name}" for name in names)
    text = f'<ir_version: 9, opset_import: ["": 17]> g ({inputs}) => ({kind}[N] y) {{ {body} }}'
    model = onnx.parser.parse_model(text).SerializeToString()
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def _graph(body: str, *names: str) -> Callable[..., Any]:
    """A function of arrays of any shape: graphs are built for one axis of any length."""

    def function(*arrays: Any) -> Any:
        broadcast = np.broadcast_arrays(*arrays)
        named = {name: array.ravel() for name, array in zip(names, broadcast, strict=False)}
        session = _session(body, broadcast[0].dtype.name, names)
        return session.run(None, named)[0].reshape(broadcast[0].shape)

    return function


def _inputs(quantity: str) -> tuple[str, ...]:
    return ("z", "t") if quantity in ("loss", "gradient") else ("z",)


def subject(name: str) -> Subject:
    """Loss, gradient and second derivative as graphs, and the operators Sigmoid and Softplus."""
    return Subject(
        name=name,
        functions={quantity: _graph(body, *_inputs(quantity)) for quantity, body in _BODIES.items()},
        formats=("float16", "float32", "float64"),
        fewer_formats={"softplus": ("float16", "float32")},
        version=onnxruntime.__version__,
        device="CPUExecutionProvider",
        threads=os.cpu_count(),
        imports=_IMPORTS,
        expressions={
            quantity: f"run({body!r}, {', '.join(f'{one}={one}' for one in _inputs(quantity))})"
            for quantity, body in _BODIES.items()
        },
    )
