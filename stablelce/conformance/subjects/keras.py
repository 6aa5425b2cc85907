"""Adapter of Keras 3 with a backend: ``keras:tensorflow``, ``keras:jax``, ``keras:torch``.

Keras fixes its backend when it is imported, once for a process; audits of the command line run in processes
of their own, so that several can be judged in one command. Its loss takes the mean over the last axis, which
the glue makes an axis of one element. A gradient is the backend's business, hence of its adapter. With JAX
the functions are compiled, as Keras's own training is there by default: operation by operation they take
minutes. The other backends are judged as they are called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from stablelce.conformance.subjects.base import Subject, SubjectError

__all__ = ["subject"]


def _of_arrays(backend: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What makes of a function of tensors one of arrays of NumPy."""
    if backend == "jax":
        from stablelce.conformance.subjects.jax import compiled

        return compiled
    from keras.ops import convert_to_numpy

    return lambda function: lambda *arrays: convert_to_numpy(function(*arrays))


def subject(name: str) -> Subject:
    """The loss class as it is used, and the three functions of `keras.ops`."""
    wanted = name.removeprefix("keras:")
    os.environ["KERAS_BACKEND"] = wanted
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # else that backend has no float64
    import keras
    import numpy as np

    backend = keras.backend.backend()
    if backend != wanted:
        raise SubjectError(
            f"subject {name!r}: Keras was imported with the backend {backend} before; use a new process."
        )

    of_arrays = _of_arrays(backend)

    @of_arrays
    def of_columns(targets: Any, logits: Any) -> Any:
        options = {"from_logits": True, "reduction": "none", "dtype": logits.dtype.name}
        return keras.losses.BinaryCrossentropy(**options)(targets, logits)

    def loss(z: Any, t: Any) -> Any:
        logits, targets = (part.reshape(-1, 1) for part in np.broadcast_arrays(z, t))
        result = of_columns(targets, logits)
        return result.reshape(np.broadcast_shapes(np.shape(z), np.shape(t)))

    def of_logit(function: Any) -> Any:
        # One axis, because Keras cannot turn every 0-d tensor into an array.
        made = of_arrays(function)
        return lambda z: made(np.ravel(z)).reshape(np.shape(z))

    call = "jax.jit({})" if backend == "jax" else "{}"
    return Subject(
        name=name,
        functions={
            "loss": loss,
            "sigmoid": of_logit(keras.ops.sigmoid),
            "log_sigmoid": of_logit(keras.ops.log_sigmoid),
            "softplus": of_logit(keras.ops.softplus),
        },
        formats=("float16", "bfloat16", "float32", "float64"),
        compiles=backend == "jax",
        version=f"{keras.__version__} on {backend}",
        device="cpu",
        imports=f'import os\nos.environ["KERAS_BACKEND"] = "{backend}"\n'
        'os.environ["JAX_ENABLE_X64"] = "1"\nimport keras\n'
        + ("import jax\n" if backend == "jax" else "")
        + "def loss(z, t):\n"
        "    options = dict(from_logits=True, reduction='none', dtype=z.dtype.name)\n"
        "    criterion = keras.losses.BinaryCrossentropy(**options)\n"
        "    return criterion(t[:, None], z[:, None])",
        expressions={
            "loss": f"keras.ops.convert_to_numpy({call.format('loss')}(z, t))",
            **{
                quantity: f"keras.ops.convert_to_numpy({call.format(f'keras.ops.{quantity}')}(z))"
                for quantity in ("sigmoid", "log_sigmoid", "softplus")
            },
        },
    )
