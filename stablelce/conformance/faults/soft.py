"""Soft targets treated as something else: cast to integers, clipped, dropped where they are small."""

from __future__ import annotations

import numpy as np

from stablelce.conformance.faults.base import LOST, ZERO, Array
from stablelce.conformance.faults.planting import element, right

__all__ = ["FAULTS"]

_MODE = "soft targets"
_loss, _gradient = right("loss"), right("gradient")


def _is_soft(_z: Array, t: Array) -> Array:
    return (t > 0) & (t < 1)


FAULTS = (
    element(
        "targets cast to integers",
        "loss(z, int(t))",
        "loss",
        lambda z, t: _loss(z, np.floor(t)),
        _MODE,
        "pytorch/pytorch/issues/842",
        (3.0, 0.5),
        {"accuracy": LOST, "affine in t": "violates: affine in t"},
        where=lambda z, t: _is_soft(z, t) & (np.abs(z) < 1e6),
    ),
    element(
        "targets rounded to the nearer label",
        "gradient(z, t > 1/2)",
        "gradient",
        lambda z, t: _gradient(z, (t > 0.5).astype(z.dtype)),
        _MODE,
        "pytorch/pytorch/issues/842",
        (1.0, 0.25),
        {"accuracy": LOST, "finite difference": "violates: finite difference"},
        beside=("loss",),
        where=_is_soft,
    ),
    element(
        "tiny targets dropped",
        "t = 0 where 1 - t rounds to 1",
        "loss",
        lambda z, _t: _loss(z, np.zeros_like(z)),
        "absorption",
        "",
        (-60.0, 1e-20),
        {"hard cases": LOST, "affine in t": "violates: affine in t"},
        formats=("float64", "float32"),
        where=lambda z, t: _is_soft(z, t) & (t < 1e-17) & (z < 0),
    ),
    element(
        "targets clipped beside one",
        "t = 1 where 1 - t < 1e-7",
        "loss",
        lambda z, _t: _loss(z, np.ones_like(z)),
        "saturation",
        "",
        (30.0, 1 - 2.0**-30),
        {"accuracy": LOST},
        formats=("float64",),
        where=lambda z, t: _is_soft(z, t) & (t > 1 - 1e-7) & (z > 0),
    ),
    element(
        "gradient near its optimum in less precision",
        "sigmoid(z) - t in float32, for targets near sigmoid(z)",
        "gradient",
        lambda z, t: _gradient(z.astype(np.float32), t.astype(np.float32)),
        "cancellation",
        "",
        (2.0, 0.8807970779778823),
        {"hard cases": LOST, "mirror": "violates: mirror"},
        formats=("float64",),
        where=lambda z, t: _is_soft(z, t) & (np.abs(np.tanh(z / 2) / 2 + 0.5 - t) < 1e-12),
    ),
    element(
        "half of a target at one half",
        "the term of 1-t is left out at t = 1/2 for z < -25",
        "loss",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "",
        (-30.0, 0.5),
        {"accuracy": ZERO},
        where=lambda z, t: (t == 0.5) & (z < -25) & (z > -45),
    ),
    element(
        "one interval of soft targets in less precision",
        "gradient(z,t) in float16 for 3/4 < t < 4/5 and 2 < z < 4",
        "gradient",
        lambda z, t: _gradient(z.astype(np.float16), t.astype(np.float16)),
        _MODE,
        "",
        (3.0, 0.78),
        {"accuracy": LOST},
        formats=("float32",),
        where=lambda z, t: (t > 0.75) & (t < 0.8) & (z > 2) & (z < 4),
    ),
)
