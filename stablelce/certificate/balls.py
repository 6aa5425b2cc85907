"""Derivatives of the problem in ball arithmetic (Arb): the only module here that knows python-flint.

Every number is a ball that contains the exact value. Source: F. Johansson, *Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic*, IEEE Transactions on Computers 66 (2017).
With y = sigmoid(z) and its complement sigmoid(-z), both free of cancellation::

    gradient  sum_i s_i ((1-t_i) y_i - t_i (1-y_i)) x_i + p*v
    hessian   sum_i s_i y_i (1-y_i) x_i x_i^T + diag(p)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from threading import RLock
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from stablelce.certificate.problem import Floats, Problem

__all__ = [
    "Ball",
    "BallProblem",
    "Matrix",
    "around",
    "ball",
    "column",
    "dyadic_bounds",
    "exact_middle",
    "identity",
    "inverse",
    "matrix",
    "power_of_two",
    "precision",
    "upper",
    "working_precision",
]

Ball = Any  # flint.arb and flint.arb_mat carry no types
Matrix = Any

_BLOCK = 1024  # rows whose weighted copies exist at once
_turn = RLock()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with significands of that many bits; the setting of the caller comes back.

    The setting is one for the whole process, so threads take turns. Should other code change it meanwhile,
    balls become wider or narrower, but each still contains its exact value.
    """
    with _turn:
        previous = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = previous


def working_precision() -> int:
    """Bits of a significand now."""
    return int(ctx.prec)


def ball(value: Fraction | float) -> Ball:
    """A ball around a number; around a float it has radius 0."""
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return arb(value)


def power_of_two(k: int) -> Ball:
    """2^k, of radius 0."""
    return arb((1, k))


def around(middle: Ball, radius: Ball) -> Ball:
    """The ball of all numbers within ``radius`` of one in ``middle``."""
    return middle + arb(0, radius)


def upper(value: Ball) -> Ball:
    """A number that no magnitude in the ball exceeds, as a ball of radius 0."""
    return value.abs_upper()


def column(values: Sequence[Ball]) -> Matrix:
    """A matrix of one column."""
    return arb_mat([[value] for value in values])


def matrix(rows: Sequence[Sequence[Ball | float]]) -> Matrix:
    """A matrix, row by row."""
    return arb_mat(rows)


def identity(size: int) -> Matrix:
    """The identity matrix."""
    return arb_mat(size, size, [arb(int(i == j)) for i in range(size) for j in range(size)])


def inverse(values: Matrix) -> Matrix | None:
    """Balls around the inverse, or nothing if the precision does not show that there is one."""
    try:
        return values.inv()
    except ZeroDivisionError:
        return None


def exact_middle(value: Ball) -> Fraction:
    """The middle of a bounded ball."""
    m, e = value.mid().man_exp()
    return Fraction(int(m)) * Fraction(2) ** int(e)


def dyadic_bounds(value: Ball) -> tuple[int, int, int] | None:
    """Integers (lower, upper, e): the ball is [lower*2^e, upper*2^e]; nothing if it is unbounded."""
    if not value.is_finite():
        return None
    (m, e), (r, f) = value.mid().man_exp(), value.rad().man_exp()
    m, e, r, f = int(m), int(e), int(r), int(f)
    common = min(e, f)
    m, r = m << (e - common), r << (f - common)
    return m - r, m + r, common


class BallProblem:
    """The problem in scaled parameters, with matrices of balls of radius 0."""

    def __init__(self, problem: Problem) -> None:
        self.size = problem.size
        self.t = [None if t in (0.0, 1.0) else arb(t) for t in problem.t.tolist()]  # None: a hard target
        self.ones = (problem.t == 1.0).tolist()
        self.s = [None if s == 1.0 else arb(s) for s in problem.s.tolist()]  # None: weight 1
        self.penalties = problem.penalties
        self._rows = _scaled_rows(problem)
        self._blocks = [
            (rows := arb_mat(self._rows[i : i + _BLOCK]), rows.transpose())
            for i in range(0, len(self.t), _BLOCK)
        ]

    def logits(self, v: Matrix) -> list[Ball]:
        """x_i.v for every row."""
        return [z for rows, _ in self._blocks for z in (rows * v).entries()]

    def derivatives(self, v: Matrix) -> tuple[Matrix, list[Ball]]:
        """The gradient at v, and the weights s_i y_i (1-y_i) of the rows in the hessian."""
        residuals, curvatures = [], []
        for z, t, is_one, s in zip(self.logits(v), self.t, self.ones, self.s, strict=True):
            negative = z < 0
            e = (z if negative else -z).exp()
            large = 1 / (1 + e)  # sigmoid(|z|)
            small = e * large  # sigmoid(-|z|)
            up, down = (small, large) if negative else (large, small)
            hard = -down if is_one else up
            residual = hard if t is None else (1 - t) * up - t * down
            curvature = large * small
            residuals.append(residual if s is None else s * residual)
            curvatures.append(curvature if s is None else s * curvature)
        total = column([self._penalty(j) * v[j, 0] for j in range(self.size)])
        for i, (_, transposed) in enumerate(self._blocks):
            total += transposed * column(residuals[i * _BLOCK : (i + 1) * _BLOCK])
        return total, curvatures

    def hessian(self, curvatures: list[Ball]) -> Matrix:
        """The hessian, from the weights of the rows."""
        size = self.size
        diagonal = [self._penalty(j) for j in range(size)]
        total = arb_mat(
            size, size, [diagonal[i] if i == j else arb(0) for i in range(size) for j in range(size)]
        )
        for i, (_, transposed) in enumerate(self._blocks):
            here = slice(i * _BLOCK, (i + 1) * _BLOCK)
            weighted = [
                [h * x for x in row] for h, row in zip(curvatures[here], self._rows[here], strict=True)
            ]
            total += transposed * arb_mat(weighted)
        return total

    def loss(self, v: Matrix) -> Ball:
        """sum_i s_i F at v."""
        total = arb(0)
        for z, t, is_one, s in zip(self.logits(v), self.t, self.ones, self.s, strict=True):
            negative = z < 0
            # L = log(1 + exp(-|z|)) + |z| (1-t if z > 0 else t)
            value = (z if negative else -z).exp().log1p()
            if t is None:
                if is_one == negative:
                    value += -z if negative else z
            else:
                value += -z * t if negative else z * (1 - t)
            total += value if s is None else s * value
        for j in range(self.size):
            total += self._penalty(j) * v[j, 0] ** 2 / 2
        return total

    def _penalty(self, j: int) -> Ball:
        return ball(self.penalties[j])


def _scaled_rows(problem: Problem) -> list[list[Any]]:
    """The scaled rows: floats where scaling by a power of two is exact in float64, balls elsewhere."""
    scaled = problem.scaled_floats()
    rows: list[list[Any]] = scaled.tolist()
    for j in np.flatnonzero(~_exact(scaled, problem)).tolist():
        factor = power_of_two(-problem.exponents[j])
        for row, value in zip(rows, problem.x[:, j].tolist(), strict=True):
            with precision(64):  # 53 bits at most: no rounding
                row[j] = arb(value) * factor
    return rows


def _exact(scaled: Floats, problem: Problem) -> Any:
    with np.errstate(all="ignore"):
        return (np.ldexp(scaled, problem.exponents) == problem.x).all(axis=0)
