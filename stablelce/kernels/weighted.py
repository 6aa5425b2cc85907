"""The weighted quantities in binary64, by pairs of a significand and an exponent.

With p the positive weight and w the weight of the element::

    loss     = w * (p*t*softplus(-z) + (1-t)*softplus(z))
    gradient = w * ((1-t)*sigmoid(z) - p*t*sigmoid(-z))
    hessian  = w * (p*t + 1-t) * sigmoid(z)*sigmoid(-z)

Weights up to 1e308 meet values down to 1e-320 (and far below, in the tails), so everything between the
exponential and the result is a pair with an exponent of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stablelce.kernels.rounding import Block, Doubles, widen
from stablelce.kernels.scaled import Scaled, choose, difference, exp_of_minus, product, total

__all__ = ["WEIGHTED", "Elements"]


class Elements:
    """A block of weighted elements, and what the three quantities share.

    ``positive`` and ``negative`` are p*t and 1-t, the factors of the two terms of the loss; ``exp`` is
    exp(-|z|).
    """

    def __init__(self, z: Doubles, t: Doubles | None, weight: Block | None, pos_weight: Block | None) -> None:
        one = np.ones_like(z)
        self.z = z
        # A weight of -0 is a weight of 0.
        self.w = one if weight is None else np.abs(widen(weight))
        self.p = one if pos_weight is None else np.abs(widen(pos_weight))
        self.unweighted = (self.w == 1.0) & (self.p == 1.0)
        targets = np.zeros_like(z) if t is None else t
        self.positive = product(self.p, targets)
        self.negative = product(1.0 - targets)
        self.exp = exp_of_minus(np.abs(z))

    def times_weight(self, value: Scaled) -> Doubles:
        """The value times the element's weight; a weight of 0 hides infinities and NaN."""
        return np.where(self.w == 0, 0.0, product(self.w, value).unscaled())

    def sigmoids(self) -> tuple[Scaled, Scaled]:
        """sigmoid(z) and sigmoid(-z)."""
        larger = product(1.0 / (1.0 + self.exp.unscaled()))
        smaller = product(larger, self.exp)
        return choose(self.z >= 0, larger, smaller), choose(self.z >= 0, smaller, larger)


def loss(elements: Elements) -> Doubles:
    """The weight times (major*(a + softplus(-a)) + minor*softplus(-a)), a = |z|: no term is negative."""
    major = choose(elements.z >= 0, elements.negative, elements.positive)
    minor = choose(elements.z >= 0, elements.positive, elements.negative)
    a = np.abs(elements.z)
    # log1p(e) = e to the last bit where e is below 2^-54, and long before it is subnormal.
    softplus = choose(a > 700.0, elements.exp, product(np.log1p(elements.exp.unscaled())))
    a = np.where((major.m == 0) & np.isinf(a), 0.0, a)  # the limit of 0 * softplus(a) is 0
    return elements.times_weight(total(product(major, total(product(a), softplus)), product(minor, softplus)))


def gradient(elements: Elements) -> Doubles:
    """The weight times (negative*sigmoid(z) - positive*sigmoid(-z)).

    Near z = 0 by sigmoid(z) = 1/2 + tanh(z/2)/2, so that negative = positive leaves what z adds.
    """
    z, positive, negative = elements.z, elements.positive, elements.negative
    sigmoid_z, sigmoid_minus_z = elements.sigmoids()
    far = difference(product(negative, sigmoid_z), product(positive, sigmoid_minus_z))
    # tanh(z/2)/2 = z/4 - z^3/48 + ..., to the last bit z/4 below 2^-30, where z/2 might lose its own.
    odd_part = choose(np.abs(z) < 2.0**-30, product(z, 0.25), product(np.tanh(z / 2), 0.5))
    even_part = product(difference(negative, positive), 0.5)
    near = total(even_part, product(total(negative, positive), odd_part))
    return elements.times_weight(choose(np.abs(z) <= 1, near, far))


def hessian(elements: Elements) -> Doubles:
    """The weight times (positive + negative) * sigmoid(z) * sigmoid(-z)."""
    sigmoid_z, sigmoid_minus_z = elements.sigmoids()
    return elements.times_weight(
        product(total(elements.positive, elements.negative), sigmoid_z, sigmoid_minus_z)
    )


WEIGHTED: dict[str, Callable[[Elements], Doubles]] = {
    "loss": loss,
    "gradient": gradient,
    "hessian": hessian,
}
