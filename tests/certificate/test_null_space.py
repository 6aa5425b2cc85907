"""The exact null space, against rational elimination written here."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.certificate import null_space as module
from stablelce.certificate.null_space import PRIMES, null_space

matrices = st.integers(1, 4).flatmap(
    lambda k: st.lists(st.lists(st.integers(-3, 3), min_size=k, max_size=k), min_size=1, max_size=6)
)


def rank(rows: list[list[int]]) -> int:
    work = [[Fraction(v) for v in row] for row in rows]
    found = 0
    for j in range(len(work[0])):
        pivot = next((i for i in range(found, len(work)) if work[i][j]), None)
        if pivot is None:
            continue
        work[found], work[pivot] = work[pivot], work[found]
        for i in range(found + 1, len(work)):
            factor = work[i][j] / work[found][j]
            work[i] = [a - factor * b for a, b in zip(work[i], work[found], strict=True)]
        found += 1
    return found


def as_integers(rows: list[list[int]]) -> Any:
    return np.array(rows, dtype=object).reshape(len(rows), -1)


@given(matrices)
def test_the_basis_is_in_the_null_space_independent_and_complete(rows: list[list[int]]) -> None:
    basis = null_space(as_integers(rows))
    size = len(rows[0])
    assert basis.shape == (size, size - rank(rows))
    assert not (as_integers(rows) @ basis).any()
    if basis.shape[1]:
        assert rank(basis.T.tolist()) == basis.shape[1]
        assert all(math.gcd(*column) == 1 for column in basis.T.tolist())


def test_no_rows_leave_everything_free() -> None:
    assert null_space(np.empty((0, 3), dtype=object)).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_large_integers() -> None:
    big = 3**200
    basis = null_space(as_integers([[big, big + 1, 0], [1, 0, 2**300]]))
    (vector,) = basis.T.tolist()
    assert big * vector[0] + (big + 1) * vector[1] == 0
    assert vector[0] + 2**300 * vector[2] == 0


def test_a_prime_that_hides_independence_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = as_integers([[1, 1], [1, 8]])  # dependent modulo 7
    monkeypatch.setattr(module, "PRIMES", (7, 11))
    assert null_space(rows).shape == (2, 0)
    monkeypatch.setattr(module, "PRIMES", (7,))
    with pytest.raises(ArithmeticError):
        null_space(rows)


def test_the_moduli_are_primes() -> None:
    """By the primes up to their roots; none is between them and 2^31."""
    sieve = np.ones(46341, dtype=bool)
    sieve[:2] = False
    for p in range(2, 216):
        if sieve[p]:
            sieve[p * p :: p] = False
    small = np.flatnonzero(sieve)
    primes = [n for n in range(2**31 - 1, PRIMES[-1] - 1, -1) if (n % small).all()]
    assert tuple(primes) == PRIMES
