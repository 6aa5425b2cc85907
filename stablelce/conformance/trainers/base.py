"""What a trainer looks like to the suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Coefficients", "Floats", "Order", "Steps", "Trainer"]

Floats = npt.NDArray[np.float64]

Order = Literal["batch", "rows"]
"""What one step sees: all rows, or the next row."""


@dataclass(frozen=True)
class Coefficients:
    """What a fit leaves behind, the intercept last if it is fitted.

    Attributes
    ----------
    values : ndarray of float64, shape (d,) or (d + 1,)
        Coefficients.
    warnings : tuple of str
        What the fit warned of, category and text.
    losses : tuple of float
        Its ``loss_curve_``; empty where it has none.
    """

    values: Floats
    warnings: tuple[str, ...] = ()
    losses: tuple[float, ...] = ()


Steps = Callable[[Floats, npt.NDArray[np.int64], float, int], tuple[Any, Any]]
"""``steps(X, y, rate, count)``: coefficients and intercept after so many steps of gradient descent from 0."""


@dataclass(frozen=True)
class Trainer:
    """A trainer under test.

    Attributes
    ----------
    name : str
        The string that names it, as on the command line.
    make : callable
        Returns a fresh estimator: ``fit(X, y)`` with labels 0 and 1, afterwards ``coef_``, ``intercept_``.
        What counts of it beside these, if it is there: ``fit_soft(X, t)``; ``loss_curve_``;
        ``fit_intercept``; and its penalty, ``l2`` or scikit-learn's ``C``.
    takes_weights : bool
        Whether ``fit`` takes ``sample_weight``.
    steps : callable, optional
        Plain gradient descent, see :data:`Steps`; without it the checks of steps do not apply.
    order : {"batch", "rows"}
        What one of these steps sees.
    options : mapping
        The arguments of the estimator that were given, for the record.
    version : str
        Version of the package that computes.
    isolated : bool
        Whether it runs in a process of its own.
    """

    name: str
    make: Callable[[], Any]
    takes_weights: bool = True
    steps: Steps | None = None
    order: Order = "batch"
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = "unknown"
    isolated: bool = False

    @property
    def fits_intercept(self) -> bool:
        """Whether there is an intercept; if not, the estimator says ``fit_intercept=False``."""
        return bool(getattr(self.make(), "fit_intercept", True))

    def penalty(self, total: Fraction) -> Fraction:
        """``l2`` of the objective: the estimator's own, or 1/(C * total), or 0; exact.

        ::

            F(w, b) = sum_i s_i L(x_i.w + b, t_i) / total + (l2/2) |w|^2
        """
        estimator = self.make()
        l2, c = getattr(estimator, "l2", None), getattr(estimator, "C", None)
        if l2 is not None:
            return Fraction(l2)
        if c is None or c == np.inf:
            return Fraction(0)
        return 1 / (Fraction(c) * total)
