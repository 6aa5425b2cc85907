"""A correct trainer, and one trainer for each fault that a check has to find.

The correct one is Newton's method in NumPy, written for these tests: the suite must pass a stranger that does
nothing special. Each fault changes one thing.
"""

# A fault may be that an argument is not used.
# ruff: noqa: ARG002, ARG004

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Newton:
    """Logistic regression without penalty, unless given one, by Newton's method from 0."""

    coef_: Floats
    intercept_: Floats
    loss_curve_: list[float]

    def __init__(self, l2: float = 0.0, fit_intercept: bool = True) -> None:
        self.l2, self.fit_intercept = l2, fit_intercept

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        return self.fit_soft(X, np.asarray(y, dtype=np.float64), sample_weight)

    def fit_soft(self, X: Floats, t: Floats, sample_weight: Any = None) -> Newton:
        if not np.isfinite(X).all():
            raise ValueError("X is not finite.")
        s = np.ones(len(X)) if sample_weight is None else sample_weight
        scale = np.abs(X).max(axis=0)
        self._solve(X / scale, t, s / s.sum(), self.l2 / scale**2)
        self.coef_ = (self.coef_ / scale).reshape(1, -1)
        return self

    def _solve(self, X: Floats, t: Floats, s: Floats, penalties: Floats) -> None:
        x = np.column_stack([X, np.ones(len(X))]) if self.fit_intercept else X
        penalty = np.append(penalties, 0.0) if self.fit_intercept else penalties
        w, self.loss_curve_ = np.zeros(x.shape[1]), []
        for _ in range(60):
            z = x @ w
            y = 1 / (1 + np.exp(-z))
            self.loss_curve_.append(float(s @ (np.logaddexp(0, z) - t * z) + penalty @ w**2 / 2))
            gradient = x.T @ (s * (y - t)) + penalty * w
            hessian = (x.T * (s * y * (1 - y))) @ x + np.diag(penalty)
            if np.linalg.cond(hessian) > 1e13:
                warnings.warn("the hessian is singular: the classes may be separable", stacklevel=4)
                break
            step = np.linalg.solve(hessian, gradient)
            w -= step
            if np.abs(step).max() <= 1e-12 * np.abs(w).max():
                break
        else:
            warnings.warn("60 steps were not enough", stacklevel=4)
        self.coef_, self.intercept_ = w[: X.shape[1]], w[X.shape[1] :]

    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        return descend(X, y, rate, count, l2=l2)


def descend(
    X: Floats, y: Any, rate: float, count: int, *, l2: float = 0.0, intercept_factor: float = 1.0
) -> tuple[Floats, Floats]:
    """Gradient descent over all rows, from 0."""
    x = np.column_stack([X, np.ones(len(X))])
    w = np.zeros(x.shape[1])
    penalty = np.append(np.full(X.shape[1], l2), 0.0)
    for _ in range(count):
        gradient = x.T @ (1 / (1 + np.exp(-(x @ w))) - y) / len(x) + penalty * w
        gradient[-1] *= intercept_factor
        w = w - rate * gradient
    return w[:-1], w[-1:]


class Rows(Newton):
    """Its steps see one row after the other."""

    order = "rows"

    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        w, b = np.zeros(X.shape[1]), 0.0
        for x, t in zip(X[:count], y[:count], strict=True):
            residual = 1 / (1 + np.exp(-(x @ w + b))) - t
            w, b = w - rate * (residual * x + l2 * w), b - rate * residual
        return w, np.array([b])


class InterceptStepTwice(Newton):
    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        return descend(X, y, rate, count, l2=l2, intercept_factor=2.0)


class SinglePrecisionSteps(Newton):
    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        w, b = descend(X, y, rate, count, l2=l2)
        return w.astype(np.float32).astype(np.float64), b


class LateDrift(Newton):
    """Right for one step, then momentum creeps in."""

    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        w, b = descend(X, y, rate, count, l2=l2)
        return w * (1 + 1e-9 * (count - 1)), b


class LargeRate(Newton):
    """Takes a rate a hundred times the one it was given."""

    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        return descend(X, y, 100 * rate, count, l2=l2)


class StepsToNaN(Newton):
    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        w, b = descend(X, y, rate, count, l2=l2)
        return w * np.nan, b


class Standing(Newton):
    @staticmethod
    def steps(X: Floats, y: Any, rate: float, count: int, l2: float = 0.0) -> tuple[Floats, Floats]:
        return np.zeros(X.shape[1]), np.zeros(1)


class RisingCurve(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        self.loss_curve_[1] = self.loss_curve_[0] * 1.01
        return self


class ThreeDigits(Newton):
    """Stops with an error of 2e-3."""

    def fit_soft(self, X: Floats, t: Floats, sample_weight: Any = None) -> Newton:
        super().fit_soft(X, t, sample_weight)
        self.coef_ = self.coef_ * 1.002
        return self


class PenalisedIntercept(Newton):
    """A hidden penalty, which no attribute tells of."""

    def _solve(self, X: Floats, t: Floats, s: Floats, penalties: Floats) -> None:
        super()._solve(X, t, s, penalties + 1e-3)


class FavoursOnes(Newton):
    """Rows of class 1 count a little more where they are few."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        s = np.ones(len(X)) if sample_weight is None else sample_weight
        super().fit(X, y, s * np.where((y == 1) & (y.mean() < 0.5), 1.01, 1.0))
        return self


class IgnoresWeights(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y)
        return self


class Forgets(Newton):
    """Off by 1e-3 if the first feature is largest in a later row than smallest."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        self.coef_ = self.coef_ * (1.001 if X[:, 0].argmax() > X[:, 0].argmin() else 1.0)
        return self


class OtherBits(Newton):
    """A last bit that depends on the first row."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        self.coef_ = self.coef_ * (1 + 2.0**-50 * (1 + abs(float(X[0, 0]))))
        return self


class ClipsFeatures(Newton):
    """Treats what lies beyond 8 as an outlier."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(np.clip(X, -8, 8), y, sample_weight)
        return self


class RoundsTargets(Newton):
    def fit_soft(self, X: Floats, t: Floats, sample_weight: Any = None) -> Newton:
        return super().fit_soft(X, np.where(t > 0.5, 0.9, 0.1) if set(t) != {0.0, 1.0} else t, sample_weight)


class SilentOnSeparable(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().fit(X, y, sample_weight)
        return self


class InfiniteOnSeparable(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            super().fit(X, y, sample_weight)
        if caught:
            self.coef_ = np.full_like(self.coef_, np.inf)
        return self


class TakesNaN(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(np.nan_to_num(X, posinf=1.0, neginf=-1.0), y, sample_weight)
        return self


class Squares(Newton):
    """Scales by sqrt(sum of squares), which leaves the range of binary64."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        if not np.isfinite(X).all():
            raise ValueError("X is not finite.")
        with np.errstate(all="ignore"):
            norm = np.sqrt((X**4).sum(axis=0)) ** 0.5
            super().fit(np.where(np.isfinite(norm) & (norm > 0), X, 0.5), y, sample_weight)
            self.coef_ = self.coef_ * (norm / norm)
        return self


class GivesUpSilently(Newton):
    """A column that is very large or small gets the coefficient 0."""

    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        size = np.abs(X).max(axis=0)
        odd = ~((size > 1e-100) & (size < 1e100))
        if odd.any() and np.isfinite(X).all():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                super().fit(np.where(odd, np.arange(len(X))[:, None] % 3, X), y, sample_weight)
            self.coef_ = np.where(odd, 0.0, self.coef_)
            return self
        super().fit(X, y, sample_weight)
        return self


class WritesToX(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        X *= 2
        return self


class Raises(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        raise RuntimeError("no")


class NoCoefficients:
    def fit(self, X: Floats, y: Any) -> None:
        self.weights_ = np.zeros(X.shape[1])


class WrongShape(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        self.coef_ = np.append(self.coef_, 0.0)
        return self


class WrongIntercept(Newton):
    def fit(self, X: Floats, y: Any, sample_weight: Any = None) -> Newton:
        super().fit(X, y, sample_weight)
        self.intercept_ = np.zeros(2)
        return self
