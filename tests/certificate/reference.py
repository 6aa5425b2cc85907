"""An optimum by other means: Newton's method in mpmath, without a proof, sharing nothing with the package."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

DIGITS = 160


@dataclass(frozen=True)
class Reference:
    """The optimum to more than 60 digits: parameters with the intercept last, loss, standard errors."""

    parameters: list[mpmath.mpf]
    loss: mpmath.mpf
    errors: list[mpmath.mpf]


def solve(
    x: npt.ArrayLike,
    t: npt.ArrayLike,
    s: npt.ArrayLike | None = None,
    l2: float | Fraction = 0.0,
    *,
    fit_intercept: bool = True,
) -> Reference:
    """Minimise the loss; for small data that are neither separable nor deficient in rank."""
    with mpmath.workdps(DIGITS):
        rows = [[_mpf(v) for v in row] + [mpmath.mpf(1)] * fit_intercept for row in np.asarray(x).tolist()]
        targets = [_mpf(v) for v in np.asarray(t).tolist()]
        weights = [_mpf(v) for v in (np.ones(len(rows)) if s is None else np.asarray(s)).tolist()]
        size = len(rows[0])
        total = mpmath.fsum(weights)
        penalty = [_mpf(l2)] * (size - fit_intercept) + [mpmath.mpf(0)] * fit_intercept
        v = mpmath.zeros(size, 1)
        value = _loss(rows, targets, weights, total, penalty, v)
        for _ in range(500):
            gradient, hessian = _derivatives(rows, targets, weights, total, penalty, v)
            scales = [1 / mpmath.sqrt(hessian[j, j]) for j in range(size)]
            scaled = mpmath.lu_solve(
                _scaled(hessian, scales),
                mpmath.matrix([g * c for g, c in zip(gradient, scales, strict=True)]),
            )
            step = mpmath.matrix([d * c for d, c in zip(scaled, scales, strict=True)])
            full, new = step, _loss(rows, targets, weights, total, penalty, v - step)
            while new > value + abs(value) * mpmath.mpf(10) ** (5 - DIGITS):
                step = step / 2
                new = _loss(rows, targets, weights, total, penalty, v - step)
            v, value = v - step, new
            # Relative to the parameter or, as that may be 0, to the scale on which its logits change.
            if all(
                abs(d) <= max(abs(p) * mpmath.mpf(10) ** -62, scale * mpmath.mpf(10) ** -72)
                for d, p, scale in zip(full, v, scales, strict=True)
            ):
                break
        else:
            raise ArithmeticError("no convergence")
        _, hessian = _derivatives(rows, targets, weights, total, penalty, v)
        scales = [1 / mpmath.sqrt(hessian[j, j]) for j in range(size)]
        inverse = _scaled(hessian, scales) ** -1
        errors = [mpmath.sqrt(inverse[j, j] / total) * scales[j] for j in range(size)]
        return Reference(list(v), value, errors)


def _scaled(hessian: Any, scales: Any) -> Any:
    """With a unit diagonal: mpmath takes a matrix of wide range for a singular one."""
    size = len(scales)
    return mpmath.matrix([[hessian[j, k] * scales[j] * scales[k] for k in range(size)] for j in range(size)])


def _mpf(value: Any) -> mpmath.mpf:
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)


def _loss(rows: Any, targets: Any, weights: Any, total: Any, penalty: Any, v: Any) -> mpmath.mpf:
    terms = []
    for row, t, s in zip(rows, targets, weights, strict=True):
        z = mpmath.fdot(row, list(v))
        terms.append(s * (t * mpmath.log1p(mpmath.exp(-z)) + (1 - t) * mpmath.log1p(mpmath.exp(z))))
    return mpmath.fsum(terms) / total + sum(p * b * b / 2 for p, b in zip(penalty, v, strict=True))


def _derivatives(rows: Any, targets: Any, weights: Any, total: Any, penalty: Any, v: Any) -> Any:
    size = len(penalty)
    gradient, hessian = mpmath.zeros(size, 1), mpmath.zeros(size, size)
    for row, t, s in zip(rows, targets, weights, strict=True):
        y = 1 / (1 + mpmath.exp(-mpmath.fdot(row, list(v))))
        for j in range(size):
            gradient[j] += s * (y - t) * row[j] / total
            for k in range(size):
                hessian[j, k] += s * y * (1 - y) * row[j] * row[k] / total
    for j in range(size):
        gradient[j] += penalty[j] * v[j]
        hessian[j, j] += penalty[j]
    return gradient, hessian


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def data(seed: int, n: int, d: int, noise: float = 1.0) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Random rows and hard targets that depend on them."""
    rng = seeded(seed)
    x = rng.standard_normal((n, d))
    t = (x @ rng.standard_normal(d) + noise * rng.logistic(size=n) > 0).astype(np.float64)
    return x, t
