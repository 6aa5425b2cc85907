from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.arrays import INPUTS, LANES
from stablelce.conformance.checks.calls import ANOTHER_DTYPE
from stablelce.conformance.checks.elements import everyday_points
from stablelce.conformance.evaluation import Run
from stablelce.conformance.faults.planting import right
from stablelce.conformance.subjects.base import Subject
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format

_loss = right("loss")


def run_of(compute: Any, fmt: Format = BINARY64, **attributes: Any) -> Run:
    beside = tuple(other for other in FORMATS if other is not fmt)
    return Run(Subject("test", {"loss": compute}, **attributes), fmt, "accurate", beside=beside)


# -- in another dtype between ------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
def test_a_result_that_depends_on_the_dtype_before_is_found(fmt: Format) -> None:
    last = [fmt.dtype]

    def compute(z: Any, t: Any) -> Any:
        kernel, last[0] = last[0], z.dtype
        with np.errstate(all="ignore"):
            return np.asarray(_loss(z.astype(kernel), t.astype(kernel))).astype(z.dtype)

    result = LANES.judge(run_of(compute, fmt), "loss")
    assert (result.status, result.mode) == ("failed", ANOTHER_DTYPE)


def test_a_format_that_is_refused_says_nothing_of_another() -> None:
    def compute(z: Any, t: Any) -> Any:
        if z.dtype != np.float64:
            raise TypeError("float64 only")
        return _loss(z, t)

    assert LANES.judge(run_of(compute), "loss").status == "passed"


def test_a_format_in_which_the_quantity_is_not_offered_is_not_asked_for() -> None:
    asked = set()

    def compute(z: Any, t: Any) -> Any:
        asked.add(z.dtype.name)
        return _loss(z, t)

    run = run_of(compute, fewer_formats={"loss": ("float64", "float32")})
    assert LANES.judge(run, "loss").status == "passed"
    assert asked == {"float64", "float32"}


# -- sparing runs ------------------------------------------------------------------------------------


def test_a_sparing_run_takes_few_lengths_and_gives_the_same_results() -> None:
    sizes = set()

    def compute(z: Any, t: Any) -> Any:
        sizes.add(z.size)
        return _loss(z, t)

    run = Run(Subject("test", {"loss": compute}, compiles=True), BINARY32, "accurate", sparing=True)
    for count in (1, 2, 40, 64, 66, 900, 70_000):
        z, t = everyday_points(run, count)
        assert run.elementwise("loss", z, t).tolist() == run.evaluate("loss", z, t).tolist()
        sizes.discard(count)
    assert sizes <= {1, 65, 1025, 131_073}


def test_single_points_are_remembered_in_a_search_only() -> None:
    calls = []

    def compute(z: Any, t: Any) -> Any:
        calls.append(z.size)
        return _loss(z, t)

    run = run_of(compute)
    z, t = everyday_points(run, 1)
    with run.search():
        first = run.elementwise("loss", z, t)
        assert run.elementwise("loss", z, t).tolist() == first.tolist()
    assert len(calls) == 1
    run.elementwise("loss", z, t)
    assert len(calls) == 2


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyword", ["weight", "pos_weight"])
@pytest.mark.parametrize("shape", ["one axis", "two axes"])
def test_weights_that_are_written_to_are_found(keyword: str, shape: str) -> None:
    def compute(z: Any, t: Any, **weights: Any) -> Any:
        result = _loss(z, t, **weights)
        if keyword in weights and (z.ndim == 2) == (shape == "two axes"):
            weights[keyword][...] = 0
        return result

    run = run_of(compute, keywords=frozenset({"weight", "pos_weight"}))
    result = INPUTS.judge(run, "loss")
    assert (result.status, result.mode) == ("failed", "input mutated")
    assert f"wrote to its argument {keyword} of shape" in result.message
