"""Adapter of XGBoost: the sigmoid of its predictions, and the gradient that its trees are grown from.

No call returns the gradient of ``binary:logistic``. Documented are the weight of a leaf, -G/(H + lambda),
G and H being the sums of gradients and second derivatives in it; a tree for each of several targets; and
``base_margin``, the logits to start from. So with one row, a target for each point, one round at rate 1 and
lambda = 2^40, each tree is one leaf of weight -g/(2^40 + h). As h <= 1/4, that is -g/2^40 to 2^-41 of itself,
and scaling by 2^40 is exact. Predictions are binary32, which is what is offered. The loss is not offered:
XGBoost gives its mean over data only, in decimal digits.

LightGBM has no adapter: a tree of one leaf gets no weight there, a split needs a gain that equal gradients do
not have, and no documented call returns gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xgboost

from stablelce.conformance.subjects.base import Subject

__all__ = ["subject"]

_IMPORTS = """\
import numpy as np
import xgboost as xgb
def gradient(z, t):  # one row, a target for each point, a tree of one leaf for each target: -g/(lambda + h)
    leaf = dict(reg_lambda=2.0**40, learning_rate=1, min_child_weight=0)
    options = dict(objective="binary:logistic", nthread=1, **leaf)
    row = xgb.DMatrix(np.zeros((1, 1)), label=t[None, :], base_margin=z[None, :])
    booster = xgb.train(options, row, num_boost_round=1)
    leaves = xgb.DMatrix(np.zeros((1, 1)), base_margin=np.zeros((1, len(z))))
    return booster.predict(leaves, output_margin=True).ravel() * np.float32(-(2.0**40))
def sigmoid(z):
    rows = xgb.DMatrix(np.zeros((len(z), 1)), base_margin=z)
    return xgb.train({"objective": "binary:logistic", "nthread": 1}, rows, num_boost_round=0).predict(rows)"""


def _gradient(z: Any, t: Any) -> Any:
    logits, targets = np.broadcast_arrays(z, t)
    if not logits.size:  # no points, no trees
        return np.empty(logits.shape, logits.dtype)
    options = {
        "objective": "binary:logistic",
        "reg_lambda": 2.0**40,
        "learning_rate": 1,
        "min_child_weight": 0,
        "nthread": 1,  # more of them wait for each other longer than a tree of one leaf takes
    }
    nothing = np.zeros((1, 1))
    row = xgboost.DMatrix(nothing, label=targets.reshape(1, -1), base_margin=logits.reshape(1, -1))
    booster = xgboost.train(options, row, num_boost_round=1)
    leaves = xgboost.DMatrix(nothing, base_margin=np.zeros((1, logits.size)))
    weights = booster.predict(leaves, output_margin=True)
    return weights.reshape(logits.shape) * np.float32(-(2.0**40))


def _sigmoid(z: Any) -> Any:
    if not np.size(z):
        return np.empty(np.shape(z), np.float32)
    rows = xgboost.DMatrix(np.zeros((np.size(z), 1)), base_margin=np.ravel(z))
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, num_boost_round=0)
    return booster.predict(rows).reshape(np.shape(z))


def subject(name: str) -> Subject:
    """The gradient and the sigmoid, in binary32."""
    return Subject(
        name=name,
        functions={"gradient": _gradient, "sigmoid": _sigmoid},
        formats=("float32",),
        version=xgboost.__version__,
        device="cpu",
        threads=1,
        imports=_IMPORTS,
        expressions={"gradient": "gradient(z, t)", "sigmoid": "sigmoid(z)"},
    )
