"""The objective and its derivatives against mpmath, at the ends of the range, and for odd shapes."""

from __future__ import annotations

import math
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import stablelce as lce
from stablelce.training.blocks import ArrayBlocks, Block
from stablelce.training.problem import Problem
from tests.training.problems import ENGINES, Pieces, data, problem

each_engine = pytest.mark.parametrize("engine", ENGINES)


def exact(value: Any) -> Any:
    fraction = Fraction(value)
    return mpf(fraction.numerator) / fraction.denominator


def by_mpmath(block: Block, coef: Any, l2: float, fit_intercept: bool) -> tuple[Any, Any, Any, Any]:
    """Loss, gradient, Hessian, and for each element of the gradient what rounding of the rows may do to it.

    A logit is rounded once, a gradient of a row once or twice: |dr| <= |z|*2^-53/4 + 2^-52, times s*|x|.
    """
    mp.dps = 200
    features = block.X.shape[1]
    size = features + fit_intercept
    weights = [mpf(1)] * len(block.t) if block.s is None else [exact(s) for s in block.s.tolist()]
    loss, total = mpf(0), sum(weights)
    gradient, slack = [mpf(0)] * size, [mpf(0)] * size
    second = [[mpf(0)] * size for _ in range(size)]
    w = [exact(c) for c in coef.tolist()]
    for row, target, s in zip(block.X.tolist(), block.t.tolist(), weights, strict=True):
        x = [exact(v) for v in row] + [mpf(1)] * fit_intercept
        z, t = sum((a * b for a, b in zip(x, w, strict=True)), mpf(0)), exact(target)
        y = 1 / (1 + mp.exp(-z))
        loss += s * (t * mp.log1p(mp.exp(-z)) + (1 - t) * mp.log1p(mp.exp(z)))
        for j in range(size):
            gradient[j] += s * (y - t) * x[j]
            slack[j] += s * abs(x[j]) * (abs(z) + 4) * mpf(2) ** -54
            for k in range(size):
                second[j][k] += s * y * (1 - y) * x[j] * x[k]
    penalty = [exact(l2)] * features + [mpf(0)] * fit_intercept
    loss = loss / total + sum((p * a * a for p, a in zip(penalty, w, strict=True)), mpf(0)) / 2
    gradient = [g / total + p * a for g, p, a in zip(gradient, penalty, w, strict=True)]
    for j in range(size):
        second[j] = [value / total for value in second[j]]
        second[j][j] += penalty[j]
    return loss, gradient, second, [value / total for value in slack]


@each_engine
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_derivatives_are_those_of_mpmath(
    engine: Any, dtype: type, weighted: bool, fit_intercept: bool
) -> None:
    block, l2 = data(60, 4, dtype=dtype, weighted=weighted), 0.3
    largest = np.append(np.abs(block.X).max(axis=0), 1.0)[: 4 + fit_intercept]
    coef = np.linspace(-1, 2, 4 + fit_intercept) / largest
    loss, gradient, second, slack = by_mpmath(block, coef, l2, fit_intercept)
    with lce.engine(engine):
        task = problem(block, l2=l2, fit_intercept=fit_intercept)
        found = [task.derivatives(coef, hessian=True, slices=slices) for slices in (1, 2)]
    assert abs(found[0].loss - loss) <= loss * 2.0**-51
    for j, wanted in enumerate(gradient):
        # One rounding at the end, and the fixed-point sum: far below the rest.
        bound = slack[j] * mpf(1.01) + abs(wanted) * mpf(2) ** -53
        assert abs(mpf(float(found[0].gradient[j])) - wanted) <= bound
    for result, bits in zip(found, (22, 44), strict=True):
        assert result.hessian is not None
        for j in range(task.size):
            for k in range(task.size):
                # |y - A| <= 1/2 and |y| <= 2**21 in both factors, 2**k up to twice the largest: see gram.
                unit = mpf(float(largest[j])) * mpf(float(largest[k])) * 4 * mpf(2) ** -(bits + 1)
                weight = 1.0 if block.s is None else float(len(block.s) * block.s.max() * 2 / block.s.sum())
                bound = unit * weight + abs(second[j][k]) * mpf(2) ** -48
                assert abs(mpf(float(result.hessian[j, k])) - second[j][k]) <= bound
    assert (found[0].loss, found[0].gradient.tobytes()) == (found[1].loss, found[1].gradient.tobytes())


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_lipschitz_is_the_exact_constant_rounded_upward(fit_intercept: bool, weighted: bool) -> None:
    block, l2 = data(200, 3, weighted=weighted), 0.7
    weights = [Fraction(1)] * 200 if block.s is None else [Fraction(s) for s in block.s.tolist()]
    squares = sum(
        s * (sum(Fraction(x) ** 2 for x in row) + fit_intercept)
        for s, row in zip(weights, block.X.tolist(), strict=True)
    )
    constant = squares / sum(weights) / 4 + Fraction(l2)
    found = problem(block, l2=l2, fit_intercept=fit_intercept).lipschitz
    assert Fraction(math.nextafter(found, 0.0)) < constant <= Fraction(found)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_curvatures_are_the_exact_bounds_rounded_upward(fit_intercept: bool, weighted: bool) -> None:
    block, l2 = data(200, 3, weighted=weighted), 0.7
    weights = [Fraction(1)] * 200 if block.s is None else [Fraction(s) for s in block.s.tolist()]
    exact = [
        sum(s * Fraction(x) ** 2 for s, x in zip(weights, column, strict=True)) / sum(weights) / 4
        + Fraction(l2)
        for column in block.X.T.tolist()
    ] + [Fraction(1, 4)] * fit_intercept
    found = problem(block, l2=l2, fit_intercept=fit_intercept).curvatures
    assert len(found) == len(exact)
    for one, constant in zip(found.tolist(), exact, strict=True):
        assert Fraction(math.nextafter(one, 0.0)) < constant <= Fraction(one)


@each_engine
@pytest.mark.parametrize("features", [0, 1])
@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows_and_columns(engine: Any, features: int, rows: int) -> None:
    block = Block(np.full((rows, features), 0.5), np.array([0.25, 1.0])[:rows])
    coef = np.array([2.0, -1.0])[1 - features :]
    loss, gradient, second, _ = by_mpmath(block, coef, 0.0, True)
    with lce.engine(engine):
        found = problem(block, l2=0.0).derivatives(coef, hessian=True, slices=2)
    assert abs(found.loss / loss - 1) < 2.0**-50
    assert found.hessian is not None
    for j in range(features + 1):
        assert abs(found.gradient[j] - gradient[j]) < 2.0**-52
        assert abs(found.hessian[j, j] / second[j][j] - 1) < 2.0**-40
    if not features:
        bare = problem(block, fit_intercept=False).derivatives(np.zeros(0), hessian=True)
        assert (bare.gradient.size, bare.loss) == (0, math.log(2.0))


@each_engine
def test_blocks_without_rows_change_nothing(engine: Any) -> None:
    block = data(50, 3)
    empty = Block(np.zeros((0, 3)), np.zeros(0))
    with lce.engine(engine):
        found = Problem(Pieces([empty, block, empty])).derivatives(np.zeros(4), hessian=True)
        wanted = Problem(Pieces([block])).derivatives(np.zeros(4), hessian=True)
    assert found.gradient.tobytes() == wanted.gradient.tobytes()
    assert found.loss == wanted.loss == math.log(2.0)


@each_engine
@pytest.mark.parametrize("scale", [1e-300, 1e-140, 1e140])
def test_scales_of_columns_leave_the_range_of_nothing(engine: Any, scale: float) -> None:
    block = data(400, 3, weighted=False)
    X = np.random.default_rng(1).normal(size=(400, 3))
    X[:, 1] *= scale
    coef = np.array([0.5, 0.25 / scale if scale > 1e-200 else 1e290, -0.5, 0.1])
    loss, gradient, _, slack = by_mpmath(Block(X, block.t), coef, 0.0, True)
    with lce.engine(engine):
        found = Problem(ArrayBlocks(X, block.t)).derivatives(coef, hessian=True)
    assert abs(found.loss / loss - 1) < 2.0**-50
    assert found.hessian is not None
    assert np.isfinite(found.hessian).all()
    for j in range(4):
        # Where a product is subnormal its last rounding is half of the smallest number.
        bound = slack[j] * mpf(1.01) + abs(gradient[j]) * mpf(2) ** -53 + mpf(2) ** -1075
        assert abs(mpf(float(found.gradient[j])) - gradient[j]) <= bound


@each_engine
@pytest.mark.parametrize("size", [1e200, 1.7e308])
def test_huge_coefficients_give_the_gradients_of_sure_rows(engine: Any, size: float) -> None:
    X, t = np.array([[1e150, 1.0], [-3.0, 0.0]]), np.array([0.0, 1.0])
    with lce.engine(engine):
        found = Problem(ArrayBlocks(X, t)).derivatives(np.array([size, -size, 0.0]))
    assert found.gradient.tolist() == [(1e150 + 3.0) / 2, 0.5, 0.0]
    assert math.isfinite(found.loss)
    with lce.engine(engine):
        penalised = Problem(ArrayBlocks(X, t), l2=1.0).derivatives(np.array([size, -size, 0.0]))
    assert penalised.loss == math.inf  # the penalty itself is beyond the largest float


def test_a_penalty_leaves_the_intercept_alone() -> None:
    block = Block(np.random.default_rng(0).normal(size=(50, 2)), np.linspace(0, 1, 50))
    coef = np.array([0.0, 0.0, 5.0])
    plain, penalised = (problem(block, l2=l2).derivatives(coef, hessian=True) for l2 in (0.0, 7.0))
    assert plain.loss == penalised.loss
    assert plain.gradient.tobytes() == penalised.gradient.tobytes()
    assert plain.hessian is not None
    assert penalised.hessian is not None
    assert (penalised.hessian - plain.hessian).diagonal()[2] == 0
    assert (penalised.hessian.diagonal()[:2] == plain.hessian.diagonal()[:2] + 7.0).all()


@each_engine
def test_memory_does_not_grow_with_the_data(engine: Any) -> None:
    rows = 200_000 if engine == "numba" else 80_000
    X, t = np.ones((rows, 50), np.float32), np.zeros(rows)
    with lce.engine(engine):
        task = Problem(ArrayBlocks(X, t))
        task.derivatives(np.zeros(51))
        tracemalloc.start()
        task.derivatives(np.zeros(51), hessian=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # Four chunks of factors, one of slices, the Hessian's limbs; the NumPy engine's temporaries of a chunk.
    assert peak < 12 << 20 < X.nbytes


@each_engine
def test_no_warning_and_no_changed_argument(engine: Any) -> None:
    block = data(3000, 6)
    before = [np.copy(column) for column in block if column is not None]
    for column in block:
        if column is not None:
            column.flags.writeable = False
    with lce.engine(engine), np.errstate(all="raise"):
        found = problem(block).derivatives(np.full(7, 1e-3), hessian=True, slices=2)
    assert math.isfinite(found.loss)
    assert all((a == b).all() for a, b in zip(before, block, strict=True) if b is not None)


def test_misuse_is_refused() -> None:
    block = data(10, 2)
    task = problem(block)
    with pytest.raises(ValueError, match=r"coef must have the shape \(3,\): got \(2,\)"):
        task.derivatives(np.zeros(2))
    with pytest.raises(ValueError, match="coef must be finite: element 1"):
        task.derivatives(np.array([0.0, math.nan, 0.0]))
    with pytest.raises(ValueError, match="slices must be 1 or 2"):
        task.derivatives(np.zeros(3), hessian=True, slices=3)
    for l2 in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="l2 must be finite and not negative"):
            problem(block, l2=l2)
    with pytest.raises(ValueError, match="no row has a positive weight, among 10"):
        problem(Block(block.X, block.t, np.zeros(10)))
    with pytest.raises(ValueError, match="no row has a positive weight, among 0"):
        problem(Block(np.zeros((0, 2)), np.zeros(0)))
    with pytest.raises(ValueError, match="row 13, column 1 of X is nan"):
        Problem(Pieces([block, Block(np.where(np.arange(20).reshape(10, 2) == 7, np.nan, 0.0), block.t)]))
    with pytest.raises(ValueError, match=r"must have the shape \(10, 2\).*got \(10, 3\)"):
        Problem(Pieces([block, data(10, 3)]))
    with pytest.raises(ValueError, match=r"weights must have the shape \(10,\): got \(9,\)"):
        Problem(Pieces([Block(block.X, block.t, np.ones(9))]))
