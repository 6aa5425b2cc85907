"""Hostile arguments: each gives the correct result or the error that the rules name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import stablelce as lce
from stablelce.formats import FORMATS, Format
from tests.reference_rounding import rounded

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
BF16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(np.float16), BF16, np.dtype(np.float32), np.dtype(np.float64)]
INTEGERS = [np.dtype(code) for code in "?bBhHiIlLqQ"]
WIDTH = {np.dtype(np.float16): 1, BF16: 1, np.dtype(np.float32): 2, np.dtype(np.float64): 3}

REFUSED: dict[str, object] = {
    "complex": np.array([1 + 0j]),
    "complex scalar": 1 + 0j,
    "NumPy complex scalar": np.complex64(1),
    "object": np.array([1.0, None], dtype=object),
    "fractions": [Fraction(1, 2)],
    "integers beyond 64 bits": [10**30],
    "None in a list": [None],
    "string": "0.5",
    "strings": ["0", "1"],
    "bytes": b"1",
    "longdouble": np.ones(1, dtype=np.longdouble),
    "longdouble scalar": np.longdouble(1),
    "masked": np.ma.array([1.0, 0.0], mask=[True, False]),
    "masked without mask": np.ma.array([1.0]),
    "datetime": np.array(["2026-01-01"], dtype="M8[D]"),
    "timedelta": np.array([1], dtype="m8[s]"),
    "record": np.zeros(1, dtype=[("z", float)]),
    "float8": np.ones(1, dtype=ml_dtypes.float8_e4m3),
    "a function": math.exp,
    "a dict": {"z": 1},
    "a generator": (x for x in [1.0]),
}

CALLS: dict[str, Callable[[Any], Any]] = {
    "loss z": lambda bad: lce.loss(bad, 1),
    "loss t": lambda bad: lce.loss(1.0, bad),
    "loss weight": lambda bad: lce.loss(1.0, 1, weight=bad),
    "gradient pos_weight": lambda bad: lce.gradient(1.0, 1, pos_weight=bad),
    "both smoothing": lambda bad: lce.loss_and_gradient(1.0, 1, label_smoothing=bad),
    "hessian t": lambda bad: lce.hessian(1.0, bad),
    "sigmoid": lce.sigmoid,
    "log_sigmoid": lce.log_sigmoid,
    "softplus": lce.softplus,
}


# -- types -------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_real_array_is_a_type_error(call: Callable[[Any], Any], bad: object) -> None:
    with pytest.raises(TypeError):
        call(bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("complex", r"z has dtype complex128, not real numbers: pass its \.real part"),
        ("object", r"z has dtype object, not real numbers: convert it with \.astype\(float\)"),
        ("strings", r"z has dtype <U1, not real numbers: convert it with \.astype\(float\)"),
        ("longdouble", r"convert it with \.astype\(np\.float64\)"),
        ("masked", r"z is a masked array: pass its data, and weight=~mask"),
        ("float8", r"z has dtype float8_e4m3: use float16, bfloat16, float32, float64"),
    ],
)
def test_type_errors_say_how_to_fix_it(bad: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        lce.loss(REFUSED[bad], 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [(Fraction(1, 2), "Fraction"), (None, "NoneType"), ((x for x in [1.0]), "generator"), ({1.0}, "set")],
)
def test_what_has_no_dtype_is_called_by_its_type(bad: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"z is a {kind}: pass a float, an array, or a list of numbers"):
        lce.sigmoid(bad)


@pytest.mark.parametrize("function", [lce.loss, lce.gradient, lce.loss_and_gradient])
@pytest.mark.parametrize("z", [1.0, np.ones(3)], ids=["scalar", "array"])
def test_a_target_of_none_is_a_type_error(function: Callable[..., Any], z: Any) -> None:
    with pytest.raises(TypeError, match=r"t is None: pass the targets, numbers in \[0, 1\]\."):
        function(z, None)


def test_rows_of_different_length_are_a_value_error() -> None:
    with pytest.raises(ValueError, match="z is not one array"):
        lce.loss([[1.0], [1.0, 2.0]], 1)


def expected_dtype(z: np.dtype[Any], t: np.dtype[Any]) -> np.dtype[Any]:
    """The rule of the design, in other words: NumPy's promotion, after integers are out of the way."""
    if z not in WIDTH:
        z = np.dtype(np.float64)
    if t not in WIDTH or WIDTH[t] <= WIDTH[z]:
        return z
    return t


@example(FLOATS[0], FLOATS[1], False)
@given(st.sampled_from(FLOATS + INTEGERS), st.sampled_from(FLOATS + INTEGERS), st.booleans())
def test_z_and_t_decide_the_dtype(z_dtype: np.dtype[Any], t_dtype: np.dtype[Any], zero_d: bool) -> None:
    shape = () if zero_d else (2,)
    z, t = np.ones(shape, dtype=z_dtype), np.ones(shape, dtype=t_dtype)
    if {z_dtype, t_dtype} == {np.dtype(np.float16), BF16}:
        with pytest.raises(TypeError, match="convert both to float32"):
            lce.loss(z, t)
        return
    wide = np.ones(shape)
    for result in (lce.loss(z, t), lce.gradient(z, t, weight=wide), lce.hessian(z, t, pos_weight=wide)):
        assert result.dtype == expected_dtype(z_dtype, t_dtype)
    exact_inputs = expected_dtype(z_dtype, t_dtype)
    assert lce.loss(z, t).tolist() == lce.loss(z.astype(exact_inputs), t.astype(exact_inputs)).tolist()


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_python_scalar_takes_the_dtype_of_the_other_operand(dtype: np.dtype[Any]) -> None:
    ones = np.ones(2, dtype=dtype)
    assert lce.loss(ones, 0.5).dtype == dtype
    assert lce.loss(3, ones).dtype == dtype
    assert lce.loss(ones[0], True).dtype == dtype
    assert lce.loss(3, 1).dtype == np.float64
    assert lce.loss(3, np.array([1])).dtype == np.float64
    assert lce.loss(np.array([3]), ones).dtype == np.float64
    assert lce.loss(np.float64(3), ones).dtype == np.float64  # a NumPy scalar has a dtype of its own


@given(st.sampled_from(FORMATS), st.floats() | st.integers(-(10**400), 10**400))
def test_a_python_scalar_is_rounded_once(fmt: Format, value: float) -> None:
    t = fmt.array([0])
    if isinstance(value, float) and math.isnan(value):
        nearest = fmt.nan
    elif abs(value) == math.inf:
        nearest = fmt.infinity | (fmt.sign_bit if value < 0 else 0)
    else:
        nearest = rounded(Fraction(value), fmt)
    same = lce.softplus(fmt.array(np.array([nearest], dtype=fmt.uint)))
    assert fmt.encodings(lce.loss(value, t)).tolist() == fmt.encodings(same).tolist()


def test_a_python_target_is_checked_before_it_is_rounded() -> None:
    just_above = 1 + 2.0**-50  # 1 in binary32
    with pytest.raises(ValueError, match="lie in"):
        lce.loss(np.float32(1), just_above)
    assert lce.loss(np.float32(1), 1 - 2.0**-50) == lce.loss(np.float32(1), 1)


class Subclass(np.ndarray):
    pass


def test_layouts_byte_orders_subclasses_and_sequences_give_the_same_bits() -> None:
    z = np.linspace(-9, 9, 24).reshape(4, 6)
    t = np.linspace(0, 1, 24).reshape(4, 6)
    wanted = lce.loss(z, t)
    readonly = z.copy()
    readonly.flags.writeable = False
    variants: tuple[Any, ...] = (
        readonly,
        np.asfortranarray(z),
        np.repeat(z, 2, axis=1)[:, ::2],
        z[::-1, ::-1].copy()[::-1, ::-1],
        z.astype(">f8"),
        z.view(Subclass),
        z.tolist(),
        tuple(map(tuple, z)),
        memoryview(z.data),
    )
    for variant in variants:
        result = lce.loss(variant, t)
        assert type(result) is np.ndarray
        assert result.tobytes() == wanted.tobytes()
    assert readonly.tobytes() == z.tobytes()


def test_a_million_elements_backwards() -> None:
    z = np.linspace(-40, 40, 10**6)
    forwards = lce.gradient(z, 0)
    assert lce.gradient(z[::-1], np.zeros(10**6, dtype=bool)[::-1])[::-1].tobytes() == forwards.tobytes()


# -- shapes ------------------------------------------------------------------------------------


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3))
def test_arguments_broadcast_as_in_numpy(shapes: hnp.BroadcastableShapes) -> None:
    rng = np.random.default_rng(5)
    z, t, w = (rng.random(shape) for shape in shapes.input_shapes)
    full = [np.broadcast_to(array, shapes.result_shape) for array in (z, t, w)]
    result = lce.loss(z, t, weight=w)
    assert np.shape(result) == shapes.result_shape
    assert result.tolist() == lce.loss(full[0], full[1], weight=full[2]).tolist()


def test_as_many_dimensions_as_numpy_has() -> None:
    z = np.full((1,) * 64, 2.0)
    assert lce.loss_and_gradient(z, z[0] - 1)[1].shape == z.shape
    assert lce.loss(z, 1, reduction="sum") == lce.loss(2.0, 1)


@given(
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)
)
def test_shapes_that_do_not_broadcast_are_shown(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ValueError, match=re.escape(f"shapes do not broadcast together: z {a}, t {b}")):
            lce.loss(np.zeros(a), np.zeros(b))
    else:
        assert np.shape(lce.loss(np.zeros(a), np.zeros(b))) == np.broadcast_shapes(a, b)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 4)])
def test_empty_arrays_give_empty_results(shape: tuple[int, ...]) -> None:
    z = np.zeros(shape, dtype=np.float32)
    for result in (*lce.loss_and_gradient(z, 1), lce.sigmoid(z), lce.hessian(z, weight=2)):
        assert result.shape == shape
        assert result.dtype == np.float32
