"""The objective of logistic regression, its gradient and its Hessian, over data in blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stablelce.sums.fixed_point import UNIT
from stablelce.training.blocks import Block, Blocks
from stablelce.training.lipschitz import Squares, round_up
from stablelce.training.passes import State, differentiate
from stablelce.training.point import Point
from stablelce.training.scales import Scales, measure

__all__ = ["Derivatives", "Problem"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Derivatives:
    """Value and derivatives of the objective at one point.

    Attributes
    ----------
    loss : float
        F, penalty included; inf if it is beyond the largest float.
    gradient : ndarray of float64, shape (size,)
        dF/dw and, last, dF/db.
    hessian : ndarray of float64, shape (size, size), or None
        The second derivatives, if wanted.
    """

    loss: float
    gradient: Doubles
    hessian: Doubles | None


class Problem:
    """Minimise F(w, b) = sum_i s_i*L(x_i.w + b, t_i) / sum_i s_i + (l2/2)*|w|^2.

    Parameters
    ----------
    blocks : Blocks
        The data; it is passed over once now, and once for each call.
    l2 : float
        The penalty, finite and not negative; it does not act on the intercept.
    fit_intercept : bool
        Whether there is an intercept b.

    Attributes
    ----------
    features, rows, size : int
        Numbers of features, of rows, and of coefficients: features + 1 with an intercept.
    total_weight : float
        The sum of the weights, exact and rounded once.
    lipschitz : float
        L = (sum_i s_i*(|x_i|^2 + 1) / sum_i s_i)/4 + l2, without the 1 if there is no intercept: the gradient
        changes by at most L times the change of the coefficients, so 1/L is a safe rate.
    curvatures : ndarray of float64, shape (size,)
        L_j = sum_i s_i*x_ij^2 / sum_i s_i / 4 + l2, which no second derivative along coefficient j exceeds;
        1/4 for the intercept.
    scales : Scales
        What passes over parts of the data must know of the whole.

    Raises
    ------
    ValueError
        A feature is not finite or beyond 1e150 in magnitude, a target outside [0, 1], a weight or the penalty
        not finite or negative, blocks have different numbers of features, no row has a positive weight, or
        the sum of the weights is beyond the range of float64.

    Notes
    -----
    All results have the same bits for the same rows and weights, whatever their order and cut, the engine,
    the number of threads, and the processor.
    """

    def __init__(self, blocks: Blocks, *, l2: float = 0.0, fit_intercept: bool = True) -> None:
        self.blocks, self.features = blocks, blocks.features
        self._prepare(l2=l2, fit_intercept=fit_intercept)

    def _prepare(self, *, l2: float, fit_intercept: bool) -> None:
        if not (np.isfinite(l2) and l2 >= 0):
            raise ValueError(f"l2 must be finite and not negative: got {l2}.")
        self.l2, self.fit_intercept = float(l2), bool(fit_intercept)
        self.size = self.features + self.fit_intercept
        self.scales = self._measured()
        self.rows = self.scales.rows
        self._weight = self.scales.total_weight
        if not self._weight:
            raise ValueError(
                f"no row has a positive weight, among {self.rows}: there is nothing to minimise."
            )
        self.total_weight = _rounded(self._weight)
        if self.total_weight == math.inf:
            raise ValueError(
                "the sum of the weights is beyond the range of float64: divide all weights by a power of "
                "two, which changes no coefficient."
            )

    @cached_property
    def lipschitz(self) -> float:
        """L, rounded upward; it takes a pass over the data."""
        bound = self._squared.upper_bound() / self._weight + self.fit_intercept
        return round_up(bound / 4 + Fraction(self.l2))

    @cached_property
    def curvatures(self) -> Doubles:
        """L_j, rounded upward; the pass is that of ``lipschitz``."""
        bounds = [square / self._weight / 4 + Fraction(self.l2) for square in self._squared.upper_bounds()]
        return np.array([*map(round_up, bounds), *([0.25] * self.fit_intercept)])

    @cached_property
    def _squared(self) -> Squares:
        return self._squares()

    def derivatives(self, coef: Doubles, *, hessian: bool = False, slices: int = 1) -> Derivatives:
        """Loss, gradient and, if wanted, Hessian of F, penalty included.

        Parameters
        ----------
        coef : ndarray of float64, shape (size,)
            The coefficients, finite, intercept last if there is one.
        hessian : bool
            Whether the Hessian is wanted.
        slices : {1, 2}
            How accurate: to about 2**-22 or 2**-44 of the largest magnitudes of the two columns.

        Raises
        ------
        ValueError
            ``coef`` does not have this shape or is not finite, or ``slices`` is neither 1 nor 2.

        Notes
        -----
        The loss of each row, and its gradient before it is multiplied by the weight, are correctly rounded
        for the rounded logit. An element of the gradient is the sum of n products r_i*x_ij with an absolute
        error of at most n * 0.625 * 2**(k-103), 2**k being the next power of two above the largest
        magnitudes of the column and the weights; division by the weight and penalty follow with one
        rounding. The same holds for the loss, with a bound of all logits in place of 2**k.
        """
        coef = np.asarray(coef, np.float64)
        if coef.shape != (self.size,):
            raise ValueError(f"coef must have the shape ({self.size},): got {coef.shape}.")
        if not np.isfinite(coef).all():
            raise ValueError(f"coef must be finite: element {int((~np.isfinite(coef)).argmax())} is not.")
        return self.assemble(self._state(coef, slices if hessian else 0), coef)

    def assemble(self, state: State, coef: Doubles) -> Derivatives:
        """The derivatives, from the merged state of all rows."""
        point = Point.at(coef, self.scales, fit_intercept=self.fit_intercept)
        penalty = [Fraction(self.l2)] * self.features + [Fraction(0)] * self.fit_intercept
        w = [Fraction(x) for x in coef.tolist()]
        squared = sum((x * x for x, l2 in zip(w, penalty, strict=True) if l2), Fraction(0))
        loss = self._mean(state.loss.value(), point) + Fraction(self.l2) * squared / 2
        shifts = point.column_shifts.tolist()
        gradient = [
            _rounded(self._mean(m * _power(k + UNIT - shift), point) + l2 * x)
            for m, k, shift, l2, x in zip(
                state.gradient.integers(), point.exponents.tolist(), shifts, penalty, w, strict=True
            )
        ]
        return Derivatives(_rounded(loss), np.array(gradient), self._hessian(state, point))

    # The three passes; where the rows lie elsewhere, these are what is done there.

    def _measured(self) -> Scales:
        scales = Scales.of_nothing(self.features)
        for block in self.blocks:
            self._check_shapes(block)
            scales.merge(measure(block, scales.rows))
        return scales

    def _squares(self) -> Squares:
        squares = Squares(self.scales)
        for block in self.blocks:
            squares.add(block)
        return squares

    def _state(self, coef: Doubles, slices: int) -> State:
        state = State.of_nothing(Point.at(coef, self.scales, fit_intercept=self.fit_intercept), slices)
        for block in self.blocks:
            state.merge(
                differentiate(block, self.scales, coef, fit_intercept=self.fit_intercept, slices=slices)
            )
        return state

    def _mean(self, total: Fraction, point: Point) -> Fraction:
        return total * _power(point.weight_exponent) / self._weight

    def _hessian(self, state: State, point: Point) -> Doubles | None:
        if state.gram is None:
            return None
        with np.errstate(all="ignore"):
            matrix = state.gram.matrix(point.column_shifts) / float(
                self._weight / _power(point.weight_exponent)
            )
            matrix[np.diag_indices(self.features)] += self.l2
        return matrix

    def _check_shapes(self, block: Block) -> None:
        rows = len(block.t)
        if block.X.shape != (rows, self.features):
            raise ValueError(
                f"a block's X must have the shape ({rows}, {self.features}), as its targets and the other "
                f"blocks have it: got {block.X.shape}."
            )
        if block.s is not None and block.s.shape != (rows,):
            raise ValueError(f"a block's weights must have the shape ({rows},): got {block.s.shape}.")


def _power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def _rounded(value: Fraction) -> float:
    """The nearest float; infinite beyond the largest."""
    try:
        return value.numerator / value.denominator  # rounds once, to nearest even
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
