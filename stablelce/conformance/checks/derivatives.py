"""Derivatives against central differences: gradient of the loss, hessian of the gradient.

For a smooth f and exact z-h, z, z+h there is xi between with

    (f(z+h) - f(z-h)) / (2h) = f'(z) + h^2/6 * f'''(xi).

With y = sigmoid: L''' = y(1-y)(1-2y) and g''' = y(1-y)(1-6y+6y^2). Both are at most y(1-y) in magnitude,
which is at most exp(-|xi|), and at most 1/(6 sqrt 3) < 0.0963 and 1/8. Results within A of their exact
values add (A(f(z+h)) + A(f(z-h))) / (2h) + A(f'(z)).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from stablelce.conformance.checks.relations import Term, relation, stencil
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Judgement, PointCheck
from stablelce.formats import UIntArray

__all__ = ["FINITE_DIFFERENCE"]

_PRIMITIVE = {"gradient": ("loss", Fraction(963, 10000)), "hessian": ("gradient", Fraction(1, 8))}


def _finite_difference(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    primitive, third = _PRIMITIVE[quantity]
    if not run.subject.offers(primitive):
        nothing = np.zeros(len(z), dtype=bool)
        return Judgement(nothing, nothing)
    fmt = run.fmt
    # The rounding part of the bound falls as 2^-p / h, the remainder grows as h^2: balance them.
    low, mid, high, steps = stencil(fmt, z, -round(fmt.precision / 3))
    terms = [
        Term(run, quantity, mid, t),
        Term(run, primitive, low, t),
        Term(run, primitive, high, t),
    ]

    def holds(i: int, values: list[Fraction], allowed: list[Fraction]) -> bool | None:
        h = steps[i]
        quotient = (values[2] - values[1]) / (2 * h)
        nearest = max(abs(fmt.to_fraction(int(mid[i]))) - h, Fraction(0))
        decay = Fraction(math.exp(-min(float(nearest), 700.0))) * Fraction(101, 100)
        bound = (allowed[1] + allowed[2]) / (2 * h) + allowed[0] + h * h / 6 * min(third, decay)
        if bound >= max(abs(values[0]), abs(quotient)):
            return None if abs(quotient - values[0]) <= bound else False
        return abs(quotient - values[0]) <= bound

    return relation(terms, holds)


FINITE_DIFFERENCE = PointCheck(
    "finite difference", ("gradient", "hessian"), _finite_difference, ("moderate", "middle", "thresholds")
)
