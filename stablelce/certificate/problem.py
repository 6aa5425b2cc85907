"""The problem, exactly as it is given: rows, targets and weights as binary numbers, columns scaled.

::

    F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2
    L(z, t) = t log(1 + exp(-z)) + (1-t) log(1 + exp(z))

Everything below works on sum_i s_i F, which has the same minimum, with the intercept as a last column of
ones, and in scaled parameters: column j is divided by 2^k_j, so that no element exceeds 1 in magnitude, and
its parameter is multiplied by 2^k_j. Rows of weight 0 are left out.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import to_dyadic

__all__ = ["Floats", "Problem", "exact_sum", "make_problem", "scaled_start"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Rows of positive weight, with the column of the intercept, and the penalty.

    Attributes
    ----------
    x : ndarray of float64, shape (n, k)
        The rows as they are given, not scaled; the last column is 1 if the intercept is fitted.
    t, s : ndarray of float64, shape (n,)
        Targets in [0, 1] and positive weights.
    l2 : Fraction
        The penalty, not negative.
    intercept : bool
        Whether the last column is that of the intercept.
    """

    x: Floats
    t: Floats
    s: Floats
    l2: Fraction
    intercept: bool

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.x.shape[1])

    @cached_property
    def exponents(self) -> list[int]:
        """k_j with |x_ij| <= 2^k_j, and 0 for a column of zeros."""
        return [int(k) for k in np.frexp(np.abs(self.x).max(axis=0))[1]]

    @cached_property
    def total(self) -> Fraction:
        """The exact sum of the weights."""
        return exact_sum(self.s.tolist())

    @cached_property
    def penalties(self) -> list[Fraction]:
        """Coefficients p_j of the penalty sum_j p_j v_j^2 / 2 in scaled parameters v, for sum_i s_i F."""
        free = {self.size - 1} if self.intercept else set()
        return [
            Fraction(0) if j in free else self.l2 * self.total / Fraction(4) ** k
            for j, k in enumerate(self.exponents)
        ]

    def split(self, values: Floats, absent: float = 0.0) -> tuple[Floats, float]:
        """Values per parameter as those of the coefficients and that of the intercept, if there is one."""
        return (values[:-1], float(values[-1])) if self.intercept else (values, absent)

    def scaled_floats(self) -> Floats:
        """The scaled rows as float64; an element that falls below the range of float64 is rounded."""
        with np.errstate(under="ignore"):
            return np.ldexp(self.x, [-k for k in self.exponents])

    def integer_columns(self) -> npt.NDArray[Any]:
        """Rows of Python integers: each column times a power of two of its own, see ``integer_exponents``."""
        columns = [
            [math.ldexp(m, 53) for m in np.frexp(column)[0].tolist()] for column in self.x.T
        ]  # 53-bit integers, as floats
        out = np.empty(self.x.shape, dtype=object)
        for j, (column, least) in enumerate(zip(columns, self.integer_exponents, strict=True)):
            shifts = np.frexp(self.x[:, j])[1].tolist()
            out[:, j] = [int(m) << (e - 53 - least) if m else 0 for m, e in zip(column, shifts, strict=True)]
        return out

    @cached_property
    def integer_exponents(self) -> list[int]:
        """e_j with x_ij = m_ij 2^e_j for the integers m_ij of ``integer_columns``."""
        out = []
        for column in self.x.T:
            exponents = np.frexp(column[column != 0])[1]
            out.append(int(exponents.min()) - 53 if len(exponents) else 0)
        return out


def make_problem(
    X: npt.ArrayLike,
    t: npt.ArrayLike,
    s: npt.ArrayLike | None,
    l2: float | Fraction,
    *,
    fit_intercept: bool,
) -> Problem:
    """Check the data and drop the rows of weight 0.

    Raises
    ------
    TypeError
        The data are no real numbers that float64 holds exactly.
    ValueError
        Shapes do not fit; a number is not finite or out of range; no weight is positive.
    """
    x, targets = _floats(X, "X"), _floats(t, "t")
    if x.ndim != 2 or targets.shape != x.shape[:1]:
        raise ValueError(
            f"X must have shape (n, d) and t shape (n,): got {x.shape} and {targets.shape}; pass one row of "
            "X and one target per observation."
        )
    if x.shape[1] + fit_intercept == 0:
        raise ValueError("there is nothing to fit: pass at least one feature, or fit the intercept.")
    _refuse(~np.isfinite(x), "X", x, "is not finite: remove the row or impute the value")
    _refuse(
        ~((targets >= 0) & (targets <= 1)), "t", targets, "is not in [0, 1]: pass targets, not class labels"
    )
    weights = np.ones(len(x)) if s is None else _floats(s, "s")
    if weights.shape != targets.shape:
        raise ValueError(f"s must have one weight per row: got shape {weights.shape} for {len(x)} rows.")
    _refuse(~((weights >= 0) & np.isfinite(weights)), "s", weights, "is negative or not finite")
    if not (weights > 0).any():
        raise ValueError("no row has a positive weight, so there is nothing to fit.")
    if fit_intercept:
        x = np.column_stack([x, np.ones(len(x))])
    used = weights > 0
    return Problem(x[used], targets[used], weights[used], checked_penalty(l2), fit_intercept)


def scaled_start(problem: Problem, start: npt.ArrayLike | None) -> Floats | None:
    """A starting point in scaled parameters; what is missing or not finite there counts as 0.

    Raises
    ------
    ValueError
        It has neither one number per feature nor one more, for the intercept.
    """
    if start is None:
        return None
    given = np.asarray(start, dtype=np.float64)
    features = problem.size - problem.intercept
    if given.shape not in {(features,), (problem.size,)}:
        raise ValueError(f"start must have shape ({features},) or ({problem.size},): got {given.shape}.")
    values = np.zeros(problem.size)
    values[: len(given)] = given
    with np.errstate(all="ignore"):
        scaled = np.ldexp(values, problem.exponents)
    return np.where(np.isfinite(scaled), scaled, 0.0)


def checked_penalty(l2: float | Fraction) -> Fraction:
    """The penalty as an exact rational; ``TypeError`` or ``ValueError`` if it is none, or negative."""
    if not isinstance(l2, Fraction):
        if not isinstance(l2, numbers.Real):
            raise TypeError(f"l2 must be a number or a Fraction: got {l2!r}.")
        if not math.isfinite(l2):
            raise ValueError(f"l2 must be finite: got {l2!r}.")
        l2 = Fraction(int(l2)) if isinstance(l2, numbers.Integral) else Fraction(float(l2))
    if l2 < 0:
        raise ValueError(f"l2 must not be negative: got {float(l2)!r}.")
    return l2


def exact_sum(values: Iterable[float]) -> Fraction:
    """The sum of finite floats, without rounding."""
    parts = [to_dyadic(value) for value in values]
    least = min((e for _, e in parts), default=0)
    total = sum(m << (e - least) for m, e in parts)
    return Fraction(total) * Fraction(2) ** least


def _floats(values: npt.ArrayLike, name: str) -> Floats:
    """The numbers as float64, if that changes none of them."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: pass the rows that count.")
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"{name} must hold real numbers that float64 holds exactly: got {array.dtype}.")
    out = np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind in "iu" and array.size and max(int(array.max()), -int(array.min())) > 1 << 53:
        raise TypeError(f"{name} has integers beyond 2^53, which float64 may round: pass floats.")
    return out


def _refuse(bad: npt.NDArray[np.bool_], name: str, values: Floats, what: str) -> None:
    if bad.any():
        where = next(_indices(bad))
        at = ", ".join(map(str, where))
        raise ValueError(f"{name}[{at}] = {values[where]!r} {what} ({int(bad.sum())} such in all).")


def _indices(bad: npt.NDArray[np.bool_]) -> Iterator[tuple[int, ...]]:
    for where in np.argwhere(bad):
        yield tuple(int(i) for i in where)
