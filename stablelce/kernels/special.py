"""Results at infinite logits, at NaN, and at infinite targets: limits, rounded once.

With the weights w and p of the element, z = +inf takes the coefficient c = w*(1-t), z = -inf takes
c = w*p*t. The loss is c*inf, the gradient c or -c. Where c = 0 the loss is +0, and the gradient is the
limit of its other term: a zero with that term's sign, which is negative at z = +inf only.
A weight of 0 gives +0 whatever else there is.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format
from stablelce.kernels.rounding import Block, Doubles, narrow

__all__ = ["special"]

Mask = npt.NDArray[np.bool_]


def special(
    quantity: str, z: Doubles, t: Doubles, weight: Doubles, pos_weight: Doubles, fmt: Format
) -> Block:
    """Encodings of the results where z or t is not finite; weights are 1 where there are none."""
    values = _BY_QUANTITY[quantity](z, t, pos_weight)
    out = np.empty(z.shape, fmt.dtype)
    with np.errstate(all="ignore"):
        scaled = np.where(np.isfinite(values), values * weight, values)
    values = np.where(weight == 0, 0.0, np.where(np.isnan(z) | np.isnan(t), np.nan, scaled))
    narrow(np.where(weight == 0, 0.0, values), fmt, out)
    encodings = out.view(fmt.uint)
    if quantity == "gradient":
        _round_products(encodings, z, t, weight, pos_weight, fmt)
    return encodings


def _loss(z: Doubles, t: Doubles, p: Doubles) -> Doubles:
    _, vanishes = _coefficient(z, t, p)
    negative = np.where(z > 0, t > 1, t < 0)  # targets that were not checked
    at_infinity = np.where(vanishes, 0.0, np.where(negative, -np.inf, np.inf))
    return np.where(np.isinf(z), at_infinity, -t * z)  # t infinite: the term that outgrows the other


def _gradient(z: Doubles, t: Doubles, p: Doubles) -> Doubles:
    coefficient, vanishes = _coefficient(z, t, p)
    other = np.where((z > 0) & (p > 0) & (t > 0), -0.0, 0.0)
    at_infinity = np.where(vanishes, other, np.where(z > 0, coefficient, -coefficient))
    return np.where(np.isinf(z), at_infinity, -t)


def _hessian(z: Doubles, _t: Doubles, _p: Doubles) -> Doubles:
    return np.where(np.isinf(z), 0.0, np.nan)


def _coefficient(z: Doubles, t: Doubles, p: Doubles) -> tuple[Doubles, Mask]:
    """c without w, and where it is exactly 0; a weight of 0 takes its term away."""
    vanishes: Mask = np.where(z > 0, t == 1, (p == 0) | (t == 0))
    return np.where(z > 0, 1.0 - t, np.where(vanishes, 0.0, p * t)), vanishes


def _sigmoid(z: Doubles, _t: Doubles, _p: Doubles) -> Doubles:
    return np.where(z > 0, 1.0, 0.0)


def _softplus(z: Doubles, _t: Doubles, _p: Doubles) -> Doubles:
    return np.where(z > 0, np.inf, 0.0)


def _log_sigmoid(z: Doubles, _t: Doubles, _p: Doubles) -> Doubles:
    return np.where(z > 0, -0.0, -np.inf)


_BY_QUANTITY = {
    "loss": _loss,
    "gradient": _gradient,
    "hessian": _hessian,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "log_sigmoid": _log_sigmoid,
}


def _round_products(
    encodings: npt.NDArray[np.unsignedinteger], z: Doubles, t: Doubles, w: Doubles, p: Doubles, fmt: Format
) -> None:
    """Gradients that are products of several factors other than 0 and 1: as rationals, each one once."""
    factors = np.where(z > 0, 1.0 - t, t)
    trivial = (factors == 0) | (factors == 1)
    simple = (w == 1) | (w == 0) | np.where(z > 0, trivial, trivial & ((w == 1) | (p == 1) | (p == 0)))
    simple |= (w == 1) & ((z > 0) | trivial | (p == 1))
    places = np.flatnonzero(np.isinf(z) & np.isfinite(t) & ~simple)
    columns = np.stack([np.sign(z[places]), t[places], w[places], p[places]], axis=1)
    distinct, which = np.unique(columns, axis=0, return_inverse=True)
    rounded = [_product(side, target, weight, positive, fmt) for side, target, weight, positive in distinct]
    if rounded:
        encodings[places] = np.array(rounded, encodings.dtype)[which.reshape(-1)]


def _product(side: float, t: float, w: float, p: float, fmt: Format) -> int:
    target = Fraction(t)
    exact = Fraction(w) * ((1 - target) if side > 0 else -Fraction(p) * target)
    return fmt.round(exact) if exact else 0
