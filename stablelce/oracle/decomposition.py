"""Every quantity as an exact binary fraction plus a scaled remainder: value = base + scale * R(a).

With a = |z|, and R one of the positive functions below, all of them transcendental for rational a > 0::

    log1p_exp_neg   log(1 + exp(-a))            softplus(-a)
    sigmoid_neg     1 / (1 + exp(a))            sigmoid(-a)
    half_tanh_half  tanh(a/2) / 2               sigmoid(a) - 1/2
    variance        exp(a) / (1 + exp(a))^2     sigmoid(a) * sigmoid(-a)
    variance_gap    tanh(a/2)^2 / 4             1/4 - sigmoid(a) * sigmoid(-a)

``base`` and ``scale`` are exact, so all that is not rational sits in R, and what remains is to enclose R
tightly enough (see enclosure.py). Two forms exist where one would cancel: near a = 0 sigmoid and its
variance are written around 1/2 and 1/4, so that sigmoid(z) - 1/2 keeps its relative accuracy for
z = 2^-1074; from a = 1 on they are written around 1 and 0, so that the tails keep theirs.

Weighted form (design of the public functions), with weight v and pos_weight p::

    loss     = v * (p*t*softplus(-z) + (1-t)*softplus(z)) = v*a*w + v*c*softplus(-a)
    gradient = v * ((1-t)*y - p*t*(1-y))                  = v*(c*y - p*t)
    hessian  = v * c * y*(1-y)

where c = p*t + (1-t), and w is what multiplies the growing branch: 1-t for z > 0 and p*t for z < 0.
The plain quantities are v = p = 1, which makes c = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from stablelce.oracle.dyadic import ONE, ZERO, Dyadic

__all__ = ["FUNCTIONS_OF_Z", "QUANTITIES", "REMAINDERS", "Decomposition", "decompose"]

QUANTITIES = ("loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus")
FUNCTIONS_OF_Z = ("sigmoid", "log_sigmoid", "softplus")
REMAINDERS = ("log1p_exp_neg", "sigmoid_neg", "half_tanh_half", "variance", "variance_gap")

HALF = Dyadic(1, -1)
QUARTER = Dyadic(1, -2)


@dataclass(slots=True)
class Decomposition:
    """The value ``base + scale * remainder(argument)``; ``scale`` 0 means the value is ``base``."""

    base: Dyadic
    scale: Dyadic
    remainder: str
    argument: Dyadic


def decompose(quantity: str, z: Dyadic, t: Dyadic, weight: Dyadic, pos_weight: Dyadic) -> Decomposition:
    """Write a quantity as exact part plus scaled remainder; t is 0 where it does not matter."""
    if quantity == "loss":
        return _loss(z, t, weight, pos_weight)
    if quantity == "gradient":
        positive = pos_weight * t
        return _affine_sigmoid(z, weight * (positive + (ONE - t)), -(weight * positive))
    if quantity == "hessian":
        return _hessian(z, weight * (pos_weight * t + (ONE - t)))
    if quantity == "sigmoid":
        return _affine_sigmoid(z, ONE, ZERO)
    if quantity == "softplus":
        return _loss(z, ZERO, ONE, ONE)
    if quantity == "log_sigmoid":  # -softplus(-z)
        mirrored = _loss(-z, ZERO, ONE, ONE)
        return Decomposition(-mirrored.base, -mirrored.scale, mirrored.remainder, mirrored.argument)
    raise ValueError(f"unknown quantity {quantity!r}: use one of {', '.join(QUANTITIES)}.")


def _loss(z: Dyadic, t: Dyadic, weight: Dyadic, pos_weight: Dyadic) -> Decomposition:
    a = abs(z)
    positive, negative = pos_weight * t, ONE - t
    growing = negative if z.m > 0 else positive
    return Decomposition(weight * a * growing, weight * (positive + negative), "log1p_exp_neg", a)


def _affine_sigmoid(z: Dyadic, factor: Dyadic, shift: Dyadic) -> Decomposition:
    """factor * sigmoid(z) + shift."""
    a = abs(z)
    if a < ONE:  # sigmoid(z) = 1/2 + sign(z) * tanh(a/2)/2
        scale = factor if z.m > 0 else -factor if z.m < 0 else ZERO
        return Decomposition(factor * HALF + shift, scale, "half_tanh_half", a)
    if z.m > 0:  # sigmoid(z) = 1 - sigmoid(-a)
        return Decomposition(factor + shift, -factor, "sigmoid_neg", a)
    return Decomposition(shift, factor, "sigmoid_neg", a)


def _hessian(z: Dyadic, factor: Dyadic) -> Decomposition:
    """factor * sigmoid(z) * sigmoid(-z)."""
    a = abs(z)
    if a < ONE:
        return Decomposition(factor * QUARTER, -factor if a else ZERO, "variance_gap", a)
    return Decomposition(ZERO, factor, "variance", a)
