"""The defining formulas as they stand, by mpmath at one high precision: slow, plain, nothing shared.

At 5000 bits and |z| <= 700, exp(|z|) < 2^1010, so 1 + exp(-|z|) keeps exp(-|z|) to 3990 bits and no
formula below loses more than twice 1010 bits. ERROR leaves room for all of it.
"""

from __future__ import annotations

from fractions import Fraction

import mpmath

from stablelce.formats import Format

BITS = 5000
LARGEST_LOGIT = 700
ERROR = Fraction(1, 2**2900)
"""Bound of the relative error of :func:`value` for plain quantities and 2^-1074 <= |z| <= 700."""


def value(
    quantity: str,
    z: Fraction,
    t: Fraction = Fraction(0),
    weight: Fraction = Fraction(1),
    pos_weight: Fraction = Fraction(1),
) -> Fraction:
    """The quantity by its definition."""
    with mpmath.workprec(BITS):
        logit, target, v, p = (mpmath.mpf(x.numerator) / x.denominator for x in (z, t, weight, pos_weight))
        y = 1 / (1 + mpmath.exp(-logit))
        softplus = mpmath.log(1 + mpmath.exp(logit))
        mirrored = mpmath.log(1 + mpmath.exp(-logit))
        result = {
            "sigmoid": y,
            "softplus": softplus,
            "log_sigmoid": -mirrored,
            "loss": v * (p * target * mirrored + (1 - target) * softplus),
            "gradient": v * ((1 - target) * y - p * target * (1 - y)),
            "hessian": v * (p * target + 1 - target) * y * (1 - y),
        }[quantity]
        return to_fraction(result)


def to_fraction(x: mpmath.mpf) -> Fraction:
    """The exact value of an mpf."""
    n, d = mpmath.libmp.to_rational(x._mpf_)
    return Fraction(int(n), int(d))


def rounded(quantity: str, z: Fraction, t: Fraction, fmt: Format) -> int:
    """The value rounded once, after seeing that the error cannot matter."""
    v = value(quantity, z, t)
    low, high = fmt.round(v - abs(v) * ERROR), fmt.round(v + abs(v) * ERROR)
    assert low == high, f"{BITS} bits do not decide {quantity} at {z}, {t}"
    return low
