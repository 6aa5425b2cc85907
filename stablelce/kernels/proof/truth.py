"""softplus(-a) and sigmoid(-a) themselves over a cell, as polynomials in rho with every remainder enclosed.

With a = a_j + r, r = rho/64, p = sigmoid(-a_j), x = expm1(-r) and u = p*x, as in the kernel but with real
numbers: softplus(-a) = softplus(-a_j) + log1p(u), sigmoid(-a) = (p + u)/(1 + u).
"""

from __future__ import annotations

from functools import cache

from stablelce.kernels.proof.balls import UNIT, Ball, Polynomial, bound, monomial, power_of_two, truncated
from stablelce.kernels.proof.enclosure import DEGREE, Enclosure, ProofError
from stablelce.kernels.table_layout import STEPS

__all__ = ["sigmoid_error", "softplus_error"]


def softplus_error(value: Enclosure, index: int) -> Ball:
    """Bound of |value - softplus(-a)| / softplus(-a) over the cell."""
    e = (-_centre(index)).exp()
    p = e / (1 + e)
    true = e.log1p() + sum(
        (power * (p**k / (k if k % 2 else -k)) for k, power in enumerate(_powers(), 1)), Polynomial([])
    )
    # |log1p(u) - its first K terms| <= |u|^(K+1) / ((K+1)(1-|u|)), and |u| is below |rho|.
    u = (p * bound(_powers()[0])).abs_upper()
    rest = u ** (DEGREE + 1) / ((DEGREE + 1) * (1 - u))
    return _relative(value, Enclosure(true + monomial(rest * UNIT, DEGREE)))


def sigmoid_error(value: Enclosure, index: int) -> Ball:
    """Bound of |value - sigmoid(-a)| / sigmoid(-a) over the cell, as |value*(1+u) - (p+u)| / (p+u)."""
    e = (-_centre(index)).exp()
    p = e / (1 + e)
    u = _powers()[0] * p
    return _relative(value.times(Enclosure(1 + u)), Enclosure(p + u))


def _relative(value: Enclosure, true: Enclosure) -> Ball:
    difference = value.minus(true)
    smallest = bound(true.total).lower()
    if not smallest > 0:
        raise ProofError("the exact result may vanish")
    return ((bound(difference.total).abs_upper() + difference.underflow) / smallest).abs_upper()


def _centre(index: int) -> Ball:
    return Ball(index) / STEPS


@cache
def _powers() -> tuple[Polynomial, ...]:
    """The powers x, x^2, ..., x^DEGREE of x = expm1(-rho/64)."""
    r = power_of_two(-6)
    x = Polynomial([0, *((-r) ** k / Ball(k).fac() for k in range(1, DEGREE + 1))])
    # Lagrange: |r|^(n+1)/(n+1)! * exp(1/64)
    rest = r ** (DEGREE + 1) / Ball(DEGREE + 1).fac() * r.exp()
    powers = [x + monomial(rest * UNIT, DEGREE)]
    while len(powers) < DEGREE:
        powers.append(truncated(powers[-1] * powers[0], DEGREE))
    return tuple(powers)
