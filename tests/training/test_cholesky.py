"""The factorisation against rational arithmetic; matrices that are not positive definite; one set of bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from stablelce.training.cholesky import Cholesky, NotPositiveDefiniteError

Doubles = npt.NDArray[np.float64]


def definite(size: int, seed: int) -> Doubles:
    a = np.random.default_rng(seed).normal(size=(2 * size, size))
    return np.asarray(a.T @ a)


def exact_solution(matrix: Doubles, vector: Doubles) -> list[Fraction]:
    """Gaussian elimination in rationals."""
    rows = [[Fraction(x) for x in [*row, b]] for row, b in zip(matrix.tolist(), vector.tolist(), strict=True)]
    size = len(rows)
    for j in range(size):
        for i in range(j + 1, size):
            factor = rows[i][j] / rows[j][j]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    x = [Fraction(0)] * size
    for i in reversed(range(size)):
        x[i] = (rows[i][size] - sum(rows[i][k] * x[k] for k in range(i + 1, size))) / rows[i][i]
    return x


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_solutions_are_those_of_rational_arithmetic(size: int) -> None:
    matrix, vector = definite(size, 0), np.random.default_rng(1).normal(size=size)
    # Symmetric to the bit, as only the lower triangle is read.
    matrix = np.tril(matrix) + np.tril(matrix, -1).T
    found = Cholesky.of(matrix).solve(vector)
    wanted = exact_solution(matrix, vector)
    largest = max(map(abs, wanted))
    # Higham, theorem 10.4 with 3*size+1 roundings, times a condition number below 2**10 for these matrices.
    assert np.linalg.cond(matrix) < 2**10
    bound = largest * Fraction((3 * size + 1) * size * 2**10, 2**53)
    assert all(abs(Fraction(a) - b) <= bound for a, b in zip(found.tolist(), wanted, strict=True))


def test_only_the_lower_triangle_is_read() -> None:
    matrix = definite(6, 2)
    other = np.tril(matrix) + np.triu(np.ones((6, 6)), 1)
    assert Cholesky.of(matrix).factor.tobytes() == Cholesky.of(other).factor.tobytes()


def test_powers_of_two_of_the_scales_do_not_show() -> None:
    matrix, vector = definite(5, 3), np.arange(1.0, 6.0)
    exponents = np.array([-450, 0, 450, -100, 300])
    scaled = np.ldexp(matrix, exponents[:, np.newaxis] + exponents)
    plain, other = Cholesky.of(matrix), Cholesky.of(scaled)
    assert plain.factor.tobytes() == other.factor.tobytes()
    assert (other.solve(np.ldexp(vector, exponents)) == np.ldexp(plain.solve(vector), -exponents)).all()


def test_tiny_and_huge_right_sides_lose_nothing() -> None:
    matrix, vector = definite(5, 4), np.arange(1.0, 6.0)
    factor = Cholesky.of(matrix)
    wanted = factor.solve(vector)
    for exponent in (-900, 900):
        assert (factor.solve(np.ldexp(vector, exponent)) == np.ldexp(wanted, exponent)).all()
    assert factor.solve(np.zeros(5)).tolist() == [0.0] * 5


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_dependent_columns_are_found(scale: float) -> None:
    rng = np.random.default_rng(5)
    for size in (2, 5, 30):
        a = rng.normal(size=(3 * size, size))
        a[:, -1] = a[:, : size - 1] @ rng.normal(size=size - 1)
        with pytest.raises(NotPositiveDefiniteError, match=f"column {size - 1} ") as caught:
            Cholesky.of((a.T @ a) * scale)
        assert caught.value.column == size - 1
        assert abs(caught.value.pivot) < 2.0**-40


@pytest.mark.parametrize(("matrix", "column"), [([[0.0]], 0), ([[-1.0]], 0), ([[1, 2], [2, 1]], 1)])
def test_matrices_that_are_not_positive_definite_are_refused(matrix: list[list[float]], column: int) -> None:
    with pytest.raises(NotPositiveDefiniteError) as caught:
        Cholesky.of(np.array(matrix, np.float64))
    assert caught.value.column == column


def test_a_matrix_that_is_nearly_singular_but_clearly_definite_is_accepted() -> None:
    matrix = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-44]])
    x = Cholesky.of(matrix).solve(np.array([0.0, 2.0**-44]))
    assert x.tolist() == [-1.0, 1.0]


def test_the_empty_matrix_has_the_empty_solution() -> None:
    assert Cholesky.of(np.zeros((0, 0))).solve(np.zeros(0)).shape == (0,)


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="square"):
        Cholesky.of(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        Cholesky.of(np.full((1, 1), np.nan))
    with pytest.raises(ValueError, match="shape"):
        Cholesky.of(np.eye(2)).solve(np.zeros(3))
