"""Proofs, in exact integer arithmetic, that the loss has no unique minimum.

Without a penalty, moving along a direction v != 0 changes the loss of row i by L(z_i + a x_i.v, t_i), which

* for t = 1 falls for ever with a if x_i.v > 0, and rises if x_i.v < 0; for t = 0 the other way round;
* for 0 < t < 1 rises to infinity in the end, whatever the sign: the row *binds* both ways;
* stays as it is if x_i.v = 0.

So a direction with (2t-1) x_i.v >= 0 for all hard rows, at least one of them strict, and x_i.v = 0 for all
soft rows proves that there is no minimum (A. Albert and J. A. Anderson, Biometrika 71 (1984)): complete
separation if every row is hard and strict. Where a direction leaves some rows on the border, it is decided
whether another one has all of them strictly on their side: separation is called quasi-complete only where
that is proved impossible, by soft rows or by weights (see :mod:`stablelce.certificate.alternative`). A
direction with x_i.v = 0 for all rows proves that a minimum is not unique. If there is neither, the minimum
exists and is unique.

With a penalty a minimum exists and is unique, unless the intercept runs away: that needs targets that are
all 0 or all 1.

Where a direction comes from is of no matter, so hints may come from float64: the directions in which
Newton's method or a linear program ran off. A hint v says which rows it takes to be strict; the others have
to be met with equality, so that the direction must lie in the exact null space of their rows. There v is
rounded to small integers. The check needs no hint.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate.alternative import alternative
from stablelce.certificate.errors import Kind, NoUniqueOptimumError
from stablelce.certificate.linear_program import separating_hint
from stablelce.certificate.null_space import Integers, null_space
from stablelce.certificate.problem import Floats, Problem

__all__ = [
    "refute",
    "refute_along",
    "refute_by_linear_program",
    "refute_constant_targets",
    "strict",
    "verdict",
]

_GAPS = 8  # places tried as the border between strict rows and the others
_ROUNDINGS = (1, 4, 10, 20, 40)  # bits of the coefficients of a direction: simple ones first


def refute_constant_targets(problem: Problem) -> None:
    """Raise the proof if the intercept alone runs to infinity."""
    if not problem.intercept:
        return
    for target, sign in ((0.0, -1), (1.0, 1)):
        if (problem.t == target).all():
            direction = (*(Fraction(0) for _ in range(problem.size - 1)), Fraction(sign))
            raise NoUniqueOptimumError(
                "separable",
                direction,
                f"every target of positive weight is {target:.0f}, so that the loss falls for ever as the "
                f"intercept goes to {'+' if sign > 0 else '-'}infinity: there is no optimum; both classes "
                "are needed.",
            )


@np.errstate(all="ignore")
def refute(problem: Problem, hints: Iterable[Floats]) -> None:
    """Raise the proof that there is no unique optimum, if one is found.

    Parameters
    ----------
    problem : Problem
        The problem; with a penalty there is nothing to refute but constant targets.
    hints : iterable of ndarray of float64, shape (k,)
        Directions in scaled parameters that may separate.
    """
    if problem.l2:
        return
    rows = problem.integer_columns()
    free = null_space(rows)
    if free.shape[1]:
        raise _error(problem, "rank-deficient", free[:, 0])
    for hint in hints:
        _refute_near(problem, rows, hint)


@np.errstate(all="ignore")
def refute_by_linear_program(problem: Problem) -> None:
    """As :func:`refute`, with the hint of a linear program; without SciPy there is none."""
    if problem.l2:
        return
    hint = separating_hint(problem.scaled_floats(), problem.t)
    if hint is not None:
        _refute_near(problem, problem.integer_columns(), hint)


def refute_along(problem: Problem, parameters: Sequence[Fraction]) -> None:
    """Raise the proof if moving along these scaled parameters, taken exactly, proves something."""
    if problem.l2:
        return
    rationals = [
        v * Fraction(2) ** (e - k)
        for v, e, k in zip(parameters, problem.integer_exponents, problem.exponents, strict=True)
    ]
    common = max(v.denominator for v in rationals)  # powers of two
    direction = np.array([int(v * common) for v in rationals], dtype=object)
    kind = verdict(problem.integer_columns(), problem.t, direction) if direction.any() else None
    if kind is not None:
        raise _error(problem, kind, direction)


def _refute_near(problem: Problem, rows: Integers, hint: Floats) -> None:
    for directions in _directions(problem, rows, problem.scaled_floats(), hint):
        borderline = None
        for direction in directions:
            kind = verdict(rows, problem.t, direction)
            if kind == "separable":
                raise _error(problem, kind, direction)
            if kind is not None and borderline is None:
                borderline = kind, direction
        if borderline is not None:
            raise _error(problem, *borderline)


def verdict(rows: Integers, t: Floats, direction: Integers) -> Kind | None:
    """What a direction shows, by exact integer arithmetic; nothing if it shows nothing.

    "quasi-separable" leaves open whether another direction separates completely; see ``strict``.
    """
    moved = rows @ direction
    hard = (t == 0) | (t == 1)
    along = np.where(t == 1, moved, -moved)
    if (moved[~hard] != 0).any() or (along[hard] < 0).any():
        return None
    if hard.all() and (along > 0).all():
        return "separable"
    return "quasi-separable" if (along > 0).any() else "rank-deficient"


def strict(rows: Integers, t: Floats, direction: Integers) -> Integers | None:
    """A direction with every row strictly on its own side, from one with none on the wrong side.

    Returns
    -------
    ndarray of int, or None
        Nothing where it is proved that there is none: a target is soft, so that its row binds both ways, or
        weights exclude it.
    """
    if not ((t == 0) | (t == 1)).all():
        return None
    sides = np.where(t == 1, 1, -1).astype(object)[:, np.newaxis] * rows
    along = sides @ direction
    found = alternative(sides[along == 0]).direction if (along == 0).any() else direction
    if found is None:
        return None
    # So much of the first direction that the rows it meets strictly stay on their side.
    across = sides[along > 0] @ found
    factor = max(
        (-a // b + 1 for a, b in zip(across.tolist(), along[along > 0].tolist(), strict=True)), default=0
    )
    combined = max(factor, 0) * direction + found
    return combined // math.gcd(*combined.tolist())


def _directions(
    problem: Problem, rows: Integers, scaled: Floats, hint: Floats
) -> Iterator[Iterator[Integers]]:
    """Integer directions near a hint, together those that meet the same rows with equality."""
    if not np.isfinite(hint).all() or not hint.any():
        return
    hint = hint / np.abs(hint).max()
    hard = (problem.t == 0) | (problem.t == 1)
    margins = np.where(problem.t == 1, 1.0, -1.0) * (scaled @ hint)
    shifts = [k - e for k, e in zip(problem.exponents, problem.integer_exponents, strict=True)]
    for border in _borders(margins[hard]):
        equal = ~hard | (margins < border)
        basis = null_space(rows[equal])
        if not basis.shape[1]:
            continue
        yield _rounded(basis, hint, shifts)


def _borders(margins: Floats) -> Iterator[float]:
    """Thresholds between margins: none to be met with equality, then the widest relative gaps."""
    positive = np.unique(margins[margins > 0])
    if not len(positive):
        return
    if (margins > 0).all():
        yield 0.0
    below = np.concatenate([[max(-float(margins.min()), 1e-300)], positive[:-1]])
    gaps = np.log(positive) - np.log(below)
    for i in np.argsort(-gaps)[:_GAPS].tolist():
        yield float(positive[i])


def _rounded(basis: Integers, hint: Floats, shifts: list[int]) -> Iterator[Integers]:
    """Combinations of the basis near the hint, with coefficients of few bits first."""
    size, count = basis.shape
    # In the scale of the hint: entry j of an integer direction counts 2^shift_j times.
    as_floats = np.array(
        [[_shifted(basis[j, i], shifts[j]) for i in range(count)] for j in range(size)], dtype=np.float64
    )
    lengths = np.abs(as_floats).max(axis=0)
    if not np.isfinite(lengths).all() or not lengths.all():
        return
    coefficients = np.linalg.lstsq(as_floats / lengths, hint, rcond=None)[0]
    if not coefficients.any():
        return
    coefficients /= np.abs(coefficients).max()
    for bits in _ROUNDINGS:
        # One unit of every column of the basis, exactly: its length is a float.
        parts = [
            Fraction(round(c * 2**bits)) / Fraction(length)
            for c, length in zip(coefficients.tolist(), lengths.tolist(), strict=True)
        ]
        common = np.lcm.reduce(np.array([part.denominator for part in parts], dtype=object))
        factors = np.array([int(part * common) for part in parts], dtype=object)
        direction = basis @ factors
        if any(direction):
            yield direction // np.gcd.reduce(direction)


def _shifted(value: int, shift: int) -> float:
    try:
        return float(value * Fraction(2) ** shift)
    except OverflowError:
        return float("inf")


def _error(problem: Problem, kind: Kind, direction: npt.NDArray[Any]) -> NoUniqueOptimumError:
    """The proof in the scale of the data: column j of the integers is that of the data times 2^-e_j."""
    if kind == "quasi-separable":
        better = strict(problem.integer_columns(), problem.t, direction)
        if better is not None:
            kind, direction = "separable", better
    exact = [
        Fraction(int(v)) / Fraction(2) ** e for v, e in zip(direction, problem.integer_exponents, strict=True)
    ]
    largest = max(abs(v) for v in exact)
    unit = Fraction(2) ** (largest.denominator.bit_length() - largest.numerator.bit_length())
    return NoUniqueOptimumError(kind, tuple(v * unit for v in exact), _MESSAGES[kind])


_MESSAGES: dict[Kind, str] = {
    "separable": "the classes are separable: the loss falls for ever along `direction`, which has every row "
    "strictly on its own side, so there is no optimum; add a penalty (l2 > 0).",
    "quasi-separable": "the classes are quasi-separable: the loss falls for ever along `direction`, which "
    "has no row on the wrong side and some strictly on their own, as no direction has all of them, so there "
    "is no optimum; add a penalty (l2 > 0).",
    "rank-deficient": "the columns are linearly dependent: moving along `direction` changes no logit, so no "
    "optimum is unique; leave a column out or add a penalty (l2 > 0).",
}
