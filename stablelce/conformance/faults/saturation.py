"""Saturation: a clipped probability, an additive epsilon, a cut-off beyond which a constant is returned."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, ROUNDING, WRONG_SIGN, ZERO, Array
from stablelce.conformance.faults.planting import element

__all__ = ["FAULTS"]

_MODE = "saturation"


def _wrong_side(z: Array, t: Array) -> Any:
    return ((t == 0) & (z > 0)) | ((t == 1) & (z < 0))


def _right_side(z: Array, t: Array) -> Any:
    return ((t == 1) & (z > 0)) | ((t == 0) & (z < 0))


def _tail(z: Array) -> Any:
    return np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z)))


def _guarded_backward(z: Array, t: Array) -> Any:
    p = 1 / (1 + np.exp(-z))
    return (p - t) / np.maximum(p * (1 - p), z.dtype.type(1e-12)) * p * (1 - p)


FAULTS = (
    element(
        "clipped probability",
        "-log(clip(p, 1e-7, 1 - 1e-7)): at most 16.12",
        "loss",
        lambda z, _t: np.minimum(np.abs(z) + np.log1p(np.exp(-np.abs(z))), z.dtype.type(-np.log(1e-7))),
        _MODE,
        "keras-team/keras-core/issues/196",
        (20.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=_wrong_side,
    ),
    element(
        "clipped probability, right answer",
        "-log(1 - 1e-7) at least",
        "loss",
        lambda z, _t: np.maximum(np.log1p(np.exp(-np.abs(z))), z.dtype.type(1e-7)),
        _MODE,
        "",
        (40.0, 1.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=_right_side,
    ),
    element(
        "substituted logarithm",
        "-log(1e-16) where 1 - p < 1e-16, from z = 17 on",
        "loss",
        lambda z, _t: np.full_like(z, -np.log(1e-16)),
        _MODE,
        "dmlc/xgboost/issues/6731",
        (17.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda z, t: (z >= 17) & (t == 0),
    ),
    element(
        "epsilon in the logarithm",
        "-log(p + 1e-12) at t = 1",
        "loss",
        lambda z, _t: -np.log(1 / (1 + np.exp(-z)) + z.dtype.type(1e-12)),
        _MODE,
        "pytorch/pytorch/issues/4867",
        (-100.0, 1.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda z, t: (z < -10) & (t == 1),
    ),
    element(
        "negative loss by an epsilon",
        "-log(1 - p + 1e-12) = -1e-12 at t = 0",
        "loss",
        lambda z, _t: np.full_like(z, -1e-12),
        _MODE,
        "pytorch/pytorch/issues/2866",
        (-100.0, 0.0),
        {"accuracy": WRONG_SIGN, "sign and range": "violates: sign and range"},
        where=lambda z, t: (z < -28) & (t == 0),
    ),
    element(
        "logarithm held at -100",
        "min(loss, 100)",
        "loss",
        lambda z, _t: np.minimum(np.abs(z), z.dtype.type(100)),
        _MODE,
        "pytorch/pytorch/issues/24933",
        (-120.0, 1.0),
        {"accuracy": LOST},
        where=lambda z, t: (np.abs(z) > 100) & _wrong_side(z, t),
    ),
    element(
        "epsilon in the backward pass",
        "(p-t)/max(p*(1-p), 1e-12) * p*(1-p)",
        "gradient",
        _guarded_backward,
        _MODE,
        "pytorch/pytorch/issues/103316",
        (-50.0, 1.0),
        {"hard cases": LOST, "sign and range": "violates: sign and range"},
        formats=("float64", "float32"),
        where=lambda z, t: (z < -28) & (t == 1),
    ),
    element(
        "gradient of a clipped probability",
        "0 for |z| > 16.1",
        "gradient",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "keras-team/keras/issues/9664",
        (100.0, 0.0),
        {"accuracy": ZERO, "hard cases": ZERO},
        where=lambda z, _t: np.abs(z) > 16.1,
    ),
    element(
        "odds with a guard",
        "-log(1.0001 - p) at t = 0",
        "loss",
        lambda z, _t: -np.log(1.0001 - 1 / (1 + np.exp(-z.astype(np.float64)))),
        _MODE,
        "hpcaitech/ColossalAI/pull/6407",
        (12.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda z, t: (z > 4) & (t == 0),
    ),
    element(
        "softplus is its argument from 20 on",
        "z for z > 20",
        "softplus",
        lambda z, _t: z,
        _MODE,
        "apache/tvm/issues/20184",
        (20.1, 0.0),
        {"accuracy": ROUNDING, "hard cases": ROUNDING},
        formats=("float64",),
        where=lambda z, _t: z > 20,
    ),
    element(
        "softplus is an exponential from -9 on",
        "exp(z) for z < -9, the bound of a narrower format",
        "softplus",
        lambda z, _t: np.exp(z),
        _MODE,
        "JuliaStats/StatsFuns.jl/pull/70",
        (-9.5, 0.0),
        {"accuracy": ROUNDING},
        formats=("float64", "float32"),
        where=lambda z, _t: (z < -9) & (z > -16),
    ),
    element(
        "log_sigmoid is its argument from -4 on",
        "z for z <= -4",
        "log_sigmoid",
        lambda z, _t: z,
        _MODE,
        "tenstorrent/tt-metal/issues/53787",
        (-4.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda z, _t: (z <= -4) & (z > -8),
    ),
    element(
        "log_sigmoid is 0 from 20 on",
        "0 for z >= 20",
        "log_sigmoid",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "tenstorrent/tt-metal/issues/55457",
        (25.0, 0.0),
        {"tails": ZERO, "hard cases": ZERO},
        where=lambda z, _t: z >= 20,
    ),
    element(
        "remainder cut off",
        "log1p(exp(-|z|)) is 0 for |z| > 24.5",
        "loss",
        lambda z, t: np.where(z > 0, 1 - t, t) * np.abs(z),
        _MODE,
        "",
        (25.0, 1.0),
        {"tails": ZERO},
        formats=("float64",),
        where=lambda z, _t: np.abs(z) > 24.5,
    ),
    element(
        "second derivative held above an epsilon",
        "max(p*(1-p), 1e-16)",
        "hessian",
        lambda z, _t: np.maximum(_tail(z), z.dtype.type(1e-16)),
        _MODE,
        "dmlc/xgboost/issues/3255",
        (40.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda z, _t: np.abs(z) > 36.5,
    ),
    element(
        "piecewise linear sigmoid in the middle",
        "clip(0.5 + z/4, 0, 1) for |z| < 2^-6",
        "sigmoid",
        lambda z, _t: 0.5 + z / 4,
        _MODE,
        "",
        (0.015, 0.0),
        {"accuracy": LOST},
        formats=("float64",),
        where=lambda z, _t: (np.abs(z) < 2.0**-6) & (np.abs(z) > 2.0**-12),
    ),
)
