"""What is searched: quantities as functions of a = |z|, one for each sign of z and kind of target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stablelce.kernels.rounding import Doubles

__all__ = ["FUNCTIONS", "HARD", "SOFT", "Function", "slopes"]


class Function(NamedTuple):
    """A quantity on one side of z = 0.

    With hard targets, t = 0 stands for t = 1 as well, at the mirrored logit: loss(z,1) = loss(-z,0) and
    gradient(z,1) = -gradient(-z,0), as sigmoid(z), softplus(z) and log_sigmoid(z) are among these.
    """

    quantity: str
    sign: float
    soft: bool


HARD = (
    Function("loss", -1.0, soft=False),
    Function("loss", 1.0, soft=False),
    Function("gradient", -1.0, soft=False),
    Function("gradient", 1.0, soft=False),
    Function("hessian", 1.0, soft=False),
)
SOFT = tuple(Function(quantity, sign, soft=True) for quantity in ("loss", "gradient") for sign in (-1.0, 1.0))
FUNCTIONS = (*HARD, *SOFT)
"""In the order of the bits that the sieve sets."""


def slopes(function: Function, a: Doubles, t: Doubles) -> tuple[Doubles, Doubles]:
    """Derivatives of the value (loss, hessian, or w - sigmoid(-a)) by a and by t, in binary64 arithmetic."""
    y = 1.0 / (1.0 + np.exp(a))
    if function.quantity == "hessian":
        return -y * (1.0 - y) * (1.0 - 2.0 * y), np.zeros_like(a)
    # w = 1-t for z > 0 and t below
    by_t = np.full_like(a, -function.sign)
    if function.quantity == "gradient":
        return y * (1.0 - y), by_t
    w = 1.0 - t if function.sign > 0 else t
    return w - y, a * by_t
