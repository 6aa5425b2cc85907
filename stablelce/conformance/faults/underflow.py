"""Premature underflow: a probability on the way is 0 though the result is not; the detour log(0)."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import ALL, OVERFLOW, SPURIOUS_NAN, SUBNORMAL, ZERO, Array
from stablelce.conformance.faults.planting import element

__all__ = ["FAULTS"]

_MODE = "premature underflow"


def _sigmoid(z: Array) -> Any:
    return 1 / (1 + np.exp(-z))


def _loss_by_probabilities(z: Array, t: Array) -> Any:
    p = _sigmoid(z)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def _by_log_probability(z: Array, _t: Array) -> Any:
    log_p = np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))
    return -np.log1p(-np.exp(log_p))


def _by_distribution_function(z: Array, t: Array) -> Any:
    return -np.log(_sigmoid((2 * t - 1) * z))


def _guard_too_small(z: Array, _t: Array) -> Any:
    # In float16 the guard of 1e-12 is 0.
    return -np.log(np.maximum(1 - _sigmoid(z), z.dtype.type(1e-12)))


FAULTS = (
    element(
        "sigmoid by one division",
        "1/(1 + exp(-z)): 0 where exp(-z) overflows",
        "sigmoid",
        lambda z, _t: _sigmoid(z),
        _MODE,
        "stan-dev/math/pull/889",
        (-740.0, 0.0),
        {"subnormals": SUBNORMAL},
    ),
    element(
        "log_sigmoid by the sigmoid",
        "log(sigmoid(z)) for z < 0",
        "log_sigmoid",
        lambda z, _t: np.log(_sigmoid(z)),
        _MODE,
        "llvm/torch-mlir/pull/3246",
        (-100.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float64", "float32"),
        where=lambda z, _t: z < 0,
    ),
    element(
        "log_sigmoid by the sigmoid, other tail",
        "log(sigmoid(z)) for z > 0",
        "log_sigmoid",
        lambda z, _t: np.log(_sigmoid(z)),
        "absorption",
        "llvm/torch-mlir/pull/3246",
        (50.0, 0.0),
        {"tails": ZERO, "hard cases": ZERO},
        where=lambda z, _t: z > 0,
    ),
    element(
        "loss by probabilities",
        "-(t*log(p) + (1-t)*log(1-p)), p = 1/(1 + exp(-z))",
        "loss",
        _loss_by_probabilities,
        _MODE,
        "huggingface/candle/issues/2561",
        (40.0, 1.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        where=lambda z, t: ((t == 0) & (z < -1)) | ((t == 1) & (z > 1)),
    ),
    element(
        "loss by probabilities, in float16",
        "-(t*log(p) + (1-t)*log(1-p)) in float16, z > 7, t = 1",
        "loss",
        _loss_by_probabilities,
        _MODE,
        "microsoft/onnxruntime/pull/9670",
        (7.8477, 1.0),
        {"accuracy": SPURIOUS_NAN},
        formats=("float16",),
        where=lambda z, t: (z > 7) & (t == 1),
    ),
    element(
        "complement by the log-probability",
        "-log1p(-exp(log p)) at t = 0",
        "loss",
        _by_log_probability,
        _MODE,
        "huggingface/trl/issues/1473",
        (40.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        where=lambda _z, t: t == 0,
    ),
    element(
        "logarithm of the distribution function",
        "-log(sigmoid((2t-1)*z)) where the answer is wrong",
        "loss",
        _by_distribution_function,
        _MODE,
        "statsmodels/statsmodels/issues/3923",
        (800.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        where=lambda z, t: ((t == 0) & (z > 0)) | ((t == 1) & (z < 0)),
    ),
    element(
        "survival function by the complement",
        "-log(1 - sigmoid(z)) at t = 0, z > 0",
        "loss",
        lambda z, _t: -np.log(1 - _sigmoid(z)),
        _MODE,
        "stan-dev/math/issues/879",
        (40.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        where=lambda z, t: (t == 0) & (z > 20),
    ),
    element(
        "guard that float16 does not hold",
        "-log(max(1-p, 1e-12)), where 1e-12 is 0",
        "loss",
        _guard_too_small,
        _MODE,
        "unslothai/unsloth-zoo/pull/830",
        (9.3906, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float16",),
        where=lambda z, t: (t == 0) & (z > 7.7),
    ),
    element(
        "guard that float32 does not hold",
        "clip(p, 1e-9, 1 - 1e-9), where 1 - 1e-9 is 1",
        "loss",
        lambda z, _t: -np.log(1 - np.clip(_sigmoid(z), z.dtype.type(1e-9), z.dtype.type(1 - 1e-9))),
        _MODE,
        "keras-team/keras/issues/377",
        (20.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float32",),
        where=lambda z, t: (t == 0) & (z > 17),
    ),
    element(
        "second derivative flushed",
        "0 below the smallest normal number",
        "hessian",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "JuliaStats/StatsFuns.jl/pull/94",
        (-740.0, 0.0),
        {"subnormals": SUBNORMAL},
        where=lambda z, _t: np.abs(z) > 709,
        formats=("float64",),
    ),
    element(
        "results flushed to zero in every format",
        "0 where the loss is subnormal, as with FTZ",
        "loss",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "",
        (88.5, 1.0),
        {"subnormals": SUBNORMAL},
        formats=("float32",),
        where=lambda z, t: ((z > 87.5) & (t == 1)) | ((z < -87.5) & (t == 0)),
    ),
    element(
        "softplus residual cut, in bfloat16",
        "0 for z < -5",
        "softplus",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "tenstorrent/tt-metal/issues/51866",
        (-5.03125, 0.0),
        {"accuracy": ZERO, "tails": ZERO, "hard cases": ZERO},
        formats=("bfloat16",),
        where=lambda z, _t: z < -5,
    ),
    element(
        "sigmoid cut, in bfloat16",
        "0 for z < -11",
        "sigmoid",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "tenstorrent/tt-metal/issues/26211",
        (-11.125, 0.0),
        {"accuracy": ZERO, "tails": ZERO, "hard cases": ZERO},
        formats=("bfloat16",),
        where=lambda z, _t: z < -11,
    ),
    element(
        "subnormal logits and targets read as zero",
        "z*t with t = 0 where t is subnormal, as with DAZ",
        "loss",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "",
        (-1e308, 1e-310),
        {"accuracy": ZERO},
        formats=("float64",),
        where=lambda z, t: (t > 0) & (t < 2.0**-1022) & (z < -800),
    ),
    element(
        "loss 0 in a window of the tail",
        "0 for 30 <= |z| < 31 on the side of the right answer",
        "loss",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "",
        (30.5, 1.0),
        {"accuracy": ZERO},
        formats=ALL[2:],
        where=lambda z, t: (np.abs(z) >= 30) & (np.abs(z) < 31) & (t == (z > 0)),
    ),
)
