"""Reductions against exact rationals of the rounded elementwise losses, rounded once."""

from __future__ import annotations

import importlib.util
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce._reductions import Layout
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format
from stablelce.kernels import BLOCK

# bfloat16 arrays need ml_dtypes, which the minimal environment lacks.
PRESENT = [fmt for fmt in FORMATS if fmt != BFLOAT16 or importlib.util.find_spec("ml_dtypes")]
each_format = pytest.mark.parametrize("fmt", PRESENT, ids=lambda fmt: fmt.name)
each_reduction = pytest.mark.parametrize("reduction", ["sum", "mean", "weighted_mean"])
REDUCTIONS = ("sum", "mean", "weighted_mean")


def fractions(values: Any, fmt: Format) -> list[Fraction]:
    return [fmt.to_fraction(int(bits)) for bits in fmt.encodings(values).ravel()]


def reference(losses: Any, weights: Any, reduction: str, fmt: Format) -> int:
    """The encoding of one reduction of finite losses, by rationals."""
    numerator = sum(
        (x * y for x, y in zip(fractions(losses, fmt), fractions(weights, fmt), strict=True)), Fraction(0)
    )
    total = sum(fractions(weights, fmt), Fraction(0))
    denominator = {"sum": Fraction(1), "mean": Fraction(losses.size), "weighted_mean": total}[reduction]
    return fmt.round(numerator / denominator) if denominator else fmt.nan


def sample(fmt: Format, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits over a wide range, targets, and weights with zeros."""
    rng = np.random.default_rng(7)
    z = (rng.normal(size=shape) * 4.0 ** rng.integers(-3, 7, shape)).astype(fmt.dtype)
    t = rng.choice([0.0, 0.125, 0.5, 1.0], shape).astype(fmt.dtype)
    w = rng.choice([0.0, 0.1, 1.0, 3.7], shape).astype(fmt.dtype)
    return z, t, w


@each_format
@each_reduction
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (2, 0), (), (0, 1, 2)])
def test_every_reduction_over_every_axis_is_exact_and_rounded_once(
    fmt: Format, reduction: Any, axis: Any
) -> None:
    z, t, w = sample(fmt, (3, 4, 5))
    losses = lce.loss(z, t)
    got = lce.loss(z, t, weight=w, reduction=reduction, axis=axis)
    axes = tuple(range(3)) if axis is None else tuple(np.atleast_1d(np.array(axis, dtype=int)) % 3)
    kept = [k for k in range(3) if k not in axes]
    assert np.shape(got) == tuple((3, 4, 5)[k] for k in kept)
    moved = [np.moveaxis(a, kept, range(len(kept))).reshape(*np.shape(got), -1) for a in (losses, w)]
    for place in np.ndindex(np.shape(got)):
        wanted = reference(moved[0][place], moved[1][place], reduction, fmt)
        assert int(fmt.encodings(np.asarray(got)[place])) == wanted


@each_format
def test_without_weights_the_weighted_mean_is_the_mean(fmt: Format) -> None:
    z, t, _ = sample(fmt, (50,))
    mean = lce.loss(z, t, reduction="mean")
    ones = np.ones(50).astype(fmt.dtype)
    assert int(fmt.encodings(np.asarray(mean))) == reference(lce.loss(z, t), ones, "mean", fmt)
    assert lce.loss(z, t, reduction="weighted_mean") == mean
    assert lce.loss(z, t, weight=1, reduction="weighted_mean") == mean


@each_reduction
def test_order_layout_and_blocks_do_not_show(reduction: Any) -> None:
    z, t, w = sample(BINARY64, (3 * BLOCK + 17,))
    whole = lce.loss(z, t, weight=w, reduction=reduction)
    order = np.random.default_rng(3).permutation(z.size)
    assert lce.loss(z[order], t[order], weight=w[order], reduction=reduction) == whole
    assert lce.loss(z[::-1], t[::-1], weight=w[::-1], reduction=reduction) == whole
    assert lce.loss(z.astype(">f8"), t, weight=w, reduction=reduction) == whole
    column = lce.loss(z[:, None], t[:, None], weight=w[:, None], reduction=reduction, axis=0)
    assert column.tolist() == [whole]


def test_axes_agree_when_outputs_take_several_chunks() -> None:
    z, t, w = sample(BINARY32, (1100, 9))
    for reduction in REDUCTIONS:
        rows = lce.loss(z, t, weight=w, reduction=reduction, axis=1)  # type: ignore[arg-type]
        columns = lce.loss(z.T, t.T, weight=w.T, reduction=reduction, axis=0)  # type: ignore[arg-type]
        assert rows.tobytes() == columns.tobytes()
        for k in (0, 511, 512, 1099):
            one = lce.loss(z[k], t[k], weight=w[k], reduction=reduction)  # type: ignore[arg-type]
            assert rows[k : k + 1].tobytes() == one.tobytes()


@each_format
def test_nothing_overflows_before_the_end(fmt: Format) -> None:
    largest = float(fmt.to_fraction(fmt.max_finite))
    z = np.full(7, largest).astype(fmt.dtype)
    assert lce.loss(z, 0, reduction="sum") == math.inf
    assert lce.loss(z, 0, reduction="mean") == z[0]
    assert lce.loss(z, 0, weight=z, reduction="weighted_mean") == z[0]
    assert lce.loss(z, 0, weight=z, reduction="mean") == math.inf


@each_format
def test_weight_zero_hides_infinite_and_nan_losses(fmt: Format) -> None:
    z = np.array([math.inf, math.nan, 2.0]).astype(fmt.dtype)
    w = np.array([0, 0, 1])
    for reduction, size in (("sum", 1), ("mean", 3), ("weighted_mean", 1)):
        one = fmt.to_fraction(int(fmt.encodings(np.asarray(lce.loss(z[2], 0)))))
        got = lce.loss(z, 0, weight=w, reduction=reduction)  # type: ignore[arg-type]
        assert int(fmt.encodings(np.asarray(got))) == fmt.round(one / size)
    assert lce.loss(z[::2], 0, reduction="mean") == math.inf
    assert math.isnan(lce.loss(z, 0, reduction="sum"))


@pytest.mark.parametrize("fmt", [BINARY16, BINARY64], ids=lambda fmt: fmt.name)
def test_empty_sums_and_means(fmt: Format) -> None:
    empty = np.zeros((0, 3), dtype=fmt.dtype)
    nan = fmt.nan
    expected = {"sum": 0, "mean": nan, "weighted_mean": nan}
    for reduction, wanted in expected.items():
        for weight in (None, 2.0):
            whole = lce.loss(empty, 0, weight=weight, reduction=reduction)  # type: ignore[arg-type]
            assert int(fmt.encodings(np.asarray(whole))) == wanted
            columns = lce.loss(empty, 0, weight=weight, reduction=reduction, axis=0)  # type: ignore[arg-type]
            assert fmt.encodings(columns).tolist() == [wanted] * 3
            rows = lce.loss(empty, 0, weight=weight, reduction=reduction, axis=1)  # type: ignore[arg-type]
            assert rows.shape == (0,)


def test_means_with_a_total_weight_of_zero() -> None:
    z = np.arange(3.0)
    assert np.signbit(lce.loss(z, 0, weight=0, reduction="mean")) == False  # noqa: E712  # a NumPy bool
    assert lce.loss(z, 0, weight=0, reduction="mean") == 0
    assert math.isnan(lce.loss(z, 0, weight=0, reduction="weighted_mean"))


def test_weights_broadcast_and_count_as_often_as_they_are_used() -> None:
    z = np.arange(6.0).reshape(2, 3)
    w = np.array([[1.0], [3.0]])
    got = lce.loss(z, 0, weight=w, reduction="weighted_mean")
    full = np.broadcast_to(w, (2, 3))
    assert int(BINARY64.encodings(np.asarray(got))) == reference(
        lce.loss(z, 0), full, "weighted_mean", BINARY64
    )
    wider = lce.loss(1.0, 0, weight=np.ones((4, 2)), reduction="sum", axis=0)
    assert wider.tolist() == [4 * lce.loss(1.0, 0)] * 2


def test_the_gradient_beside_a_reduction_stays_elementwise() -> None:
    z, t, w = sample(BINARY64, (600, 3))
    loss, gradient = lce.loss_and_gradient(z, t, weight=w, reduction="mean", axis=1)
    assert loss.tobytes() == lce.loss(z, t, weight=w, reduction="mean", axis=1).tobytes()
    assert gradient.tobytes() == lce.gradient(z, t, weight=w).tobytes()


def test_outputs_of_reductions_may_overlap_inputs() -> None:
    for reduction in REDUCTIONS:
        z, t, w = sample(BINARY64, (600, 3))
        loss, gradient = lce.loss_and_gradient(z, t, weight=w, reduction=reduction, axis=1)  # type: ignore[arg-type]
        got = lce.loss_and_gradient(
            z,
            t,
            weight=w,
            reduction=reduction,  # type: ignore[arg-type]
            axis=1,
            out=(t[:, 1], z),
        )
        assert got[1] is z
        assert got[0].tobytes() == loss.tobytes()
        assert z.tobytes() == gradient.tobytes()


def test_out_takes_the_reduced_shape() -> None:
    z = np.arange(6.0).reshape(2, 3)
    out = np.empty(2, dtype=">f8")
    assert lce.loss(z, 0, reduction="sum", axis=1, out=out) is out
    assert out.tolist() == lce.loss(z, 0, reduction="sum", axis=1).tolist()
    with pytest.raises(ValueError, match=r"shape \(3,\).*\(2,\)"):
        lce.loss(z, 0, reduction="sum", axis=1, out=np.empty(3))
    scalar = np.empty(())
    assert lce.loss(z, 0, reduction="mean", out=scalar) is scalar
    assert scalar == lce.loss(z, 0, reduction="mean")


@pytest.mark.parametrize("axis", [3, -4, (0, 0), (0, 3)])
def test_axes_out_of_range_or_repeated_are_numpys_errors(axis: Any) -> None:
    z = np.zeros((2, 2, 2))
    with pytest.raises(ValueError) as ours:  # noqa: PT011  # the message is NumPy's
        lce.loss(z, 0, reduction="sum", axis=axis)
    with pytest.raises(ValueError) as numpys:  # noqa: PT011  # as above
        z.sum(axis=axis)
    assert type(ours.value) is type(numpys.value)


@pytest.mark.parametrize("axis", [1.0, "0"])
def test_axes_that_are_no_integers_are_refused(axis: Any) -> None:
    with pytest.raises(TypeError, match=f"axis must be an integer or a tuple of integers, got {axis!r}"):
        lce.loss(np.zeros((2, 2)), 0, reduction="sum", axis=axis)


def test_unknown_reductions_and_axes_without_one_are_refused() -> None:
    for bad in ("average", None, ["sum"]):
        with pytest.raises(
            ValueError, match="reduction must be one of 'none', 'sum', 'mean', 'weighted_mean'"
        ):
            lce.loss(0, 0, reduction=bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="axis needs a reduction"):
        lce.loss(np.zeros(2), 0, axis=0)


def test_a_layout_puts_the_elements_of_an_output_together() -> None:
    elements = np.arange(24).reshape(2, 3, 4)
    layout = Layout((2, 3, 4), (0, -1))
    assert (layout.shape, layout.outputs, layout.length) == ((3,), 3, 8)
    arranged = layout.arrange(elements, elements.shape).reshape(layout.outputs, layout.length)
    assert arranged.sum(axis=1).tolist() == elements.sum(axis=(0, 2)).tolist()
