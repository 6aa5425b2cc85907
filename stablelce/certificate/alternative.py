"""Can all rows be met strictly? Either a direction that does it, or weights that say why none can.

For rows a_1, ..., a_n of rationals exactly one of these holds (P. Gordan, Mathematische Annalen 6 (1873))::

    there is a v with a_i.v > 0 for every i
    there are weights m_i >= 0, not all of them 0, with sum_i m_i a_i = 0

They exclude each other, as sum_i m_i a_i.v would be 0 and positive. A guess in float64 (see ``nearest``),
made exact, is mostly one or the other. Where it is not, phase 1 of the simplex method finds one, in integers
without fractions (J. Edmonds, *Systems of distinct representatives and linear algebra*, J. Res. Nat. Bur.
Standards 71B (1967)), for the system

    sum_i m_i a_i = 0,   sum_i m_i = 1,   m_i >= 0

If it has no solution, the dual values y of its equations have a_i.y + y_0 <= 0 for all i and y_0 > 0, so that
v = -y meets every row strictly. Rows are taken in as they are needed: weights for some of them are weights
for all, and a direction is looked at on all; rows that it does not meet are taken in next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stablelce.certificate.nearest import nearest
from stablelce.certificate.null_space import Integers, null_space

__all__ = ["Alternative", "alternative"]

_ROUNDINGS = (4, 10, 20, 40, 52)
"""Bits of the elements of a guessed direction: simple ones first."""

_STEEPEST = 20
"""Pivots for each equation by the steepest column; then the least one is taken, which cannot go on for ever.

Source: R. Bland, *New finite pivoting rules for the simplex method*, Math. of Operations Research 2 (1977).
"""


@dataclass(frozen=True)
class Alternative:
    """One of the two, checked against all rows; the other is None.

    Attributes
    ----------
    direction : ndarray of int, shape (k,), or None
        A v that meets every row strictly.
    weights : dict of int to int, or None
        Positive weights by row, those that are not given being 0, of a combination that is zero.
    """

    direction: Integers | None
    weights: dict[int, int] | None


def alternative(rows: Integers) -> Alternative:
    """Decide whether a direction meets all rows strictly.

    Parameters
    ----------
    rows : ndarray of int, shape (n, k)
        Rows of Python integers; there is at least one.

    Raises
    ------
    ArithmeticError
        What was found does not hold: a mistake in this module.
    """
    given, (rows, first) = rows, _primitive(rows)
    guessed = _guessed(rows)
    if guessed is not None and guessed.weights is not None:
        guessed = Alternative(None, _for_given(given, first, guessed.weights))
    return guessed or _by_simplex_method(given, rows, first)


def _guessed(rows: Integers) -> Alternative | None:
    """What becomes of a guess, checked; nothing if it proves nothing."""
    # By powers of two, so that columns and rows are about 1.
    exponents = [max(abs(v).bit_length() for v in column) for column in rows.T.tolist()]
    scaled = np.array([[v / (1 << e) for v, e in zip(row, exponents, strict=True)] for row in rows.tolist()])
    lengths = np.linalg.norm(scaled, axis=1)
    weights, direction = nearest(scaled / np.where(lengths > 0, lengths, 1.0)[:, np.newaxis])
    used = np.flatnonzero(weights).tolist()
    basis = null_space(rows[used].T) if used else np.empty((0, 0), dtype=object)
    if basis.shape[1] == 1 and ((basis > 0).all() or (basis < 0).all()):
        return Alternative(None, {i: abs(int(m)) for i, m in zip(used, basis[:, 0], strict=True)})
    largest = float(np.abs(direction).max(initial=0.0))
    if not 0 < largest < math.inf:
        return None
    for bits in _ROUNDINGS:
        units = [round(math.ldexp(v / largest, bits)) for v in direction.tolist()]
        exact = np.array(
            [u << (max(exponents) - e) for u, e in zip(units, exponents, strict=True)], dtype=object
        )
        if exact.any() and (rows @ exact > 0).all():
            return Alternative(exact // math.gcd(*exact.tolist()), None)
    return None


def _by_simplex_method(given: Integers, rows: Integers, first: list[int]) -> Alternative:
    """One or the other, for rows of which each direction occurs once."""
    size = rows.shape[1]
    lengths = [math.log2(max(map(abs, row), default=0) or 1) for row in rows.tolist()]
    chosen = list(range(min(size + 1, len(rows))))
    while True:
        direction, weights = _decide(rows[chosen])
        if weights is not None:
            return Alternative(None, _for_given(given, first, {chosen[i]: m for i, m in weights.items()}))
        assert direction is not None
        along = rows @ direction
        missed = np.flatnonzero(along <= 0).tolist()
        if not missed:
            return Alternative(direction, None)
        _check(not {*missed} & {*chosen})
        # The worst ones first, by the sine of the angle between plane and row, about; 0 is the least bad.
        depth = {i: math.log2(-along[i]) - lengths[i] if along[i] else -math.inf for i in missed}
        chosen += sorted(missed, key=lambda i: -depth[i])[: size + 1]


def _primitive(rows: Integers) -> tuple[Integers, list[int]]:
    """Each direction of a row once, divided by the common factor; and the first row that has it."""
    found: dict[tuple[int, ...], int] = {}
    for i, row in enumerate(rows.tolist()):
        common = math.gcd(*row) or 1
        found.setdefault(tuple(v // common for v in row), i)
    unique = np.empty((len(found), rows.shape[1]), dtype=object)
    for i, row in enumerate(found):
        unique[i] = row
    return unique, list(found.values())


def _for_given(given: Integers, first: list[int], weights: dict[int, int]) -> dict[int, int]:
    """Weights of primitive rows as those of the rows that were given, without a common factor; checked."""
    factors = {i: math.gcd(*given[first[i]].tolist()) or 1 for i in weights}
    common = math.lcm(*factors.values())
    found = {first[i]: m * (common // factors[i]) for i, m in weights.items()}
    divisor = math.gcd(*found.values())
    found = {i: m // divisor for i, m in found.items()}
    _check(not sum(m * given[i] for i, m in found.items()).any() and min(found.values()) > 0)
    return found


def _decide(rows: Integers) -> tuple[Integers | None, dict[int, int] | None]:
    """A direction, or weights, for a few rows."""
    count, size = rows.shape
    equations = size + 1
    # Columns: the weights, the artificial variables, the right side; the last row holds the reduced costs.
    table = np.zeros((equations + 1, count + equations + 1), dtype=object)
    table[:size, :count], table[size, :count], table[size, -1] = rows.T, 1, 1
    for i in range(equations):
        table[i, count + i] = 1
    table[-1] = -table[:-1].sum(axis=0)
    table[-1, count:-1] = 0
    basis = list(range(count, count + equations))
    divisor, pivots = 1, 0
    while True:
        costs = table[-1, :count]
        candidates = np.flatnonzero(costs < 0)
        if not candidates.size:
            break
        steep = pivots < _STEEPEST * equations
        column = int(min(candidates, key=lambda j: costs[j])) if steep else int(candidates[0])
        row = _leaving(table, basis, column)
        divisor = _pivot(table, row, column, divisor)
        basis[row] = column
        pivots += 1
    if table[-1, -1]:  # minus what the artificial variables still add up to
        direction = table[-1, count : count + size] - divisor
        return direction // (math.gcd(*direction.tolist()) or 1), None
    return None, {j: int(table[i, -1]) for i, j in enumerate(basis) if j < count and table[i, -1]}


def _leaving(table: Integers, basis: list[int], column: int) -> int:
    """The row whose right side runs out first; of several the one with the least variable (R. Bland)."""
    best = -1
    for i, j in enumerate(basis):
        if table[i, column] <= 0:
            continue
        if best >= 0:
            here = table[i, -1] * table[best, column]
            there = table[best, -1] * table[i, column]
            if here > there or (here == there and j > basis[best]):
                continue
        best = i
    return best


def _pivot(table: Integers, row: int, column: int, divisor: int) -> int:
    """Make a column one of the basis, in integers: every division leaves no rest."""
    pivot, old = int(table[row, column]), table[row].copy()
    for i in range(len(table)):
        if i != row:
            table[i] = (table[i] * pivot - table[i, column] * old) // divisor
    return pivot


def _check(holds: bool) -> None:
    if not holds:
        raise ArithmeticError("the simplex method went wrong")  # pragma: no cover  # see Raises
