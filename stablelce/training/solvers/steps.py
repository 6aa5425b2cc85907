"""The steps of stochastic gradient descent, as NumPy computes them.

For a batch of m rows, in one fixed order of single operations::

    z_i   = x_i.w                                  in double-word arithmetic, below
    r_i   = RN(sigmoid(z_i) - t_i) * (s_i/m)       the correctly rounded gradient, times the weight
    total = ((r_1*x_1 + r_2*x_2) + r_3*x_3) + ...  for each coefficient
    w     = w - rate*(total + penalty*w)

**The logit.** A float h takes in the products by rising j, and a sum c what is lost::

    p = RN(x*w);  e = x*w - p;  (h, d) = two_sum(h, p);  c = c + (d + e);  at last z = h + c

the compensated dot product of T. Ogita, S. M. Rump and S. Oishi, *Accurate sum and dot product*, SIAM J. Sci.
Comput. 26 (2005). The error e of a product below 2^-960 is left out: a fused multiply-add and a product in
parts would give different ones.

This is the definition: the compiled steps follow it operation by operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.functions import gradient
from stablelce.kernels import loops_for
from stablelce.kernels.primitives import two_prod, two_sum
from stablelce.training.solvers.state import Floats

__all__ = ["TINY", "Samples", "descend", "step"]

Order = npt.NDArray[np.int64]

TINY = 2.0**-960
"""Below it the error of a product may be no float."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows that can be picked one by one, and what a step needs beside them.

    Attributes
    ----------
    rows : ndarray or SparseRows
        Features.
    targets : ndarray of float64
        Targets in [0, 1].
    weights : ndarray of float64
        n/S times the weight of each row.
    l2 : float
        The penalty.
    fit_intercept : bool
        Whether the last coefficient is an intercept.
    """

    rows: Any
    targets: Floats
    weights: Floats
    l2: float
    fit_intercept: bool

    def pick(self, index: Order) -> tuple[Floats, Floats, Floats]:
        """Some rows, with a column of ones for the intercept, their targets and weights."""
        rows = np.asarray(self.rows[index], dtype=np.float64)
        if self.fit_intercept:
            rows = np.column_stack([rows, np.ones(len(rows))])
        return rows, self.targets[index], self.weights[index]

    @property
    def penalty(self) -> Floats:
        """The penalty of each coefficient."""
        penalty = np.full(self.rows.shape[1] + self.fit_intercept, self.l2)
        if self.fit_intercept:
            penalty[-1] = 0.0
        return penalty


def descend(samples: Samples, coef: Floats, order: Order, *, rate: float, batch_size: int) -> Floats:
    """One step for each batch of rows in the given order.

    Parameters
    ----------
    samples : Samples
        The rows.
    coef : ndarray of float64
        The coefficients at the start.
    order : ndarray of int64
        The rows to visit.
    rate : float
        Factor of every step.
    batch_size : int
        Rows to a step.

    Returns
    -------
    ndarray of float64
        The coefficients at the end; not finite if the rate is too large.
    """
    coef, penalty = coef.copy(), samples.penalty
    compiled = _compiled(samples, order)
    start = 0
    with np.errstate(all="ignore"):  # a rate that is too large ends in infinities, which the caller looks for
        while start < len(order):
            if compiled is not None:
                start = compiled(coef, penalty, start, rate, batch_size)
                if start == len(order) or not np.isfinite(coef).all():
                    break
            picked = samples.pick(order[start : start + batch_size])
            step(picked, coef, penalty, rate)
            start += batch_size
    return coef


def step(picked: tuple[Floats, Floats, Floats], coef: Floats, penalty: Floats, rate: float) -> None:
    """Move the coefficients by the step of one batch of rows, targets and weights."""
    rows, targets, weights = picked
    residuals = gradient(_logits(rows, coef), targets, validate=False) * (weights / len(rows))
    total = np.zeros(len(coef))
    for row, residual in zip(rows, residuals, strict=True):
        total += residual * row
    coef -= rate * (total + penalty * coef)


def _logits(rows: Floats, coef: Floats) -> Floats:
    products, errors = two_prod(rows, coef)
    errors[np.abs(products) < TINY] = 0.0
    # The same operations on columns, or, faster for a single row, on Python's floats.
    terms: Any = zip(products.T, errors.T, strict=True)
    h: Any = np.zeros(len(rows))
    if len(rows) == 1:
        terms, h = zip(products[0].tolist(), errors[0].tolist(), strict=True), 0.0
    c = h
    for p, e in terms:
        h, lost = two_sum(h, p)
        c = c + (lost + e)
    return np.atleast_1d(h + c)


def _compiled(samples: Samples, order: Order) -> Any:
    """The compiled steps over these rows, where they can be had."""
    rows = samples.rows
    usable = isinstance(rows, np.ndarray) and rows.flags.c_contiguous and rows.flags.aligned
    if not usable or loops_for(np.dtype(np.float64), rows.size) is None:
        return None
    from stablelce.training.solvers.compiled_steps import Steps

    return Steps(samples.rows, samples.targets, samples.weights, order, samples.fit_intercept)
