"""Adapter of TensorFlow, eager: `sigmoid_cross_entropy_with_logits`, gradient tapes, and three functions.

TensorFlow's loss wants logits and labels of one shape, so the glue broadcasts them; `pos_weight` goes to
`weighted_cross_entropy_with_logits`. Values and dtypes are TensorFlow's own.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read at import; what it says of its build is no finding

import tensorflow as tf

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]

_IMPORTS = """\
import tensorflow as tf
def cross_entropy(z, t): return tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=z)
def slope(f, z, t):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = f(z, t)
    return tape.gradient(value, z)"""


def _pair(z: Any, t: Any) -> tuple[Any, Any]:
    shape = np.broadcast_shapes(np.shape(z), np.shape(t))
    return tf.broadcast_to(tf.convert_to_tensor(z), shape), tf.broadcast_to(tf.convert_to_tensor(t), shape)


def _cross_entropy(z: Any, t: Any, pos_weight: Any = None) -> Any:
    if pos_weight is None:
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=z)
    return tf.nn.weighted_cross_entropy_with_logits(labels=t, logits=z, pos_weight=pos_weight)


def _slope(function: Any, z: Any, *rest: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = function(z, *rest)
    return tape.gradient(value, z)


def _loss(z: Any, t: Any, pos_weight: Any = None) -> Any:
    return _cross_entropy(*_pair(z, t), pos_weight).numpy()


def _gradient(z: Any, t: Any, pos_weight: Any = None) -> Any:
    return _slope(_cross_entropy, *_pair(z, t), pos_weight).numpy()


def _hessian(z: Any, t: Any, pos_weight: Any = None) -> Any:
    return _slope(lambda *point: _slope(_cross_entropy, *point), *_pair(z, t), pos_weight).numpy()


def subject(name: str) -> Subject:
    """Loss, its first and second derivative, sigmoid, log_sigmoid and softplus."""
    weighted = "tf.nn.weighted_cross_entropy_with_logits(labels=t, logits=z, pos_weight=w)"
    return Subject(
        name=name,
        functions={
            "loss": _loss,
            "gradient": _gradient,
            "hessian": _hessian,
            "sigmoid": lambda z: tf.math.sigmoid(z).numpy(),
            "log_sigmoid": lambda z: tf.math.log_sigmoid(z).numpy(),
            "softplus": lambda z: tf.math.softplus(z).numpy(),
        },
        formats=("float16", "bfloat16", "float32", "float64"),
        keywords=frozenset({"pos_weight"}),
        version=tf.__version__,
        device=tf.config.list_logical_devices()[0].name,
        threads=tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),  # 0: one per core
        imports=_IMPORTS,
        expressions={
            "loss": "cross_entropy(z, t)",
            "gradient": "slope(cross_entropy, z, t)",
            "hessian": "slope(lambda z, t: slope(cross_entropy, z, t), z, t)",
            "sigmoid": "tf.math.sigmoid(z)",
            "log_sigmoid": "tf.math.log_sigmoid(z)",
            "softplus": "tf.math.softplus(z)",
            "loss, pos_weight": weighted,
            "gradient, pos_weight": f"slope(lambda z, t: {weighted}, z, t)",
            "hessian, pos_weight": f"slope(lambda z, t: slope(lambda z, t: {weighted}, z, t), z, t)",
        },
        array="tf.constant({values}, tf.{format})",
        convert="tf.convert_to_tensor(a)",
    )
