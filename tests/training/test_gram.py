"""Gram sums: the integers of their definition, and the error of the slices."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from stablelce.training.gram import BITS, Gram

Doubles = npt.NDArray[np.float64]


def factors(rows: int, size: int, seed: int) -> tuple[Doubles, Doubles, npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, size)) * 10.0 ** rng.integers(-100, 100, size)
    return np.sqrt(rng.uniform(0, 0.25, rows)), X, np.frexp(np.abs(X).max(axis=0))[1].astype(np.int64)


def exact(q: Doubles, X: Doubles, j: int, k: int) -> Fraction:
    columns = zip(q.tolist(), X[:, j].tolist(), X[:, k].tolist(), strict=True)
    return sum((Fraction(a) ** 2 * Fraction(b) * Fraction(c) for a, b, c in columns), Fraction(0))


@pytest.mark.parametrize("slices", [1, 2])
def test_the_sums_are_those_of_the_rounded_factors(slices: int) -> None:
    q, X, exponents = factors(300, 4, 0)
    gram = Gram(exponents, slices)
    gram.add(q, X)
    unit = 2 ** (BITS * (slices - 1))
    y = [
        [Fraction(float(a * x)) * Fraction(2) ** int(BITS - k) for x, k in zip(row, exponents, strict=True)]
        for a, row in zip(q.tolist(), X.tolist(), strict=True)
    ]
    if slices == 1:
        rounded = [[Fraction(round(v)) for v in row] for row in y]
    else:
        rounded = [[round(v) + Fraction(round((v - round(v)) * unit), unit) for v in row] for row in y]
    total = gram.matrix(np.zeros(4, np.int64))
    for j in range(4):
        for k in range(4):
            wanted = sum(row[j] * row[k] for row in rounded) * Fraction(2) ** int(
                exponents[j] + exponents[k] - 2 * BITS
            )
            assert abs(Fraction(float(total[j, k])) - wanted) <= abs(wanted) * Fraction(slices, 2**51)


@pytest.mark.parametrize("slices", [1, 2])
def test_the_error_is_that_of_the_slices(slices: int) -> None:
    q, X, exponents = factors(500, 3, 1)
    gram = Gram(exponents, slices)
    gram.add(q, X)
    total = gram.matrix(np.zeros(3, np.int64))
    # |y - A| <= 1/2 unit and |y| <= 2**21 units for each factor, so a product errs by 2**21 + 1/4 units at
    # most, in units of 2**-44, or 2**-88 with two slices; and a rounding of each y, 2**-53 of it.
    bits = BITS * slices
    for j in range(3):
        for k in range(3):
            unit = Fraction(2) ** int(exponents[j] + exponents[k] - 2 * bits)
            bound = 500 * (2 ** (bits - 1) + Fraction(1, 4) + Fraction(2 ** (2 * bits), 2**53)) * unit
            error = abs(Fraction(float(total[j, k])) - exact(q, X, j, k))
            assert error <= bound
            if slices == 1 and j == k:
                assert error > bound / 10**6  # the bound is of the right size


@pytest.mark.parametrize("slices", [1, 2])
def test_order_and_merges_do_not_show(slices: int) -> None:
    q, X, exponents = factors(4000, 5, 2)
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(10):
        order = rng.permutation(len(q))
        parts = []
        for index in np.array_split(order, rng.integers(2, 9)):
            part = Gram(exponents, slices)
            part.add(q[index], X[index])
            parts.append(pickle.loads(pickle.dumps(part)))
        while len(parts) > 1:
            a, b = rng.choice(len(parts), 2, replace=False)
            parts[a].merge(parts[b])
            del parts[b]
        seen.add(parts[0].limbs.tobytes())
    assert len(seen) == 1


@pytest.mark.parametrize("slices", [1, 2])
def test_the_largest_factors_stay_exact_over_many_rows(slices: int) -> None:
    gram = Gram(np.array([0, 0]), slices)
    X = np.tile([1.0, -1.0 + 2.0**-40], (Gram.ROWS, 1))
    gram.add(np.full(Gram.ROWS, 0.5), X)
    for _ in range(31):
        gram.merge(gram)
    total = gram.matrix(np.zeros(2, np.int64))
    assert total[0, 0] == Gram.ROWS * 2.0**31 / 4
    ratio = Fraction(float(total[1, 1] / total[0, 0]))
    kept = Fraction(X[0, 1]) ** 2 if slices == 2 else Fraction(1)
    assert abs(ratio - kept) <= Fraction(1, 2**50)


def test_the_matrix_is_positive_semidefinite_for_dependent_columns() -> None:
    q, X, _ = factors(200, 2, 4)
    X = np.column_stack([X[:, 0], X[:, 0], -X[:, 0]])
    exponents = np.frexp(np.abs(X).max(axis=0))[1].astype(np.int64)
    gram = Gram(exponents, 1)
    gram.add(q, X)
    total = gram.matrix(np.zeros(3, np.int64))
    assert (np.abs(total) == total[0, 0]).all()


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="slices must be 1 or 2"):
        Gram(np.zeros(2, np.int64), 3)
    with pytest.raises(ValueError, match="same scales and slices"):
        Gram(np.zeros(2, np.int64), 1).merge(Gram(np.zeros(2, np.int64), 2))
