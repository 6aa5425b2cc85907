"""Hostile values: each gives the correct result or the error that the rules name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import stablelce as lce
from stablelce.formats import BFLOAT16, FORMATS, Format
from stablelce.kernels import BLOCK
from tests.reference_rounding import rounded

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
BF16 = np.dtype(ml_dtypes.bfloat16)


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        hnp.array_shapes(max_dims=3, max_side=4),
        elements=st.floats(-2, 2, width=16) | st.just(math.nan) | st.sampled_from([math.inf, 255.0]),
    )
)
def test_targets_outside_are_counted_and_the_first_is_shown(t: np.ndarray) -> None:
    outside = (t < 0) | (t > 1)
    z = np.zeros(t.shape, dtype=t.dtype)
    if not outside.any():
        assert lce.loss(z, t).shape == t.shape
        return
    count, place = int(outside.sum()), tuple(int(i) for i in np.argwhere(outside)[0])
    shown = place[0] if len(place) == 1 else place
    many = "1 element is not" if count == 1 else f"{count} elements are not"
    message = f"t must lie in [0, 1]: {many}, the first is {t[place]} at index {shown}."
    out = np.full(t.shape, 7, dtype=t.dtype)
    calls: list[Callable[[], Any]] = [
        lambda: lce.loss(z, t, out=out),
        lambda: lce.gradient(z, t, weight=0, out=out),  # checked also where the weight is 0
        lambda: lce.hessian(z, t, out=out),
        lambda: lce.loss(z, t, reduction="sum", axis=(), out=out),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=re.escape(message)):
            call()
    assert (out == 7).all()
    assert lce.loss(z, t, validate=False).shape == t.shape


@pytest.mark.parametrize(
    ("t", "shown"),
    [
        (255, "got 255"),
        (-0.1, "got -0.1"),
        (math.inf, "got inf"),
        (np.array([0, 1, 255], dtype=np.uint8), "the first is 255 at index 2"),
        (np.array([-1], dtype=np.int8), "the first is -1 at index 0"),
        (np.array(1.5), r"got 1\.5\."),
        (np.array([0, 2], dtype=BF16), "the first is 2.0 at index 1"),
        (np.array([0.5, 1.5], dtype=">f4"), "the first is 1.5 at index 1"),
    ],
)
def test_single_bad_targets(t: Any, shown: str) -> None:
    with pytest.raises(ValueError, match=shown):
        lce.loss(0.0, t)


@pytest.mark.parametrize("sign", [1, -1], ids=["positive", "negative"])
def test_an_integer_too_long_to_be_written_is_told_by_its_length(sign: int) -> None:
    long = sign * 2**20000  # Python writes 4300 digits at most
    shown = "got an? .*integer of 20001 bits"
    assert lce.sigmoid(long) == (sign > 0)
    arguments: list[dict[str, Any]] = [
        {"t": long},
        {"t": 1, "weight": long},
        {"t": 1, "label_smoothing": long},
    ]
    for bad in arguments:
        with pytest.raises(ValueError, match=shown):
            lce.loss(0.0, **bad)


def test_nan_and_negative_zero_targets_are_not_outside() -> None:
    assert math.isnan(lce.loss(0.0, math.nan))
    assert lce.loss(2.0, -0.0) == lce.loss(2.0, 0.0)


def test_the_first_offender_is_found_in_any_block_and_order() -> None:
    t = np.zeros((3, BLOCK))
    t[2, 5] = t[1, 7] = 9
    for variant in (t, np.asfortranarray(t), t[::-1].copy()[::-1]):
        with pytest.raises(ValueError, match=r"2 elements are not, the first is 9.0 at index \(1, 7\)"):
            lce.loss(0.0, variant)


@pytest.mark.parametrize("name", ["weight", "pos_weight"])
@pytest.mark.parametrize("bad", [-1.0, -1e-30, math.nan, math.inf, 10**400])
def test_weights_must_be_finite_and_not_negative(name: str, bad: float) -> None:
    pattern = f"{name} must be finite and not negative in float32"
    z = np.zeros(3, dtype=np.float32)
    loss: Any = lce.loss
    with pytest.raises(ValueError, match=pattern):
        loss(z, 1, **{name: bad})
    if isinstance(bad, float):
        with pytest.raises(ValueError, match=f"{pattern}: 1 element is not, the first is {bad} at index 1"):
            loss(z, 1, **{name: np.array([1.0, bad, 1.0])})


@each_format
def test_a_weight_that_becomes_infinite_is_refused(fmt: Format) -> None:
    z = fmt.array([0])
    assume_finite = float(fmt.to_fraction(fmt.max_finite))
    assert np.isfinite(float(lce.hessian(z, weight=assume_finite)[0]))
    beyond = int(fmt.to_fraction(fmt.max_finite)) * 2
    with pytest.raises(ValueError, match="weight must be finite"):
        lce.loss(z, 1, weight=beyond)
    if fmt.width < 64:
        with pytest.raises(ValueError, match="weight must be finite"):
            lce.loss(z, 1, weight=np.array([beyond], dtype=np.float64))


@given(st.sampled_from(FORMATS), st.lists(st.floats(0, 60000), min_size=1, max_size=20))
def test_weights_are_rounded_once_to_the_result(fmt: Format, values: list[float]) -> None:
    z = fmt.array([fmt.round(Fraction(1))])
    weights = np.array([rounded(Fraction(value), fmt) for value in values], dtype=fmt.uint)
    wanted = fmt.encodings(lce.loss(z, 1, weight=fmt.array(weights))).tolist()
    assert fmt.encodings(lce.loss(z, 1, weight=np.array(values))).tolist() == wanted
    assert fmt.encodings(lce.loss(z, 1, weight=values[0])).tolist() == wanted[:1]
    assert fmt.encodings(lce.loss(z, 1, weight=np.array(values[0]))).tolist() == wanted[:1]


@pytest.mark.parametrize("bad", [-0.1, 1.5, math.nan, math.inf, 2, 10**400, np.float32(-1)])
def test_smoothing_must_lie_in_the_unit_interval(bad: float) -> None:
    with pytest.raises(ValueError, match="label_smoothing must lie in"):
        lce.loss(0.0, 1, label_smoothing=bad)


def test_smoothing_is_one_number() -> None:
    with pytest.raises(TypeError, match=r"single number, got an array of shape \(2,\)"):
        lce.loss(0.0, 1, label_smoothing=np.array([0.1, 0.2]))  # type: ignore[arg-type]
    assert lce.loss(1.0, 1, label_smoothing=np.array(0.5)) == lce.loss(1.0, 0.75)  # type: ignore[arg-type]
    assert lce.loss(np.ones(1, BF16), 1, label_smoothing=BF16.type(0.5)) == lce.loss(np.ones(1, BF16), 0.75)


@given(st.floats(0, 1), st.floats(0, 1))
def test_smoothing_is_rounded_to_the_result_first(t: float, smoothing: float) -> None:
    assume(smoothing > 0)
    target = np.array([t]).astype(BF16)
    in_format = BFLOAT16.array([rounded(Fraction(smoothing), BFLOAT16)])[0]
    got = lce.loss(np.ones(1, BF16), target, label_smoothing=smoothing)
    assert got == lce.loss(np.ones(1, BF16), target, label_smoothing=in_format)
