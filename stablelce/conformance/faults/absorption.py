"""Absorption: exp(-|z|) is added to 1 before the logarithm, and vanishes in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, ZERO, Array
from stablelce.conformance.faults.planting import element

__all__ = ["FAULTS"]

_LOST = {"accuracy": ZERO, "tails": ZERO}


def _fused_without_log1p(z: Array, t: Array) -> Any:
    growing = np.where(z > 0, 1 - t, t) * np.abs(z)
    return growing + np.log(1 + np.exp(-np.abs(z)))


def _softplus_without_log1p(z: Array, _t: Array) -> Any:
    return np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z)))


def _softplus_of_the_exponential(z: Array, _t: Array) -> Any:
    return np.log(np.exp(z) + 1)


def _log_sum_exp(z: Array, t: Array) -> Any:
    largest = np.maximum(z, 0)
    normaliser = largest + np.log(np.exp(-largest) + np.exp(z - largest))
    return normaliser - np.where(t == 1, z, 0)


def _complement_without_log1p(z: Array, _t: Array) -> Any:
    positive = z >= 0
    return z * positive + np.log(1 + np.exp(z - 2 * z * positive))


FAULTS = (
    element(
        "loss without log1p",
        "max(z,0) - z*t + log(1 + exp(-|z|))",
        "loss",
        _fused_without_log1p,
        "absorption",
        "tinygrad/tinygrad/pull/10958",
        (18.0, 1.0),
        _LOST,
        formats=("float64", "float32"),
    ),
    element(
        "softplus without log1p",
        "max(z,0) + log(1 + exp(-|z|))",
        "softplus",
        _softplus_without_log1p,
        "absorption",
        "microsoft/onnxruntime/issues/10540",
        (-40.0, 0.0),
        _LOST,
    ),
    element(
        "softplus of the exponential",
        "log(exp(z) + 1) for z < -1",
        "softplus",
        _softplus_of_the_exponential,
        "absorption",
        "tensorflow/tfjs/pull/7094",
        (-12.0, 0.0),
        {"accuracy": ZERO},
        formats=("float32",),
        where=lambda z, _t: z < -1,
    ),
    element(
        "margin loss without log1p",
        "log(1 + exp(z)) at t = 0, z < 0",
        "loss",
        _softplus_of_the_exponential,
        "absorption",
        "apache/spark/pull/1659",
        (-40.0, 0.0),
        {**_LOST, "mirror": "violates: mirror"},
        where=lambda z, t: (z < 0) & (t == 0),
    ),
    element(
        "logarithm of a sum of exponentials",
        "m + log(exp(-m) + exp(z-m)) with m = max(z,0), at t = 0",
        "loss",
        _log_sum_exp,
        "absorption",
        "scipy/scipy/issues/18295",
        (-40.0, 0.0),
        _LOST,
        where=lambda _z, t: t == 0,
    ),
    element(
        "complement without log1p",
        "log(1-p) = -z*(z>=0) - log(1 + exp(z - 2z*(z>=0))), at t = 0",
        "loss",
        _complement_without_log1p,
        "absorption",
        "pytorch/pytorch/issues/23476",
        (-10.0, 0.0),
        {"tails": ZERO, "hard cases": ZERO},
        formats=("float32",),
        where=lambda z, t: (t == 0) & (z > -80) & (z < 0),
    ),
    element(
        "sigmoid by steps of half the precision",
        "1/(1 + exp(-z)) in float16 arithmetic, returned as float32",
        "sigmoid",
        lambda z, _t: 1 / (1 + np.exp(-z.astype(np.float16).clip(-11, 11))),
        "absorption",
        "tensorflow/tensorflow/issues/62206",
        (6.0, 0.0),
        {"accuracy": LOST},
        formats=("float32",),
        where=lambda z, _t: np.abs(z) < 11,
    ),
)
