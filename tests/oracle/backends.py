"""What both backends must keep: R(a) inside, and as narrow as was asked."""

from __future__ import annotations

from fractions import Fraction

import mpmath

from stablelce.oracle.decomposition import REMAINDERS
from stablelce.oracle.dyadic import Dyadic
from stablelce.oracle.enclosure import Backend
from tests.oracle import reference

ARGUMENTS = (2.0**-1074, 3 * 2.0**-1000, 2.0**-53, 0.1, 0.9999999999999999, 1.0, 1.5, 36.7, 709.8, 1e4)
SURE = 4000
"""An enclosure may end as near to R(a) as the next term of its series, a^3/48 at a = 2^-1074."""


def remainder(name: str, a: Fraction) -> Fraction:
    """R(a) from exp(-a) alone, to a relative 2^-SURE for a >= 2^-1074.

    1 - exp(-a) loses at most 1075 bits, twice in a square; 1 + exp(-a) keeps a/log 2 < 2a bits fewer.
    """
    with mpmath.workprec(SURE + 2200 + 2 * int(a)):
        x = mpmath.mpf(a.numerator) / a.denominator
        e = mpmath.exp(-x)
        half_tanh = (1 - e) / (1 + e) / 2
        value = {
            "log1p_exp_neg": lambda: mpmath.log(1 + e),
            "sigmoid_neg": lambda: e / (1 + e),
            "half_tanh_half": lambda: half_tanh,
            "variance": lambda: e / (1 + e) ** 2,
            "variance_gap": lambda: half_tanh * half_tanh,
        }[name]()
        return reference.to_fraction(value)


def assert_encloses(bounds: Backend, name: str, a: Fraction, precision: int) -> None:
    """R(a) lies strictly inside, and the width is below 2^-precision R(a)."""
    value = remainder(name, a)
    enclosure = bounds(name, Dyadic.of(a), precision)
    low, high = (end.fraction() for end in enclosure.ends())
    slack = value / 2**SURE
    assert low < value - slack, (name, a)
    assert value + slack < high, (name, a)
    assert (high - low) * 2**precision < value, (name, a)


def assert_encloses_everywhere(bounds: Backend) -> None:
    for name in REMAINDERS:
        for a in ARGUMENTS:
            for precision in (128, 300):
                assert_encloses(bounds, name, Fraction(a), precision)
