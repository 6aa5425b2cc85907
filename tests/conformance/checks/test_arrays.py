from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks import arrays
from stablelce.conformance.checks.arrays import DTYPE, INPUTS, LANES, LENGTHS
from stablelce.conformance.checks.pair import PAIR
from stablelce.conformance.checks.views import LAYOUTS, SHAPES
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format, find_format
from tests.conformance.correct import fault, finding, function, moved, offering, scaled, subject

CHECKS = (DTYPE, SHAPES, LAYOUTS, LANES, INPUTS, PAIR)

Compute = Callable[..., Any]


@pytest.mark.bulk
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


@pytest.mark.parametrize(
    "where",
    [
        lambda z: np.isposinf(z).any() & np.isfinite(z),
        lambda z: (np.arange(z.size) >= z.size // 4 * 4) & (np.abs(z) < 1e-8),
        lambda z: (np.arange(z.size) >= z.size // 4 * 4) & (np.abs(z) > 1e6),
        lambda z: np.bool_(z.size >= 1000) & (np.abs(z) > 1e6),
    ],
    ids=["beside an infinite logit", "tiny in the tail", "huge in the tail", "huge in long arrays"],
)
def test_an_unusual_element_that_depends_on_its_place_is_found(where: Callable[[Any], Any]) -> None:
    def change(r: Any, z: Any, t: Any) -> Any:
        return np.where(where(z), moved(1)(r, z, t), r)

    result = finding(LANES, fault("sigmoid", change), "sigmoid", BINARY32)
    assert (result.status, result.mode) == ("failed", "depends on place or length")


@pytest.mark.parametrize(("low", "high"), [(1100, 2048), (2900, 4000), (5000, 15_000), (15_000, 30_000)])
def test_between_the_lengths_of_blocks_others_are_tried(low: int, high: int) -> None:
    assert any(low < length < high for length in arrays.LARGE)


def test_a_subject_that_refuses_special_values_is_judged_by_everyday_ones() -> None:
    def compute(z: Any, t: Any) -> Any:
        if not np.isfinite(z).all():
            raise ValueError("array must not contain infs or NaNs")
        return lane(lambda i: i == 4)(z, t)

    assert found(LANES, compute).mode == "depends on place or length"


def test_what_a_large_array_does_to_a_later_call_is_found() -> None:
    sizes = [0]

    def compute(z: Any, t: Any) -> Any:
        sizes.append(z.size)
        return moved(int(sizes[-2] > 1000 and z.size < 10))(function("loss")(z, t), z, t)

    assert found(LANES, compute).mode == "not deterministic"


def test_results_remembered_by_the_ends_of_the_arrays_are_found() -> None:
    kept: dict[Any, Any] = {}

    def compute(z: Any, t: Any) -> Any:
        key = z.shape, z[:8].tobytes(), z[-8:].tobytes(), t.tobytes()
        return np.array(kept.setdefault(key, function("loss")(z, t)))

    result = found(LANES, compute)
    assert result.mode == "not deterministic"
    assert "earlier call" in result.message


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
    process: Any = SimpleNamespace(observed=lambda _: ("inputs written to",) if first else ())

    def compute(z: Any, t: Any) -> Any:
        first.append(tuple(int(BINARY32.encodings(part)[0]) for part in (z, t)))
        return function("loss")(z, t)

    result = finding(INPUTS, subject({"loss": compute}, process=process), "loss", BINARY32)
    assert (result.status, result.mode, [result.point]) == ("failed", "input mutated", first)


@pytest.mark.parametrize(
    "written",
    [lambda z: z.size > 100, lambda z: z.ndim == 2, lambda z: np.isnan(z).any()],
    ids=["long", "two-dimensional", "with NaN"],
)
def test_an_input_that_is_written_to_in_some_calls_only_is_found(written: Callable[[Any], Any]) -> None:
    def compute(z: Any, t: Any) -> Any:
        result = function("loss")(z, t)
        if written(z):
            np.nan_to_num(-z, copy=False)
            z[...] = np.nan_to_num(-z)
        return result

    assert found(INPUTS, compute).mode == "input mutated"


def test_an_input_that_was_written_to_in_an_earlier_call_is_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        result = function("loss")(z, t)
        z[z == 77] = 0
        return result

    run = Run(subject({"loss": compute}), BINARY32, "accurate")
    z, t = (BINARY32.encodings(np.array(part, np.float32)) for part in ([1, 77, 2], [0, 1, 0]))
    run.evaluate("loss", z, t)
    result = INPUTS.judge(run, "loss")
    assert (result.status, result.mode) == ("failed", "input mutated")
    assert result.point == (int(z[1]), int(t[1]))
    assert INPUTS.judge(run, "loss").status == "passed"


def wrong_pair(wrong: Callable[[Any, Any], Any]) -> Compute:
    """A pair whose loss is another where a mask over logits and targets says so."""

    def compute(z: Any, t: Any) -> Any:
        loss, gradient = function("loss_and_gradient")(z, t)
        with np.errstate(all="ignore"):
            return np.where(wrong(z, t), np.where(np.isnan(loss), 0, loss * 3), loss), gradient

    return compute


@pytest.mark.parametrize(
    "wrong",
    [
        lambda z, _t: (np.abs(z) > 1e4) & np.isfinite(z) & (np.abs(z) < 1e6),
        lambda z, _t: np.isnan(z),
        lambda _z, t: (t > 0) & (t < 1e-300),
        lambda z, _t: np.bool_(z.size == 1),
        lambda z, _t: np.bool_(z.size % 4 != 0),
        lambda z, _t: np.bool_(z.ndim == 2),
    ],
    ids=["huge", "NaN", "tiny targets", "one element", "odd lengths", "two-dimensional"],
)
def test_a_pair_that_disagrees_in_some_calls_only_is_found(wrong: Callable[[Any, Any], Any]) -> None:
    judged = subject({"loss_and_gradient": wrong_pair(wrong)})
    result = finding(PAIR, judged, "loss", BINARY64)
    assert (result.status, result.mode) == ("failed", "pair disagrees")
    assert result.got != result.want


def test_a_pair_that_writes_to_its_inputs_is_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        result = function("loss_and_gradient")(z, t)
        t[...] = 0
        return result

    result = finding(PAIR, subject({"loss_and_gradient": compute}), "loss", BINARY64)
    assert (result.status, result.mode) == ("failed", "input mutated")


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
