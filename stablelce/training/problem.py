"""The objective of logistic regression, its gradient and its Hessian, over data in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.kernels import evaluate
from stablelce.training.blocks import Block, Blocks

__all__ = ["Derivatives", "Problem"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Derivatives:
    """Value and derivatives of the objective at one point."""

    loss: float
    gradient: Doubles
    hessian: Doubles | None


class Problem:
    """Minimise F(w, b) = sum_i s_i*L(x_i.w + b, t_i) / sum_i s_i + (l2/2)*|w|^2."""

    def __init__(self, blocks: Blocks, *, l2: float = 0.0, fit_intercept: bool = True) -> None:
        self.blocks, self.l2, self.fit_intercept = blocks, l2, fit_intercept
        self.features = blocks.features
        self.size = self.features + fit_intercept
        self.rows, self.total_weight, squares = 0, 0.0, Fraction(0)
        for block in blocks:
            bad = ~np.isfinite(block.X)
            if bad.any():
                i, j = np.argwhere(bad)[0]
                raise ValueError(f"row {self.rows + i}, column {j} of X is not finite: remove or impute it.")
            s = np.ones(len(block.t)) if block.s is None else block.s
            self.rows += len(block.t)
            self.total_weight += float(s.sum())
            squares += Fraction(float(s @ ((block.X.astype(float) ** 2).sum(1) + fit_intercept)))
        self.lipschitz = float(np.nextafter(float(squares) / self.total_weight / 4 + l2, np.inf))

    def derivatives(self, coef: Doubles, *, hessian: bool = False, slices: int = 1) -> Derivatives:
        """Loss, gradient and Hessian of F, penalty included."""
        loss, gradient = 0.0, np.zeros(self.size)
        second = np.zeros((self.size, self.size)) if hessian else None
        for block in self.blocks:
            X, s = _with_intercept(block, self.fit_intercept), block.s
            z = X @ coef
            outs = {name: np.empty_like(z) for name in ("loss", "gradient", "hessian")}
            with np.errstate(all="ignore"):
                evaluate(outs, z, block.t)
            for out in outs.values():
                out *= 1.0 if s is None else s
            loss += float(outs["loss"].sum())
            gradient += X.T @ outs["gradient"]
            if second is not None:
                second += (X * outs["hessian"][:, None]).T @ X
        penalised = np.zeros(self.size)
        penalised[: self.features] = self.l2
        value = loss / self.total_weight + float(penalised @ coef**2) / 2
        if second is not None:
            second = second / self.total_weight + np.diag(penalised)
        return Derivatives(value, gradient / self.total_weight + penalised * coef, second)


def _with_intercept(block: Block, fit_intercept: bool) -> Any:
    X = block.X.astype(np.float64, copy=False)
    return np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
