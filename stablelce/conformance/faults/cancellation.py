"""Cancellation: two nearly equal numbers are subtracted, and what is left is the rounding of one of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, ZERO, Array
from stablelce.conformance.faults.planting import element

__all__ = ["FAULTS"]


def _sigmoid(z: Array) -> Any:
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1) / (1 + e)


def _loss_by_log_sigmoid(z: Array, t: Array) -> Any:
    log_sigmoid = np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))
    return (1 - t) * z - log_sigmoid


def _loss_by_softplus(z: Array, t: Array) -> Any:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - z * t


def _fused_loss(z: Array, t: Array) -> Any:
    return np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))


def _is_hard(_z: Array, t: Array) -> Any:
    return (t == 0) | (t == 1)


FAULTS = (
    element(
        "loss by log_sigmoid",
        "(1-t)*z - log_sigmoid(z)",
        "loss",
        _loss_by_log_sigmoid,
        "cancellation",
        "pytorch/pytorch/issues/195529",
        (-40.0, 0.0),
        {"tails": ZERO, "hard cases": ZERO, "mirror": "violates: mirror"},
        where=_is_hard,
    ),
    element(
        "loss by softplus",
        "softplus(z) - z*t",
        "loss",
        _loss_by_softplus,
        "cancellation",
        "",
        (18.0, 1.0),
        {"tails": ZERO, "hard cases": ZERO, "mirror": "violates: mirror"},
        formats=("float64", "float32"),
        where=_is_hard,
    ),
    element(
        "fused loss with soft targets",
        "max(z,0) - z*t + log1p(exp(-|z|)), for 0 < t < 1",
        "loss",
        _fused_loss,
        "cancellation",
        "pyro-ppl/numpyro/issues/2240",
        (30.0, 1 - 2.0**-24),
        {"accuracy": LOST},
        formats=("float64", "float32"),
        where=lambda _z, t: (t > 0) & (t < 1),
    ),
    element(
        "gradient by subtracting the target",
        "sigmoid(z) - t",
        "gradient",
        lambda z, t: _sigmoid(z) - t,
        "cancellation",
        "pytorch/pytorch/issues/195677",
        (37.42994775023705, 1.0),
        {"tails": ZERO, "hard cases": ZERO, "mirror": "violates: mirror"},
    ),
    element(
        "gradient by subtracting the target, in everyday logits",
        "sigmoid(z) - 1 at t = 1 for 4 <= z <= 12",
        "gradient",
        lambda z, t: _sigmoid(z) - t,
        "cancellation",
        "pytorch/pytorch/issues/195529",
        (8.0, 1.0),
        {"accuracy": LOST},
        formats=("float32",),
        where=lambda z, t: (z >= 4) & (z <= 12) & (t == 1),
    ),
    element(
        "second derivative by the complement",
        "y*(1-y), y = sigmoid(z)",
        "hessian",
        lambda z, _t: _sigmoid(z) * (1 - _sigmoid(z)),
        "cancellation",
        "jax-ml/jax/issues/40387",
        (37.42994775023705, 0.0),
        {"tails": ZERO, "hard cases": ZERO, "mirror": "violates: mirror"},
    ),
    element(
        "second derivative by the complement, in bfloat16",
        "y*(1-y), y = sigmoid(z), all in bfloat16",
        "hessian",
        lambda z, _t: _sigmoid(z) * (1 - _sigmoid(z)),
        "cancellation",
        "tenstorrent/tt-metal/issues/55724",
        (6.25, 0.0),
        {"accuracy": ZERO, "tails": ZERO},
        formats=("bfloat16",),
        where=lambda z, _t: z > 4,
    ),
    element(
        "second derivative by the square",
        "y - y*y, y = sigmoid(z)",
        "hessian",
        lambda z, _t: _sigmoid(z) - _sigmoid(z) ** 2,
        "cancellation",
        "",
        (37.0, 0.0),
        {"tails": ZERO},
        where=lambda z, _t: z > 3,
    ),
    element(
        "second derivative from the forward output",
        "y*(1-y) from a stored y, for z > 16",
        "hessian",
        lambda z, _t: _sigmoid(z) * (1 - _sigmoid(z)),
        "cancellation",
        "tensorflow/tensorflow/issues/126060",
        (17.5, 0.0),
        {"tails": ZERO},
        formats=("float32",),
        where=lambda z, _t: z > 16,
    ),
    element(
        "sigmoid by the complement",
        "1 - 1/(1 + exp(z)) for z < 0",
        "sigmoid",
        lambda z, _t: 1 - 1 / (1 + np.exp(z)),
        "cancellation",
        "microsoft/onnxruntime/pull/24685",
        (-20.0, 0.0),
        {"tails": ZERO, "hard cases": ZERO},
        formats=("float64", "float32"),
        where=lambda z, _t: z < 0,
    ),
    element(
        "sigmoid by the complement, in float16",
        "1 - 1/(1 + exp(-|z|)) for z < 0, in float16",
        "sigmoid",
        lambda z, _t: 1 - 1 / (1 + np.exp(-np.abs(z))),
        "cancellation",
        "ml-explore/mlx/issues/2593",
        (-8.0, 0.0),
        {"accuracy": ZERO, "tails": ZERO},
        formats=("float16",),
        where=lambda z, _t: (z < 0) & (z > -9),
    ),
    element(
        "sigmoid by tanh",
        "0.5 + 0.5*tanh(z/2)",
        "sigmoid",
        lambda z, _t: z.dtype.type(0.5) + z.dtype.type(0.5) * np.tanh(z / 2),
        "cancellation",
        "pytorch/xla/pull/4311",
        (-16.740633, 0.0),
        {"tails": ZERO, "hard cases": ZERO},
        formats=("float64", "float32"),
    ),
)
