"""The objective and its derivatives in mpmath, from the formula; nothing is shared with what is tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DIGITS = 50


class Reference:
    """F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2 at the exact binary data."""

    def __init__(self, X: Floats, t: Floats, s: Floats | None = None, *, l2: float = 0.0) -> None:
        self.context = mpmath.MPContext()
        self.context.dps = DIGITS
        number = self.context.mpf
        self.rows = [[*map(number, row), number(1)] for row in np.asarray(X, float).tolist()]
        self.t = [number(x) for x in np.asarray(t, float).tolist()]
        weights = np.ones(len(self.t)) if s is None else s
        self.s = [number(x) for x in weights.tolist()]
        self.total = self.context.fsum(self.s)
        self.l2 = number(l2)

    def logits(self, w: Sequence[Any]) -> list[Any]:
        return [self.context.fdot(row, w) for row in self.rows]

    def residuals(self, w: Sequence[Any]) -> list[Any]:
        return [1 / (1 + self.context.exp(-z)) - t for z, t in zip(self.logits(w), self.t, strict=True)]

    def loss(self, w: Sequence[Any]) -> Any:
        exp, log = self.context.exp, self.context.log
        terms = [
            s * (t * log(1 + exp(-z)) + (1 - t) * log(1 + exp(z)))
            for s, t, z in zip(self.s, self.t, self.logits(w), strict=True)
        ]
        return self.context.fsum(terms) / self.total + self.l2 / 2 * self.context.fsum(x * x for x in w[:-1])

    def gradient(self, w: Sequence[Any]) -> list[Any]:
        scaled = [s * r for s, r in zip(self.s, self.residuals(w), strict=True)]
        columns = list(zip(*self.rows, strict=True))
        sums = [self.context.fdot(column, scaled) / self.total for column in columns]
        return [g + self.l2 * x for g, x in zip(sums[:-1], w[:-1], strict=True)] + [sums[-1]]

    def optimum(self) -> list[Any]:
        """The zero of the gradient, by Newton's method in 50 digits from 0; the data must have one."""
        w = [self.context.mpf(0)] * len(self.rows[0])
        for _ in range(60):
            g = self.gradient(w)
            if max(abs(x) for x in g) < self.context.mpf(10) ** (5 - DIGITS):
                return w
            step = self.context.lu_solve(self._hessian(w), self.context.matrix(g))
            w = [x - p for x, p in zip(w, step, strict=True)]
        raise AssertionError("the reference did not converge: these data have no optimum near 0")

    def _hessian(self, w: Sequence[Any]) -> Any:
        size = len(w)
        matrix = self.context.zeros(size)
        for row, s, r, t in zip(self.rows, self.s, self.residuals(w), self.t, strict=True):
            y = r + t
            for i in range(size):
                for j in range(size):
                    matrix[i, j] += s * y * (1 - y) * row[i] * row[j] / self.total
        for i in range(size - 1):
            matrix[i, i] += self.l2
        return matrix
