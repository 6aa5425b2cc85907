from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks import arrays
from stablelce.conformance.checks.arrays import DTYPE, INPUTS, LANES, LAYOUTS, LENGTHS, PAIR, SHAPES
from stablelce.conformance.evaluation import SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import fault, finding, function, moved, offering, scaled, subject

CHECKS = (DTYPE, SHAPES, LAYOUTS, LANES, INPUTS, PAIR)

Compute = Callable[..., Any]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_function_of_its_elements_passes(check: ArrayCheck, fmt: Format) -> None:
    for quantity in ("loss", "sigmoid") if check is LANES else QUANTITIES:
        if quantity in check.quantities:
            assert finding(check, subject(), quantity, fmt).status == "passed"


def test_hard_targets_are_enough_where_no_soft_ones_are_taken() -> None:
    def compute(z: Any, t: Any) -> Any:
        assert set(np.unique(t).tolist()) <= {0.0, 1.0}
        return function("loss")(z, t)

    judged = subject({"loss": compute}, soft_targets=False)
    for check in CHECKS:
        assert finding(check, judged, "loss", BINARY32).status == "passed"


def found(check: ArrayCheck, compute: Compute, fmt: Format = BINARY32, quantity: str = "loss") -> Finding:
    result = finding(check, subject({quantity: compute}), quantity, fmt)
    assert result.status == "failed", result
    return result


def problem(check: ArrayCheck, compute: Compute, quantity: str = "loss") -> SubjectProblem:
    with pytest.raises(SubjectProblem) as caught:
        finding(check, subject({quantity: compute}), quantity, BINARY32)
    return caught.value


# -- dtype -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [BINARY16, BINARY32], ids=lambda fmt: fmt.name)
def test_a_promoted_dtype_is_found(fmt: Format) -> None:
    result = found(DTYPE, lambda z, t: function("loss")(z, t).astype(np.float64), fmt)
    assert result.mode == "wrong dtype"
    assert "returned float64" in result.message
    assert result.point is not None


def test_a_demoted_dtype_is_found() -> None:
    result = found(DTYPE, lambda z, t: function("loss")(z, t).astype(np.float32), BINARY64)
    assert result.mode == "wrong dtype"


def test_what_else_goes_wrong_is_no_matter_of_dtype() -> None:
    assert problem(DTYPE, lambda _z, _t: None).mode == "no array"


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
    caught = problem(SHAPES, lambda z, t: np.squeeze(function("loss")(z, t)))
    assert caught.mode == "wrong shape"
    assert "returned shape () for inputs of shape (1,)" in str(caught)


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


# -- lanes -----------------------------------------------------------------------------------------


def lane(place: Callable[[Any], Any]) -> Compute:
    """One float off at the places that a mask over indices names."""

    def compute(z: Any, t: Any) -> Any:
        result = function("loss")(z, t)
        wrong = place(np.arange(z.size)) & np.ones(z.size, dtype=bool)
        return np.where(wrong, moved(1)(result, z, t), result)

    return compute


@pytest.mark.parametrize(
    "place",
    [
        lambda i: i == 4,
        lambda i: i >= i.size // 8 * 8,
        lambda i: np.bool_(i.size > 1000),
        lambda i: np.bool_(i.size > max(LENGTHS)),
        lambda i: np.bool_(i.size == 1),
    ],
    ids=["lane 4", "the remainder of a loop by 8", "long arrays", "arrays in blocks", "alone"],
)
def test_a_result_that_depends_on_place_or_length_is_found(place: Callable[[Any], Any]) -> None:
    result = found(LANES, lane(place))
    assert result.mode == "depends on place or length"
    assert "differs in an array of length" in result.message
    assert result.got is not None
    assert result.want is not None
    assert abs(BINARY32.ordinal(result.got) - BINARY32.ordinal(result.want)) == 1


def test_every_length_is_tried() -> None:
    lengths = set()

    def compute(z: Any, t: Any) -> Any:
        lengths.add(z.size)
        return function("loss")(z, t)

    assert finding(LANES, subject({"loss": compute}), "loss", BINARY32).status == "passed"
    assert set(LENGTHS) <= lengths | {max(LENGTHS)}


def test_lengths_lie_on_both_sides_of_every_width_of_registers_and_unrolled_loops() -> None:
    for width in (2, 4, 8, 16, 32, 64, 128):
        assert {width - 1, width + 1} <= set(LENGTHS)
    assert max(arrays.LARGE) > 2 * 32768  # more than two of the largest blocks
    assert all(length % 2 for length in arrays.LARGE)  # which no unrolled loop divides


def test_two_calls_that_differ_are_found() -> None:
    calls = itertools.count()

    def compute(z: Any, t: Any) -> Any:
        return moved(next(calls) % 2)(function("loss")(z, t), z, t)

    result = found(LANES, compute)
    assert result.mode == "not deterministic"


def test_nan_payloads_count_as_equal() -> None:
    calls = itertools.count()

    def compute(z: Any, _t: Any) -> Any:
        fmt = find_format(z.dtype)
        return np.full(z.shape, fmt.array([fmt.nan | next(calls)])[0])

    assert finding(LANES, subject({"loss": compute}), "loss", BINARY32).status == "passed"


# -- inputs and pair -------------------------------------------------------------------------------


@pytest.mark.parametrize(("index", "name"), [(0, "z"), (1, "t")])
def test_a_written_input_is_found(index: int, name: str) -> None:
    def compute(*arguments: Any) -> Any:
        result = function("loss")(*arguments)
        arguments[index][5] += 1
        return result

    result = found(INPUTS, compute)
    assert result.mode == "input mutated"
    assert result.message == f"loss wrote to its argument {name} (element 5)"


def test_an_input_that_another_process_writes_to_is_found() -> None:
    first: list[tuple[int, ...]] = []
    process: Any = SimpleNamespace(observed=lambda: ("inputs written to",) if first else ())

    def compute(z: Any, t: Any) -> Any:
        first.append(tuple(int(BINARY32.encodings(part)[0]) for part in (z, t)))
        return function("loss")(z, t)

    result = finding(INPUTS, subject({"loss": compute}, process=process), "loss", BINARY32)
    assert (result.status, result.mode, [result.point]) == ("failed", "input mutated", first)


@pytest.mark.parametrize("quantity", PAIR.quantities)
def test_a_pair_that_disagrees_is_found(quantity: str) -> None:
    result = finding(PAIR, fault(quantity, scaled(1.01)), quantity, BINARY64)
    assert (result.status, result.mode) == ("failed", "pair disagrees")
    assert result.got != result.want


def test_a_pair_in_the_wrong_order_is_found() -> None:
    def swapped(z: Any, t: Any) -> Any:
        return function("gradient")(z, t), function("loss")(z, t)

    for quantity in PAIR.quantities:
        result = finding(PAIR, subject({"loss_and_gradient": swapped}), quantity, BINARY64)
        assert (result.status, result.mode) == ("failed", "pair disagrees")


def test_what_is_no_pair_is_found() -> None:
    def alone(z: Any, t: Any) -> Any:
        return function("loss")(z, t)

    with pytest.raises(SubjectProblem, match="not a pair") as caught:
        finding(PAIR, subject({"loss_and_gradient": alone}), "loss", BINARY64)
    assert caught.value.mode == "not a pair"


@pytest.mark.parametrize("names", [["loss", "gradient"], ["loss_and_gradient"]], ids=["apart", "together"])
def test_without_both_ways_there_is_nothing_to_compare(names: list[str]) -> None:
    judged = offering({name: function(name) for name in names})
    assert finding(PAIR, judged, "loss", BINARY64).status == "not applicable"
