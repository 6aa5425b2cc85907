"""How many digits of a coefficient are correct: the log relative error of NIST's StRD.

::

    digits = -log10(|computed - exact| / |exact|)        -log10|computed| where exact is 0

Source: NIST Statistical Reference Datasets; B. McCullough, *Assessing the reliability of statistical
software*, The American Statistician 52 (1998), whose base is the certified value where it is not 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

__all__ = ["correct_digits", "fewest"]


def correct_digits(computed: float, certified: float) -> float:
    """Correct decimal digits of one coefficient, of exact rational arithmetic up to the last logarithm.

    Parameters
    ----------
    computed : float
        What a solver returned.
    certified : float
        The correctly rounded coefficient.

    Returns
    -------
    float
        At least 0; 0 also for NaN, infinities and wrong signs. Infinite where the two are the same float (a
        zero's sign does not count). As the certified value is itself rounded, more than 15.6 digits say only
        that a coefficient is off by an ulp or so.
    """
    if not math.isfinite(computed):
        return 0.0
    difference = abs(Fraction(computed) - Fraction(certified))
    if not difference:
        return math.inf
    ratio = difference / abs(Fraction(certified)) if certified else difference
    # math.log10 takes integers of any size; the quotient itself might underflow.
    return max(0.0, math.log10(ratio.denominator) - math.log10(ratio.numerator))


def fewest(computed: Iterable[float], certified: Iterable[float]) -> float:
    """Those of the worst coefficient."""
    return min(correct_digits(a, b) for a, b in zip(computed, certified, strict=True))
