from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.views import LAYOUTS, SHAPES
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.formats import BINARY32
from tests.conformance.correct import finding, function, moved, subject

Compute = Callable[..., Any]


def found(check: ArrayCheck, compute: Compute) -> Finding:
    result = finding(check, subject({"loss": compute}), "loss", BINARY32)
    assert result.status == "failed", result
    return result


# -- shapes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compute", "case"),
    [
        (lambda z, t: np.atleast_1d(function("loss")(z, t)), "0-d arrays"),
        (lambda z, t: function("loss")(z, t) if z.size else np.zeros(1, z.dtype), "empty arrays"),
        (lambda z, t: function("loss")(z, t).ravel() if z.ndim else function("loss")(z, t), "two-dim"),
        (
            lambda z, t: function("loss")(z, t)[..., :0] if z.shape == (0, 3) else function("loss")(z, t),
            "axis",
        ),
        (lambda z, t: function("loss")(*(a[: z.size] if a.ndim == 1 else a for a in (z, t))), "many targets"),
        (lambda z, t: function("loss")(*(a[: t.size] if a.ndim == 1 else a for a in (z, t))), "many logits"),
    ],
    ids=["0-d", "empty", "raveled", "empty axis", "length of z", "length of t"],
)
def test_a_wrong_shape_is_found(compute: Compute, case: str) -> None:
    result = found(SHAPES, compute)
    assert result.mode == "wrong shape"
    assert case in result.message


def test_a_squeezed_shape_is_found() -> None:
    caught = found(SHAPES, lambda z, t: np.squeeze(function("loss")(z, t)))
    assert caught.mode == "wrong shape"
    assert "returned shape () for inputs of shape (1,)" in caught.message


def test_inputs_that_are_not_broadcast_are_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        if z.shape != t.shape:
            raise ValueError("shapes differ")
        return function("loss")(z, t)

    result = found(SHAPES, compute)
    assert result.mode == "raised"
    assert "shapes differ" in result.message


def test_two_dimensions_in_the_wrong_order_are_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        result = function("loss")(z, t)
        return result.ravel(order="F").reshape(result.shape) if result.ndim == 2 else result

    result = found(SHAPES, compute)
    assert result.mode == "depends on shape"
    assert result.got != result.want


def test_results_that_differ_by_what_the_profile_allows_keep_their_shape() -> None:
    def compute(z: Any, t: Any) -> Any:
        result = function("loss")(z, t)
        return moved(2)(result, z, t) if result.ndim == 2 else result

    assert finding(SHAPES, subject({"loss": compute}), "loss", BINARY32).status == "passed"


# -- layouts ---------------------------------------------------------------------------------------


def test_reading_the_buffer_without_its_strides_is_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        base = z if z.base is None else z.base
        return function("loss")(base.ravel()[: z.size].reshape(z.shape), t)

    result = found(LAYOUTS, compute)
    assert result.mode == "depends on layout"
    assert "every second element" in result.message
    assert result.got != result.want


@pytest.mark.parametrize(
    ("compute", "case"),
    [
        (lambda z, t: moved(int(z.strides[0] < 0))(function("loss")(z, t), z, t), "reversed"),
        (lambda z, t: moved(int(z.ndim == 2))(function("loss")(z, t), z, t), "Fortran order"),
        (lambda z, t: moved(int(not z.flags.writeable))(function("loss")(z, t), z, t), "read-only"),
    ],
    ids=["reversed", "Fortran", "read-only"],
)
def test_one_float_off_in_another_layout_is_found(compute: Compute, case: str) -> None:
    result = found(LAYOUTS, compute)
    assert result.mode == "depends on layout"
    assert result.message.startswith(case)


def test_writing_to_a_read_only_array_is_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        z[...] = z
        return function("loss")(z, t)

    result = found(LAYOUTS, compute)
    assert result.mode == "raised"
    assert result.message.startswith("read-only: loss raised ValueError")


@pytest.mark.parametrize(
    "odd",
    [
        lambda z, _t: z.strides == (12,),
        lambda z, t: z.strides == (8,) and t.strides == (4,),
        lambda z, t: z.strides == (4,) and t.strides == (-4,),
        lambda _z, t: t.strides == (0,),
        lambda z, _t: z.ndim == 2 and not z.flags.c_contiguous and not z.flags.f_contiguous,
        lambda z, _t: not z.flags.aligned,
        lambda z, _t: z.size > 100 and z.strides == (8,),
    ],
    ids=["third", "z alone", "t alone", "t of stride 0", "columns", "off by a byte", "long"],
)
def test_each_layout_is_tried(odd: Callable[[Any, Any], Any]) -> None:
    result = found(LAYOUTS, lambda z, t: moved(int(odd(z, t)))(function("loss")(z, t), z, t))
    assert result.mode == "depends on layout"


@pytest.mark.parametrize(
    "odd",
    [
        lambda z, _t: z.ndim == 3,
        lambda z, _t: z.ndim == 2 and z.shape[1] >= 8,
        lambda z, _t: z.ndim == 2 and z.shape[0] >= 8,
        lambda z, t: z.shape == t.shape and z.ndim == 2 and z.shape[1] == 1,
        lambda z, t: z.shape == t.shape and z.ndim == 2 and z.shape[0] == 1,
        lambda z, t: z.ndim == 1 and t.ndim == 0,
        lambda z, t: z.ndim == 0 and t.ndim == 1,
        lambda z, t: z.ndim == 2 and t.shape == z.shape[1:],
        lambda z, t: t.ndim == 2 and z.shape == t.shape[1:],
    ],
    ids=["3-d", "wide", "tall", "column", "row", "0-d t", "0-d z", "rows of t", "rows of z"],
)
def test_each_shape_is_tried(odd: Callable[[Any, Any], Any]) -> None:
    result = found(SHAPES, lambda z, t: moved(99 * int(odd(z, t)))(function("loss")(z, t), z, t))
    assert result.mode == "depends on shape"
