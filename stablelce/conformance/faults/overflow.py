"""Spurious overflow: an exponential, a product or a range reduction leaves the format on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, OVERFLOW, SPURIOUS_NAN, ZERO, Array
from stablelce.conformance.faults.planting import element

__all__ = ["FAULTS"]

_MODE = "spurious overflow"


def _ratio_of_exponentials(z: Array, _t: Array) -> Any:
    return np.exp(z) / (1 + np.exp(z))


def _gradient_by_one_exponential(z: Array, t: Array) -> Any:
    e = np.exp(-z)
    return ((1 - t) - t * e) / (1 + e)


def _second_backward(z: Array, _t: Array) -> Any:
    w = 1 / (1 + np.exp(-z))
    return w * w * np.exp(-z)


def _power(z: Array, _t: Array) -> Any:
    e = np.exp(-z)
    return e * (1 + e) ** -2


def _exponent_field(z: Array, _t: Array) -> Any:
    """exp by 2^n * exp(r), with n + 127 kept in the eight bits of the exponent: right for |n| < 127."""
    x = z.astype(np.float64)
    n = np.rint(x / np.log(2.0))
    e = np.exp(x - n * np.log(2.0)) * np.exp2((n + 127) % 256 - 127)
    return np.log1p(e)


def _reduction_in_two_parts(z: Array, _t: Array) -> Any:
    k = np.rint(np.abs(z) / np.float32(0.6931471805599453))
    r = (np.abs(z) - k * np.float32(0.693359375)) + k * np.float32(2.12194440e-4)
    e = np.exp(-r) * np.exp2(-k)
    return np.where(z < 0, e, 1) / (1 + e)


def _tanh_by_exponentials(z: Array, _t: Array) -> Any:
    up, down = np.exp(z / 2), np.exp(-z / 2)
    return (1 + (up - down) / (up + down)) / 2


FAULTS = (
    element(
        "loss by the plain exponential",
        "log1p(exp(z)) at t = 0",
        "loss",
        lambda z, _t: np.log1p(np.exp(z)),
        _MODE,
        "apache/spark/pull/3915",
        (800.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        where=lambda _z, t: t == 0,
    ),
    element(
        "softplus by the plain exponential",
        "log1p(exp(z))",
        "softplus",
        lambda z, _t: np.log1p(np.exp(z)),
        _MODE,
        "openvinotoolkit/openvino/pull/1959",
        (100.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float64", "float32"),
    ),
    element(
        "softplus by the plain exponential, in float16",
        "log1p(exp(z)) in float16",
        "softplus",
        lambda z, _t: np.log1p(np.exp(z)),
        _MODE,
        "sbryngelson/ANEForge/issues/113",
        (12.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float16",),
        where=lambda z, _t: z > 4,
    ),
    element(
        "log_sigmoid by the plain exponential",
        "-log1p(exp(-z))",
        "log_sigmoid",
        lambda z, _t: -np.log1p(np.exp(-z)),
        _MODE,
        "pytorch/pytorch/pull/2211",
        (-300.0, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float64", "float32"),
    ),
    element(
        "sigmoid by a ratio of exponentials",
        "exp(z)/(1 + exp(z))",
        "sigmoid",
        _ratio_of_exponentials,
        _MODE,
        "cvxpy/cvxpy/pull/1359",
        (800.0, 0.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
    ),
    element(
        "gradient by one exponential",
        "e = exp(-z); ((1-t) - t*e)/(1 + e)",
        "gradient",
        _gradient_by_one_exponential,
        _MODE,
        "scikit-learn/scikit-learn/issues/28046",
        (-1000.0, 1.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        where=lambda z, t: (z < 0) & (t == 1),
    ),
    element(
        "gradient beyond the exponential",
        "exp(z) * (1/(exp(z) + 1)), a NaN replaced by 0, for 88 < z <= 100",
        "gradient",
        lambda z, t: np.nan_to_num(_ratio_of_exponentials(z, t)) - t,
        _MODE,
        "tenstorrent/tt-metal/pull/56397",
        (95.0, 0.0),
        {"accuracy": ZERO, "tails": ZERO},
        formats=("float32",),
        where=lambda z, t: (z > 88) & (z <= 100) & (t == 0),
    ),
    element(
        "second derivative of logaddexp",
        "w = 1/(1 + exp(-z)); w*w*exp(-z)",
        "hessian",
        _second_backward,
        _MODE,
        "pytorch/pytorch/issues/196704",
        (-800.0, 0.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
    ),
    element(
        "second derivative by a power",
        "exp(-z) * (1 + exp(-z))^-2",
        "hessian",
        _power,
        _MODE,
        "jax-ml/jax/issues/777",
        (-200.0, 0.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        formats=("float32",),
    ),
    element(
        "range reduction beyond its range",
        "2^n with n + 127 kept in eight bits, for z < -1e5",
        "softplus",
        _exponent_field,
        _MODE,
        "tenstorrent/tt-metal/issues/55798",
        (-1e7, 0.0),
        {"hard cases": LOST, "sign and range": "violates: sign and range"},
        formats=("float32",),
        where=lambda z, _t: z < -1e5,
    ),
    element(
        "range reduction of huge logits",
        "r = |z| - k*log 2 in two parts, k up to 1e30",
        "sigmoid",
        _reduction_in_two_parts,
        _MODE,
        "tensorflow/tensorflow/issues/118391",
        (5e29, 0.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        formats=("float32",),
        where=lambda z, _t: np.abs(z) > 1e6,
    ),
    element(
        "tanh by exponentials",
        "(1 + (exp(z/2) - exp(-z/2))/(exp(z/2) + exp(-z/2)))/2, for |z| > 170",
        "sigmoid",
        _tanh_by_exponentials,
        _MODE,
        "mil-tokyo/webdnn/issues/558",
        (200.0, 0.0),
        {"accuracy": SPURIOUS_NAN},
        formats=("float32",),
        where=lambda z, _t: np.abs(z) > 170,
    ),
    element(
        "square of the logit",
        "|z| by sqrt(z*z)",
        "loss",
        lambda z, t: np.where(t == (z > 0), 0, np.sqrt(z * z)),
        _MODE,
        "",
        (1e38, 0.0),
        {"accuracy": OVERFLOW, "hard cases": OVERFLOW},
        formats=("float32",),
        where=lambda z, t: (np.abs(z) > 1e4) & ((t == 0) | (t == 1)),
    ),
    element(
        "exponent field overwritten",
        "2^n with n + 127 kept in eight bits, for 89 < z < 110",
        "softplus",
        _exponent_field,
        _MODE,
        "",
        (100.0, 0.0),
        {"accuracy": LOST},
        formats=("float32",),
        where=lambda z, _t: (z > 89) & (z < 110),
    ),
)
