"""The short way: taken for ordinary arrays only, and nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba  # noqa: F401  # without it there is no short way
import numpy as np
import pytest

import stablelce as lce
from stablelce import _direct, functions

COUNT = 100


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    with lce.engine("numba"):
        yield


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each call took the short way."""
    ways: list[bool] = []

    def direct(*arguments: Any, **keywords: Any) -> Any:
        made = _direct.direct(*arguments, **keywords)
        ways.append(made is not None)
        return made

    monkeypatch.setattr(functions, "direct", direct)
    return ways


def sample(dtype: Any = np.float64, shape: tuple[int, ...] = (COUNT,)) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.normal(0, 8, shape).astype(dtype), rng.random(shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(COUNT,), (4, 5), (1,), (2, 1, 3)])
def test_ordinary_arrays_take_it_and_get_the_same_bits(
    taken: list[bool], dtype: Any, shape: tuple[int, ...]
) -> None:
    z, t = sample(dtype, shape)
    out = (np.empty_like(z), np.empty_like(z))
    found = [lce.loss(z, t), lce.gradient(z, t), *lce.loss_and_gradient(z, t)]
    given = lce.loss_and_gradient(z, t, out=out)
    assert taken == [True] * 4
    assert given[0] is out[0]
    assert given[1] is out[1]
    with lce.engine("numpy"):
        wanted = [lce.loss(z, t), lce.gradient(z, t)] * 3
    for got, want in zip([*found, *given], wanted, strict=True):
        assert got.shape == shape
        assert got.dtype == dtype
        assert got.tobytes() == want.tobytes()


Z, T = sample()


@pytest.mark.parametrize(
    ("z", "t", "keywords"),
    [
        (Z.tolist(), T, {}),
        (Z, 1, {}),
        (Z, np.ones(COUNT, int), {}),
        (Z[::2], T[::2], {}),
        (Z, T.astype(np.float32), {}),
        (Z.astype(np.float16), T.astype(np.float16), {}),
        (Z.astype(">f8"), T.astype(">f8"), {}),
        (Z[:, None], T, {}),
        (Z[:0], T[:0], {}),
        (np.array(1.0), np.array(1.0), {}),
        (np.asfortranarray(Z.reshape(10, 10)), np.asfortranarray(T.reshape(10, 10)), {}),
        (Z, T, {"out": np.empty(2 * COUNT)[::2]}),
        (Z, T, {"weight": 1.0}),
        (Z, T, {"pos_weight": np.ones(COUNT)}),
        (Z, T, {"label_smoothing": 0.5}),
        (Z, T, {"reduction": "sum"}),
    ],
)
def test_all_else_goes_the_long_way(taken: list[bool], z: Any, t: Any, keywords: dict[str, Any]) -> None:
    lce.loss(z, t, **keywords)
    assert not any(taken)


def test_shared_memory_goes_the_long_way(taken: list[bool]) -> None:
    z, t = sample()
    wanted = lce.loss(z, t)
    memory = np.concatenate([z, z])
    lce.loss(memory[:COUNT], t, out=memory[1 : COUNT + 1])
    assert taken == [True, False]
    assert memory[1 : COUNT + 1].tobytes() == wanted.tobytes()
    lce.loss(z, t, out=z)
    assert taken[-1] is False
    assert z.tobytes() == wanted.tobytes()
    same = np.empty(COUNT)
    with pytest.raises(ValueError, match="overlap"):
        lce.loss_and_gradient(*sample(), out=(same, same))


def test_errors_are_those_of_the_long_way(taken: list[bool]) -> None:
    z, t = sample()
    t[7] = 1.5
    out = np.full(COUNT, 3.0)
    with pytest.raises(ValueError, match=r"1 element is not, the first is 1\.5 at index 7"):
        lce.loss(z, t, out=out)
    assert (out == 3.0).all()
    locked = np.empty(COUNT)
    locked.flags.writeable = False
    for wrong, said in ((locked, "read-only"), (np.empty(3), "shape"), (np.empty(COUNT, int), "dtype")):
        with pytest.raises((TypeError, ValueError), match=said):
            lce.loss(*sample(), out=wrong)
    with pytest.raises(ValueError, match="reduction"):
        lce.loss(z, t, reduction="max")  # type: ignore[arg-type]
    assert not any(taken)


def test_nan_targets_are_not_outside(taken: list[bool]) -> None:
    z, t = sample()
    t[3] = np.nan
    assert np.flatnonzero(np.isnan(lce.loss(z, t))).tolist() == [3]
    assert taken == [True]


def test_unchecked_targets_extend_the_formulas(taken: list[bool]) -> None:
    assert lce.gradient(np.zeros(1), np.array([-3.0]), validate=False) == 3.5
    assert taken == [True]
