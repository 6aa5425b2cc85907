"""The compiled pass beside NumPy's: the same limbs, whatever the rows."""

from __future__ import annotations

from typing import Any, Literal

import numba  # noqa: F401  # these tests need it
import numpy as np
import pytest

import stablelce as lce
from stablelce.training import compiled, passes
from stablelce.training.blocks import Block
from stablelce.training.lipschitz import Squares
from stablelce.training.passes import State, differentiate
from stablelce.training.scales import measure
from tests.training.problems import data

NAMES: tuple[Literal["numpy", "numba"], ...] = ("numpy", "numba")

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def both(block: Block, coef: Any, slices: int = 0) -> list[State]:
    states = []
    for engine in NAMES:
        with lce.engine(engine):
            states.append(
                differentiate(
                    block, measure(block), coef, fit_intercept=len(coef) > block.X.shape[1], slices=slices
                )
            )
    return states


def assert_same(states: list[State]) -> None:
    a, b = states
    assert a.gradient.limbs.tobytes() == b.gradient.limbs.tobytes()
    assert a.loss.limbs.tobytes() == b.loss.limbs.tobytes()
    assert (a.gram is None) == (b.gram is None)
    if a.gram is not None and b.gram is not None:
        assert a.gram.limbs.tobytes() == b.gram.limbs.tobytes()


@each_dtype
@pytest.mark.parametrize("rows", [0, 1, 3, 255, 257, 2048, 2049, 9000])
@pytest.mark.parametrize("slices", [0, 1, 2])
def test_numbers_of_rows_do_not_show(dtype: type, rows: int, slices: int) -> None:
    block = data(rows, 11, dtype=dtype)
    assert_same(both(block, np.linspace(-1, 1, 12), slices))


@each_dtype
@pytest.mark.parametrize("features", [*range(18), 31, 100, 3000])
def test_numbers_of_columns_do_not_show(dtype: type, features: int) -> None:
    block = data(300, features, dtype=dtype, weighted=False)
    for size in (features, features + 1):
        assert_same(both(block, np.linspace(-1, 1, size), slices=int(features < 100)))


@each_dtype
@pytest.mark.parametrize("exponent", [-1070, -900, -500, -50, 10, 500, 1000])
def test_coefficients_of_all_sizes_give_the_same(dtype: type, exponent: int) -> None:
    block = data(3000, 9, dtype=dtype)
    coef = np.ldexp(np.random.default_rng(1).normal(size=10), exponent)
    assert_same(both(block, coef, slices=1))


def test_features_of_all_sizes_give_the_same() -> None:
    rng = np.random.default_rng(2)
    X: Any = np.ldexp(rng.normal(size=(3000, 10)), rng.integers(-1070, 400, (3000, 10)))
    X[:, 3], X[:, 4] = 0.0, np.ldexp(rng.normal(size=3000), -1060)
    assert_same(both(Block(X, rng.random(3000), None), rng.normal(size=11), slices=1))
    assert_same(both(Block(X, rng.random(3000), None), rng.normal(size=11) * 1e-280, slices=1))


def test_rows_that_the_loops_leave_out_are_added() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 3)) * 1000  # logits beyond the table, and losses that underflow
    t: Any = (rng.random(2000) > 0.5) * 1.0
    block, left = Block(X, t), []
    right = passes._add

    def counted(state: State, part: Block, point: Any) -> None:
        left.append(len(part.t))
        right(state, part, point)

    with lce.engine("numba"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "_add", counted)
        differentiate(block, measure(block), np.ones(4))
    assert sum(left) > 100
    assert_same(both(block, np.ones(4), slices=1))


def test_ordinary_rows_are_all_decided_by_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("rows were left to NumPy")

    block = data(50_000, 4)
    coef = np.ones(5) / np.append(np.abs(block.X).max(axis=0), 1.0)
    monkeypatch.setattr(passes, "_add", fail)
    with lce.engine("numba"):
        state = differentiate(block, measure(block), coef, slices=1)
    assert state.loss.value() > 0


@each_dtype
@pytest.mark.parametrize("weighted", [False, True])
def test_squares_are_those_of_numpy(dtype: type, weighted: bool) -> None:
    for block in (data(5000, 7, dtype=dtype, weighted=weighted), data(3, 0, dtype=dtype)):
        bounds = set()
        for engine in NAMES:
            with lce.engine(engine):
                squares = Squares(measure(block))
                squares.add(block)
                bounds.add(squares.upper_bound())
        assert len(bounds) == 1


def test_products_are_cut_alike_with_and_without_a_fused_multiply_add() -> None:
    rng = np.random.default_rng(4)
    r = rng.uniform(-1, 1, 20_000)
    odd = rng.integers(2**48, 2**50, 20_000) * 2 + 1
    x = np.where(rng.random(20_000) < 0.5, rng.uniform(-1, 1, 20_000), odd * 2.0**-52 / r)
    keep = np.abs(r * x) <= 1

    fused, split = np.empty((keep.sum(), 2)), np.empty((keep.sum(), 2))
    for i, (a, b) in enumerate(zip(r[keep].tolist(), x[keep].tolist(), strict=True)):
        fused[i] = compiled._fused_cut(a, b, 3.0, 1.5 * 2.0**-51)
        split[i] = compiled._cut_in_parts(a, b, 3.0, 1.5 * 2.0**-51)
    assert fused.tobytes() == split.tobytes()
