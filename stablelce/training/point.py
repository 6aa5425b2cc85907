"""What a pass needs besides the rows: coefficients and sums, scaled so that nothing can overflow.

Coefficients and features may be as far from 1 as binary64 allows. Everything here is a power of two chosen
from the scales of the whole data and the coefficients, in integer arithmetic, so it is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stablelce.sums import FixedPointSum
from stablelce.training.scales import Scales

__all__ = ["LOGIT_EXPONENT", "Point"]

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LOGIT_EXPONENT = 960
"""Logits are held at +-2**960: beyond it the loss alone is not what it should be, and it is absurd anyway."""

_TERM_EXPONENT = 900
"""Terms of a logit stay below 2**900, factors below 2**960, where products can be split without overflow."""


@dataclass(frozen=True)
class Point:
    """Coefficients, ready for a pass.

    Attributes
    ----------
    weights : ndarray of float64, shape (features,)
        ``w_j * 2**(-shift_j - back)``, for features times ``2**shift_j``.
    intercept : float
        ``b * 2**-back``, 0 if there is none.
    back : int
        Logits are ``2**back`` times what these coefficients give; 0 unless coefficients are huge.
    fit_intercept : bool
        Whether the gradient has an element for the intercept, the last one.
    shifts : ndarray of int64, shape (features,)
        Powers of two for the features: zeros unless a whole column is below 2**-860.
    exponents : ndarray of int64, shape (size,)
        For each element of the gradient a k with ``|r*x| <= 2**k``.
    loss_exponent : int
        The same for the losses.
    weight_exponent : int
        Weights are taken times ``2**-weight_exponent``, which is at most 1.
    """

    weights: Doubles
    intercept: float
    back: int
    fit_intercept: bool
    shifts: Integers
    exponents: Integers
    loss_exponent: int
    weight_exponent: int

    @classmethod
    def at(cls, coef: Doubles, scales: Scales, *, fit_intercept: bool) -> Point:
        """The point with these coefficients, the intercept last if there is one."""
        features = scales.maxima.size
        # A feature that is 0 in all rows takes no part, however large its coefficient.
        w = np.where(scales.maxima > 0, coef[:features], 0.0)
        b = float(coef[features]) if fit_intercept else 0.0
        shifts = scales.shifts
        terms = (np.frexp(w)[1] + scales.exponents - shifts)[w != 0].tolist()
        factors = (np.frexp(w)[1] - shifts)[w != 0].tolist()
        if b:
            terms.append(int(np.frexp(b)[1]))
            factors.append(terms[-1])
        # |z| < size * 2**max(terms) <= 2**logit
        logit = max(terms, default=0) + (features + 1).bit_length()
        back = max(logit - _TERM_EXPONENT, max(factors, default=0) - LOGIT_EXPONENT, 0)
        return cls(
            weights=np.ldexp(w, -shifts - back),
            intercept=float(np.ldexp(b, -back)),
            back=back,
            fit_intercept=fit_intercept,
            shifts=shifts,
            exponents=np.concatenate([scales.exponents, np.zeros(int(fit_intercept), np.int64)]),
            # L <= |z| + log(2)
            loss_exponent=min(max(logit, 0), LOGIT_EXPONENT) + 1,
            weight_exponent=scales.weight_exponent,
        )

    @property
    def column_shifts(self) -> Integers:
        """The shifts, with one of 0 for the intercept if there is one: shape (size,)."""
        return np.concatenate([self.shifts, np.zeros(int(self.fit_intercept), np.int64)])

    def empty_sums(self) -> tuple[FixedPointSum, FixedPointSum]:
        """Sums for the gradient and the loss, with nothing added."""
        return FixedPointSum(self.exponents), FixedPointSum([self.loss_exponent])
