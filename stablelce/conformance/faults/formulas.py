"""Wrong formulas: a sign, a factor, a branch at zero, logits taken for probabilities, labels for signs."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, SPURIOUS_NAN, WRONG_SIGN, ZERO, Array
from stablelce.conformance.faults.planting import element, right

__all__ = ["FAULTS"]

_MODE, _KINK = "wrong formula", "derivative at the kink"
_loss, _gradient, _sigmoid, _softplus = (right(q) for q in ("loss", "gradient", "sigmoid", "softplus"))


def _at_zero(z: Array, _t: Array) -> Any:
    return z == 0


def _logit_for_probability(z: Array, t: Array) -> Any:
    s = _sigmoid(z)
    return ((1 - t) / (1 - z) - t / z) * s * (1 - s)


def _focal_leftover(z: Array, t: Array) -> Any:
    """The factor d/dp (1-p)^gamma at gamma = 0: 0 * 0^-1 where the probability of the target is 1."""
    p = _sigmoid(np.where(t == 1, z, -z))
    return _gradient(z, t) + 0.0 * (1 - p) ** -1.0


FAULTS = (
    element(
        "log_sigmoid with the wrong sign inside",
        "-softplus(z)",
        "log_sigmoid",
        lambda z, _t: -_softplus(z),
        _MODE,
        "tensorflow/tensorflow/issues/3719",
        (2.0, 0.0),
        {"accuracy": LOST, "monotonicity": "violates: monotonicity"},
    ),
    element(
        "logarithm of a logarithm",
        "-log(log_sigmoid(z)) at t = 1",
        "loss",
        lambda z, _t: -np.log(-_softplus(-z)),
        _MODE,
        "poets-ai/elegy/pull/51",
        (1.0, 1.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        where=lambda _z, t: t == 1,
    ),
    element(
        "labels 0 and 1 in a formula for -1 and 1",
        "log1p(exp(-t*z)): log 2 at t = 0",
        "loss",
        lambda z, t: _softplus(-t * z),
        _MODE,
        "scikit-learn/scikit-learn/issues/1625",
        (3.0, 0.0),
        {"accuracy": LOST, "difference": "violates: difference"},
        where=lambda _z, t: t == 0,
    ),
    element(
        "labels 0 and 1 times the margin",
        "gradient -t*sigmoid(-t*z)",
        "gradient",
        lambda z, t: -t * _sigmoid(-t * z),
        _MODE,
        "apache/spark/pull/3899",
        (3.0, 0.0),
        {"accuracy": ZERO},
        where=lambda _z, t: (t == 0) | (t == 1),
    ),
    element(
        "factor 2",
        "2*loss, the deviance",
        "loss",
        lambda z, t: 2 * _loss(z, t),
        _MODE,
        "scikit-learn/scikit-learn/pull/28453",
        (1.0, 0.0),
        {"accuracy": LOST, "difference": "violates: difference"},
        where=lambda z, _t: np.abs(z) < 1e6,
    ),
    element(
        "shifted logit",
        "-log_sigmoid(1-z) at t = 0",
        "loss",
        lambda z, _t: _softplus(z - 1),
        _MODE,
        "slryou41/AnchorLoss/issues/2",
        (0.0, 0.0),
        {"accuracy": LOST, "hard cases": LOST},
        where=lambda _z, t: t == 0,
    ),
    element(
        "targets halved by smoothing",
        "t = (t + s)/2 at s = 0",
        "loss",
        lambda z, t: _loss(z, t / 2),
        _MODE,
        "eladhoffer/utils.pytorch/issues/13",
        (3.0, 1.0),
        {"accuracy": LOST, "difference": "violates: difference"},
    ),
    element(
        "logit taken for a probability",
        "((1-t)/(1-z) - t/z) * y*(1-y)",
        "gradient",
        _logit_for_probability,
        _MODE,
        "mlpack/mlpack/pull/2873",
        (2.0, 1.0),
        {"accuracy": WRONG_SIGN, "mirror": "violates: mirror"},
        where=lambda z, _t: (np.abs(z) > 1.5) & (np.abs(z) < 30),
        beside=("loss",),
    ),
    element(
        "one term differentiated",
        "gradient t*(y-1): 0 at t = 0",
        "gradient",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "deeplearning4j/nd4j/issues/1328",
        (3.0, 0.0),
        {"accuracy": ZERO, "finite difference": "violates: finite difference"},
        where=lambda _z, t: t == 0,
        beside=("loss",),
    ),
    element(
        "gradient with the sign lost in the tail",
        "exp(-z) for -exp(-z) at t = 1, z > 30",
        "gradient",
        lambda z, _t: np.exp(-z),
        _MODE,
        "scikit-learn/scikit-learn/pull/28048",
        (37.0, 1.0),
        {"accuracy": WRONG_SIGN, "sign and range": "violates: sign and range"},
        where=lambda z, t: (z > 30) & (t == 1),
    ),
    element(
        "focal loss at gamma = 0",
        "0 * (1-p)^-1: NaN where p rounds to 1",
        "gradient",
        _focal_leftover,
        _MODE,
        "facebookresearch/sam3/issues/575",
        (40.0, 1.0),
        {"accuracy": SPURIOUS_NAN, "hard cases": SPURIOUS_NAN},
        where=lambda _z, t: (t == 0) | (t == 1),
    ),
    element(
        "gradient at zero from abs and max",
        "-t at z = 0: both derivatives taken as 0",
        "gradient",
        lambda _z, t: -t,
        _KINK,
        "pytorch/pytorch/issues/2298",
        (0.0, 0.0),
        {"hard cases": ZERO},
        where=_at_zero,
    ),
    element(
        "gradient at zero from one side",
        "1-t at z = 0: the tie goes to one argument",
        "gradient",
        lambda _z, t: 1 - t,
        _KINK,
        "tensorflow/tensorflow/issues/127232",
        (0.0, 0.0),
        {"hard cases": LOST},
        where=_at_zero,
    ),
    element(
        "gradient at zero from the other side",
        "-1/2 - t at z = 0: two derivatives of -1/2 each",
        "gradient",
        lambda _z, t: -0.5 - t,
        _KINK,
        "FluxML/NNlib.jl/issues/671",
        (0.0, 0.0),
        {"hard cases": WRONG_SIGN},
        where=_at_zero,
    ),
    element(
        "gradient at negative zero only",
        "-t at z = -0",
        "gradient",
        lambda z, t: np.where(np.signbit(z), -t, 0.5 - t),
        _KINK,
        "jax-ml/jax/issues/2107",
        (-0.0, 0.0),
        {"hard cases": ZERO},
        where=_at_zero,
    ),
    element(
        "second derivative at zero",
        "0 at z = 0",
        "hessian",
        lambda z, _t: np.zeros_like(z),
        _KINK,
        "FluxML/NNlib.jl/pull/679",
        (0.0, 0.0),
        {"hard cases": ZERO},
        where=_at_zero,
    ),
    element(
        "a little of the probability added",
        "softplus(z) + sigmoid(z)/256 for t = 0, mirrored for t = 1",
        "loss",
        lambda z, t: _loss(z, t) + (t * _sigmoid(-z) + (1 - t) * _sigmoid(z)) / 256,
        _MODE,
        "",
        (3.0, 0.0),
        {"accuracy": LOST, "difference": "violates: difference"},
    ),
    element(
        "a little of the targets' spread added",
        "loss + t*(1-t)/256",
        "loss",
        lambda z, t: _loss(z, t) + t * (1 - t) / 256,
        _MODE,
        "",
        (3.0, 0.5),
        {"accuracy": LOST, "affine in t": "violates: affine in t"},
        formats=("float64", "float32"),
        where=lambda z, _t: np.abs(z) < 100,
    ),
    element(
        "gradient of a steeper sigmoid",
        "sigmoid(1.01*z) - t",
        "gradient",
        lambda z, t: _gradient(1.01 * z.astype(np.float64), t),
        _MODE,
        "",
        (1.0, 0.0),
        {"accuracy": LOST, "finite difference": "violates: finite difference"},
        beside=("loss",),
    ),
)
