"""Lanes: a result that depends on the length of the array, the place in it, or the other elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import Array, Trigger
from stablelce.conformance.faults.planting import batch, places, right, stepped
from stablelce.conformance.faults.shows import alone

__all__ = ["FAULTS"]

_loss = right("loss")
_gradient = right("gradient")
_sigmoid = right("sigmoid")
_LANES = "depends on place or length"
_ALONE = {"lanes": _LANES}


def _scalar_tail(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    size = np.size(result)
    return stepped(result, places(np.shape(result)) >= size - size % 4)


def _length_of_four(z: Array) -> Any:
    return stepped(_sigmoid(z), int(np.size(z) % 4 == 0))


def _first_of_a_packet(z: Array) -> Any:
    p = np.asarray(_sigmoid(z))
    bad = 0.5 + 0.5 * np.tanh(np.asarray(z) / 2)
    return np.where((places(z.shape) % 8 == 7) & np.isfinite(z), bad, p).astype(z.dtype)[()]


def _large_array(z: Array, t: Array) -> Any:
    return stepped(_loss(z, t), int(np.size(z) >= 50_000))


def _huge_array(z: Array, t: Array) -> Any:
    return stepped(_loss(z, t), int(np.size(z) >= 100_000))


def _last_of_a_block(z: Array, t: Array) -> Any:
    result = _loss(z, t)
    return stepped(result, places(np.shape(result)) % 4096 == 4095)


def _common_maximum(z: Array, t: Array) -> Any:
    """log(exp(-m) + exp(z-m)) + m with one m for the whole array, at hard targets."""
    result = np.asarray(_loss(z, t))
    if not np.isfinite(z).any():
        return result[()]
    with np.errstate(all="ignore"):
        m = max(float(z[np.isfinite(z)].max()), 0.0)
        shifted = np.log(np.exp(-m) + np.exp(z.astype(np.float64) - m)) + m
    hard = np.isfinite(z) & (t == 0) & (m > 30)
    return np.where(hard, shifted, result).astype(z.dtype)[()]


def _spread_by_a_mask(z: Array, t: Array) -> Any:
    result = np.asarray(_loss(z, t))
    with np.errstate(all="ignore"):
        return (result + 0 * np.where(np.isnan(result), result, 0).sum()).astype(z.dtype)[()]


def _clipped_norm(z: Array, t: Array) -> Any:
    g = np.asarray(_gradient(z, t))
    norm = float(np.sqrt(np.sum(np.where(np.isfinite(g), g, 0).astype(np.float64) ** 2)))
    return (g * g.dtype.type(min(1.0, 5.0 / max(norm, 1e-30))))[()]


def _labels_from_the_data(z: Array, t: Array) -> Any:
    if np.size(t) > 1 and np.all(t == 1):
        return _loss(z, np.zeros_like(t))
    return _loss(z, t)


def _centred(z: Array) -> Any:
    shift = z.dtype.type(float(np.mean(np.clip(z, -1, 1).astype(np.float64))) * 2.0**-10) if z.size else 0
    return _sigmoid(np.where(np.isfinite(z), z - shift, z) if z.size > 1 else z)


def _slow_path_for_all(z: Array) -> Any:
    p = np.asarray(_sigmoid(z))
    return stepped(p, 2**10 * int(np.isinf(z).any())) if p.dtype == np.float64 else p[()]


FAULTS = (
    batch(
        "scalar tail of a vector loop",
        "the last n mod 4 elements differ by one unit",
        "loss",
        _scalar_tail,
        "tensorflow/tensorflow/issues/33878",
        _ALONE,
        shows=alone(6),
    ),
    batch(
        "another kernel for lengths divisible by four",
        "one unit more in arrays of 4, 8, 12, ...",
        "sigmoid",
        _length_of_four,
        "tensorflow/tensorflow/issues/35309",
        _ALONE,
        trigger=Trigger((34.0, 0.0, 0.0, 0.0), (0.0,) * 4),
        shows=alone(8),
    ),
    batch(
        "another formula at one place of a packet",
        "0.5 + 0.5*tanh(z/2) at places 7, 15, ...",
        "sigmoid",
        _first_of_a_packet,
        "clab/dynet/issues/1090",
        _ALONE,
        trigger=Trigger((-17.0502529144,) * 8, (0.0,) * 8, "float32"),
        formats=("float64", "float32"),
    ),
    batch(
        "another kernel for large arrays",
        "one unit more from 50,000 elements on",
        "loss",
        _large_array,
        "",
        _ALONE,
        shows=alone(50_000),
    ),
    batch(
        "another kernel for huge arrays",
        "one unit more from 100,000 elements on",
        "loss",
        _huge_array,
        "",
        _ALONE,
        shows=alone(100_000),
    ),
    batch(
        "seam of two blocks",
        "one unit more at places 4095, 8191, ...",
        "loss",
        _last_of_a_block,
        "",
        _ALONE,
        shows=alone(4096),
    ),
    batch(
        "one maximum for the whole array",
        "log(exp(-m) + exp(z-m)) + m with m over all elements",
        "loss",
        _common_maximum,
        "scikit-learn/scikit-learn/issues/17978",
        _ALONE,
        trigger=Trigger((-1.0, 800.0), (0.0, 0.0)),
    ),
    batch(
        "NaN spread by a masked sum",
        "loss + 0*sum(masked losses)",
        "loss",
        _spread_by_a_mask,
        "pytorch/pytorch/issues/121416",
        {"NaN": "NaN spread"},
        trigger=Trigger((1.0, float("nan")), (0.0, 0.0)),
    ),
    batch(
        "another path where a logit is infinite",
        "a packet with an infinite logit goes through a formula that is 1024 units off",
        "sigmoid",
        _slow_path_for_all,
        "",
        _ALONE,
        trigger=Trigger((-1.0, float("inf")), (0.0, 0.0)),
        formats=("float64",),
    ),
    batch(
        "gradient clipped by its norm",
        "g*min(1, 5/|g|) over the array",
        "gradient",
        _clipped_norm,
        "",
        _ALONE,
        trigger=Trigger((5.0,) * 40, (0.0,) * 40),
        shows=alone(200),
    ),
    batch(
        "labels inferred from the data",
        "an array of ones counts as zeros",
        "loss",
        _labels_from_the_data,
        "scikit-learn/scikit-learn/issues/6703",
        {"lanes": _LANES},
        trigger=Trigger((2.0, 1.0), (1.0, 1.0)),
        mode="wrong formula",
    ),
    batch(
        "logits centred over the array",
        "sigmoid(z - mean(z)/1024)",
        "sigmoid",
        _centred,
        "",
        _ALONE,
        trigger=Trigger((1.0, 1.0), (0.0, 0.0)),
        shows=alone(8),
    ),
)
