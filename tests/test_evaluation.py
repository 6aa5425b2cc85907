"""Outputs and memory: ``out`` of every kind, overlap, and temporaries of fixed size."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stablelce as lce
from stablelce.kernels import BLOCK

COUNT = 40 * BLOCK
# Two dozen binary64 arrays of a block are alive at once at most in the plain functions, about twice as many
# with weights, which carry exponents; nditer's buffers are a handful more.
FEW_BLOCKS = 64 * 8 * BLOCK


@pytest.fixture(autouse=True)
def numpy_engine() -> Iterator[None]:
    """The engine whose blocks are small; that of Numba has a test of its own."""
    with lce.engine("numpy"):
        yield


def peak_of(call: Callable[[], Any]) -> int:
    """Bytes that were allocated at once while the call ran."""
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"weight": np.ones(COUNT, dtype=np.float64)},
        {"weight": np.ones(COUNT, dtype=np.int64), "pos_weight": 3},
        {"label_smoothing": 0.1},
    ],
    ids=["plain", "weight", "converted weight", "smoothing"],
)
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_temporaries_do_not_grow_with_the_arrays(dtype: Any, keywords: dict[str, Any]) -> None:
    z = np.linspace(-3, 3, COUNT).astype(dtype)
    t = np.linspace(0, 1, COUNT).astype(dtype)
    pair = (np.empty(COUNT, dtype), np.empty(COUNT, dtype))
    assert peak_of(lambda: lce.loss_and_gradient(z, t, out=pair, **keywords)) < FEW_BLOCKS
    mean = peak_of(lambda: lce.loss(z, t, reduction="weighted_mean", **keywords))
    assert mean < FEW_BLOCKS
    # What FEW_BLOCKS excludes: one more array of the length of the inputs in binary64 beside the blocks.
    assert FEW_BLOCKS < 2 * 8 * COUNT


def test_out_that_is_an_input_needs_no_copy() -> None:
    z, t = np.linspace(-3, 3, COUNT), np.linspace(0, 1, COUNT)
    wanted = lce.loss_and_gradient(z, t)
    assert peak_of(lambda: lce.loss_and_gradient(z, t, out=(t, z))) < 32 * 8 * BLOCK < z.nbytes
    assert (t == wanted[0]).all()
    assert (z == wanted[1]).all()


def test_integers_and_other_byte_orders_are_converted_in_blocks() -> None:
    z, t, out = np.zeros(COUNT, ">f8"), np.zeros(COUNT, np.int64), np.empty(COUNT, ">f8")
    assert peak_of(lambda: lce.loss(z, t, out=out)) < 32 * 8 * BLOCK < z.nbytes


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.sampled_from([1, -1, 2]))
def test_partial_overlap_gives_what_separate_memory_gives(a: int, b: int, c: int, step: int) -> None:
    count = 2 * BLOCK + 5

    def view(memory: np.ndarray, start: int) -> np.ndarray:
        return memory[start : start + 2 * count][::step][:count]

    memory = np.linspace(0, 1, 2 * count + 4)
    z, t = view(memory, a).copy(), view(memory, b).copy()
    wanted = lce.loss(z, t)
    out = view(memory, c)
    assert lce.loss(view(memory, a), view(memory, b), out=out) is out
    assert out.tobytes() == wanted.tobytes()


def test_an_output_over_a_broadcast_input() -> None:
    memory = np.linspace(-1, 1, 12).reshape(3, 4)
    wanted = lce.sigmoid(np.zeros((3, 4))) * 0 + lce.loss(memory[1].copy(), 1)
    lce.loss(memory[1], 1, weight=np.ones((3, 1)), out=memory)
    assert memory.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("dtype", [">f4", "<f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_out_may_have_any_layout_and_byte_order(dtype: str, order: Any) -> None:
    z = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    out = np.empty((3, 8), dtype=dtype, order=order)[:, ::-2]
    assert lce.sigmoid(z, out=out) is out
    assert out.tolist() == lce.sigmoid(z).tolist()


class Subclass(np.ndarray):
    pass


def test_out_of_a_subclass_is_returned_as_it_is() -> None:
    out = np.empty(2).view(Subclass)
    assert lce.softplus([0.0, 1.0], out=out) is out
    assert out.tolist() == lce.softplus([0.0, 1.0]).tolist()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.empty(3, np.float32), TypeError, "out has dtype float32, but the result has float64"),
        (np.empty(3, np.int64), TypeError, "out has dtype int64"),
        (np.empty(3, object), TypeError, "out has dtype object"),
        (np.ma.empty(3), TypeError, "out must be a NumPy array, got MaskedArray"),
        ([0.0, 0.0, 0.0], TypeError, "out must be a NumPy array, got list"),
        (np.empty(4), ValueError, r"out has shape \(4,\), but the result has \(3,\)"),
        (np.empty((1, 3)), ValueError, r"out has shape \(1, 3\)"),
        (np.broadcast_to(np.empty(1), 3), ValueError, "out is read-only"),
    ],
)
def test_outputs_of_the_wrong_kind_are_refused(out: Any, error: type[Exception], message: str) -> None:
    for quantity in (lce.sigmoid, lce.hessian):
        with pytest.raises(error, match=message):
            quantity(np.zeros(3), out=out)
    with pytest.raises(error, match=message.replace("out ", "the gradient array in out ", 1)):
        lce.loss_and_gradient(np.zeros(3), 0, out=(None, out))


def test_a_pair_of_outputs() -> None:
    z = np.linspace(-1, 1, 6)
    loss_out = np.empty(6)
    loss, gradient = lce.loss_and_gradient(z, 1, out=(loss_out, None))
    assert loss is loss_out
    assert gradient.tolist() == lce.gradient(z, 1).tolist()
    interleaved = np.empty(12)
    lce.loss_and_gradient(z, 1, out=(interleaved[::2], interleaved[1::2]))
    assert interleaved[::2].tolist() == lce.loss(z, 1).tolist()
    assert interleaved[1::2].tolist() == gradient.tolist()
    for bad in (loss_out, [loss_out, loss_out], (loss_out,)):
        with pytest.raises(TypeError, match="out must be a pair"):
            lce.loss_and_gradient(z, 1, out=bad)  # type: ignore[arg-type]
    for reduction, first in (("none", interleaved[:6]), ("sum", interleaved[3:4].reshape(()))):
        with pytest.raises(ValueError, match="overlap"):
            lce.loss_and_gradient(z, 1, reduction=reduction, out=(first, interleaved[3:9]))  # type: ignore[arg-type]
