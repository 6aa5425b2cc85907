"""The fused form in binary64: every quantity of one element from one exponential, rounded at the end.

With a = |z|, e = exp(-a) in [0, 1], and sigmoid(-a) = e/(1+e), softplus(-a) = log1p(e)::

    softplus(z)  = softplus(-a) + max(z, 0)
    sigmoid(z)   = 1/(1+e) for z >= 0, e/(1+e) below
    loss         = softplus(-a) + a*w            w = 1-t for z >= 0, t below
    gradient     = sigmoid(z) - t = w - sigmoid(-a) for z >= 0, sigmoid(-a) - w below
    hessian      = sigmoid(a) * sigmoid(-a)

No term of the loss is negative, so nothing cancels; the gradient cancels only where t is close to
sigmoid(z). Near z = 0 it is taken as (1/2 - t) + tanh(z/2)/2, the exact identity
sigmoid(z) = 1/2 + tanh(z/2)/2, since w - sigmoid(-a) at t = 1/2 loses z against 1/2.

The rounding to the result's format is a second one, so results are not always the nearest float: that
is the work of correctly rounded kernels, which can take the place of :func:`evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stablelce.formats import find_format
from stablelce.kernels.rounding import Block, Doubles, narrow, widen
from stablelce.kernels.weighted import WEIGHTED, Elements

__all__ = ["evaluate"]


def evaluate(
    outs: Mapping[str, Block],
    z: Block,
    t: Block | None = None,
    weight: Block | None = None,
    pos_weight: Block | None = None,
) -> None:
    """Compute quantities of a block of elements and write them, rounded.

    Parameters
    ----------
    outs : mapping
        Blocks to fill, by quantity: "loss", "gradient", "hessian", "sigmoid", "log_sigmoid",
        "softplus". They may be the memory of an input, element for element.
    z, t, weight, pos_weight : ndarray
        One-dimensional blocks of one length, all with the dtype of the results. Without ``t``, only
        the quantities of z alone, and the hessian. Weights are finite and not negative.

    Notes
    -----
    Call it with NumPy's floating-point warnings off.
    """
    logits = widen(z)
    targets = None if t is None else widen(t)
    values = {quantity: PLAIN[quantity](logits, targets) for quantity in outs}
    if weight is not None or pos_weight is not None:
        elements = Elements(logits, targets, weight, pos_weight)
        for quantity, plain in values.items():
            values[quantity] = np.where(elements.unweighted, plain, WEIGHTED[quantity](elements))
    for quantity, out in outs.items():
        narrow(values[quantity], find_format(out.dtype), out)


def softplus(z: Doubles) -> Doubles:
    """log(1 + exp(z))."""
    values: Doubles = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0)
    return values


def sigmoid(z: Doubles) -> Doubles:
    """1/(1 + exp(-z))."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def loss(z: Doubles, t: Doubles) -> Doubles:
    """softplus(-a) + a*w; where w = 0 the product is 0 at infinite logits too."""
    a = np.abs(z)
    w = np.where(z >= 0, 1.0 - t, t)
    linear = np.where((w == 0) & np.isinf(a), 0.0, a * w)
    values: Doubles = np.log1p(np.exp(-a)) + linear
    return values


def gradient(z: Doubles, t: Doubles) -> Doubles:
    """Sigmoid(z) - t; a difference that underflows keeps its sign, and only z = 0, t = 1/2 gives 0."""
    e = np.exp(-np.abs(z))
    tail = e / (1.0 + e)  # sigmoid(-a)
    # -(tail - w) rather than w - tail: at t = 1 an underflown tail leaves -0.
    far = np.where(z > 0, -(tail - (1.0 - t)), tail - t)
    odd_part = np.tanh(z / 2) / 2
    near = np.where((t == 0.5) & (z != 0), odd_part, (0.5 - t) + odd_part)
    return np.where(np.abs(z) <= 1, near, far)


def hessian(z: Doubles, t: Doubles | None) -> Doubles:
    """sigmoid(a) * sigmoid(-a); a NaN target gives NaN."""
    e = np.exp(-np.abs(z))
    values = e / (1.0 + e) / (1.0 + e)
    return values if t is None else np.where(np.isnan(t), np.nan, values)


PLAIN: dict[str, Callable[[Doubles, Any], Doubles]] = {
    "loss": loss,
    "gradient": gradient,
    "hessian": hessian,
    "sigmoid": lambda z, _: sigmoid(z),
    "log_sigmoid": lambda z, _: -softplus(-z),
    "softplus": lambda z, _: softplus(z),
}
