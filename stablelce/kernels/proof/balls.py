"""Balls, and polynomials with balls for coefficients, in rho with |rho| <= 1: what Arb is needed for.

A polynomial stands for every function sum c_k(rho) * rho^k whose coefficients stay in their balls for each
rho; they may vary with it. Sums and products of polynomials then hold the sums and products of functions,
and a remainder bounded by c * |rho|^k is a ball in the k-th coefficient.

Source: F. Johansson, *Arb: efficient arbitrary-precision midpoint-radius interval arithmetic*, IEEE
Transactions on Computers 66 (2017).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import TypeAlias

import flint
from flint import arb, arb_poly, ctx

__all__ = [
    "UNIT",
    "Ball",
    "Polynomial",
    "bound",
    "inverse",
    "middle",
    "monomial",
    "order",
    "power_of_two",
    "truncated",
    "upward",
    "versions",
    "working_precision",
]

Ball: TypeAlias = arb
Polynomial: TypeAlias = arb_poly

PRECISION = 128
"""Bits of the middles. What is proved holds at any precision; below 100 the bounds would be worse."""

UNIT = Ball(0, 1)
"""[-1, 1]."""


@contextmanager
def working_precision() -> Iterator[None]:
    """Work with PRECISION bits, and leave the process as it was."""
    previous = ctx.prec
    ctx.prec = PRECISION
    try:
        yield
    finally:
        ctx.prec = previous


def power_of_two(exponent: int) -> Ball:
    """2^exponent, exactly."""
    return Ball((1, exponent))


def monomial(coefficient: Ball, k: int) -> Polynomial:
    """The polynomial c * rho^k."""
    return Polynomial([coefficient]).left_shift(k)


def bound(p: Polynomial) -> Ball:
    """A ball around all values for |rho| <= 1."""
    return p(UNIT)


def order(p: Polynomial) -> int:
    """The number of leading coefficients that are zero, exactly; for the zero polynomial 0."""
    return next((k for k in range(p.length()) if not p[k].is_zero()), 0)


def truncated(p: Polynomial, degree: int) -> Polynomial:
    """The same functions with fewer terms: beyond the degree, |rho|^k <= |rho|^degree."""
    if p.length() <= degree + 1:
        return p
    rest = bound(p.right_shift(degree + 1)) * UNIT
    return p.truncate(degree + 1) + monomial(rest, degree)


def middle(p: Polynomial) -> Polynomial:
    """One of the polynomials, with exact coefficients."""
    return Polynomial([c.mid() for c in p.coeffs()])


def inverse(p: Polynomial, degree: int) -> Polynomial:
    """A polynomial with exact coefficients close to 1/p, found by Newton's iteration; no enclosure."""
    q = Polynomial([1 / p[0].mid()])
    for _ in range(degree.bit_length()):
        q = middle((q * (2 - p * q)).truncate(degree + 1))
    return q


def upward(ball: Ball) -> float:
    """A float that no value in the ball exceeds in magnitude; infinity where nothing is known."""
    value = float(ball.abs_upper())
    return math.inf if math.isnan(value) else math.nextafter(value, math.inf)


def versions() -> dict[str, str]:
    """The versions of Arb's library and of its Python interface."""
    return {"FLINT": flint.__FLINT_VERSION__, "python-flint": metadata.version("python-flint")}
