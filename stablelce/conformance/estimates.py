"""What binary64 arithmetic makes of each quantity: within a few units of the exact value, for whole arrays.

Two callers. Screening (screening.py) compares a subject's results with these at many more inputs than the
oracle could judge, and asks the oracle only where the two differ. The fault collection plants its faults in
them. Neither may accuse anybody by these values alone: what is true is for the oracle to say.

With e = exp(-|z|), r = log1p(e) and s = sigmoid(-|z|) = e/(1+e), every formula below adds and multiplies
numbers of one sign, except the gradient, which subtracts two numbers that carry the error its unit grants.
Weights: v for ``weight``, p for ``pos_weight``, q = (1-t) + p*t.

    loss     = v*(c*|z| + r*q)            c = 1-t for z > 0, p*t for z <= 0
    gradient = v*((1-t) - s*q)            for z > 0;    v*(s*q - p*t)   for z <= 0
    hessian  = v*q*e/(1+e)^2
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["estimate"]

Doubles = npt.NDArray[np.float64]


def estimate(quantity: str, z: Any, t: Any = 0.0, weight: Any = None, pos_weight: Any = None) -> Doubles:
    """A quantity at arrays of logits and targets, in binary64; NaN and infinities as the contract has them.

    Parameters
    ----------
    quantity : {"loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"}
        What to compute.
    z, t : array_like
        Logits and targets of any format, taken as binary64.
    weight, pos_weight : array_like, optional
        As in the library; an element of weight 0 is +0 whatever else it holds.

    Returns
    -------
    ndarray of float64
        Within 3 units of the exact value (measured against the oracle in all regions, see the tests).

    Raises
    ------
    ValueError
        No quantity goes by that name.
    """
    if quantity not in _QUANTITIES:
        raise ValueError(f"unknown quantity {quantity!r}: use one of {', '.join(_QUANTITIES)}.")
    logit, target = np.asarray(z).astype(np.float64), np.asarray(t).astype(np.float64)
    p = None if pos_weight is None else np.asarray(pos_weight).astype(np.float64)
    with np.errstate(all="ignore"):
        value = _QUANTITIES[quantity](logit, target, p)
        if weight is not None:
            v = np.asarray(weight).astype(np.float64)
            value = np.where(v == 0, 0.0, v * value)
    return np.asarray(value)


def _softplus(z: Doubles, _t: Doubles, _p: Doubles | None) -> Doubles:
    return np.asarray(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))


def _log_sigmoid(z: Doubles, t: Doubles, p: Doubles | None) -> Doubles:
    return -_softplus(-z, t, p)


def _sigmoid(z: Doubles, _t: Doubles, _p: Doubles | None) -> Doubles:
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0, e, 1.0) / (1.0 + e))


def _loss(z: Doubles, t: Doubles, p: Doubles | None) -> Doubles:
    growing = np.where(z > 0, 1.0 - t, t if p is None else p * t)
    rest = np.log1p(np.exp(-np.abs(z)))
    # 0 * inf: a growing branch that does not count is 0, however large the logit.
    return np.asarray(np.where(growing == 0, 0.0, growing * np.abs(z)) + rest * _q(t, p))


def _gradient(z: Doubles, t: Doubles, p: Doubles | None) -> Doubles:
    e = np.exp(-np.abs(z))
    tail = e / (1.0 + e) * _q(t, p)
    # -(a - b) and not b - a: where both are 0 the result stands for a negative value.
    return np.asarray(np.where(z > 0, -(tail - (1.0 - t)), tail - (t if p is None else p * t)))


def _hessian(z: Doubles, t: Doubles, p: Doubles | None) -> Doubles:
    e = np.exp(-np.abs(z))
    d = 1.0 + e
    value = e / d / d
    value -= 2.0 * (e - (d - 1.0)) / d * value  # what the rounding of d took away, twice
    return np.asarray(value if p is None else value * _q(t, p) + 0.0 * t)


def _q(t: Doubles, p: Doubles | None) -> Doubles | float:
    return 1.0 if p is None else (1.0 - t) + p * t


_QUANTITIES = {
    "loss": _loss,
    "gradient": _gradient,
    "hessian": _hessian,
    "sigmoid": _sigmoid,
    "log_sigmoid": _log_sigmoid,
    "softplus": _softplus,
}
