from __future__ import annotations

import contextlib
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.arrays import INPUTS, LANES
from stablelce.conformance.checks.calls import ANOTHER_DTYPE, OVERLAPPING, overlapping
from stablelce.conformance.checks.elements import everyday_points
from stablelce.conformance.checks.pair import PAIR
from stablelce.conformance.evaluation import Run
from stablelce.conformance.faults.planting import right
from stablelce.conformance.judging import Finding
from stablelce.conformance.subjects.base import Subject
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format

_loss = right("loss")


def run_of(compute: Any, fmt: Format = BINARY64, **attributes: Any) -> Run:
    beside = tuple(other for other in FORMATS if other is not fmt)
    return Run(Subject("test", {"loss": compute}, **attributes), fmt, "accurate", beside=beside)


def at_once(compute: Any, size: int = 20_000, **attributes: Any) -> Finding | None:
    run = run_of(compute, **attributes)
    points = everyday_points(run, 1025)
    whole = run.evaluate("loss", *points)
    return overlapping(run, "loss", points, whole, (size, 0))


# -- at the same time --------------------------------------------------------------------------------


def test_calls_that_know_nothing_of_each_other_may_overlap() -> None:
    lock = threading.Lock()

    def one_at_a_time(z: Any, t: Any) -> Any:
        with lock:
            return _loss(z, t)

    for compute in (_loss, one_at_a_time):
        assert at_once(compute) is None


def test_a_function_written_in_python_may_overlap() -> None:
    def slowly(z: Any, t: Any) -> Any:
        return np.array([_loss(a, b) for a, b in zip(z, t, strict=True)])

    assert at_once(slowly, 64) is None


def test_calls_that_share_memory_are_found_and_leave_the_interpreter_as_it_was() -> None:
    shared: dict[str, Any] = {}
    meet = threading.Barrier(2)

    def compute(z: Any, t: Any) -> Any:
        shared["z"] = z
        if threading.current_thread() is not threading.main_thread():
            with contextlib.suppress(threading.BrokenBarrierError):
                meet.wait(1)  # so that both calls go on with the logits of the same one
        return _loss(shared["z"], t)

    before = sys.getswitchinterval()
    finding = at_once(compute)
    assert finding is not None
    assert (finding.status, finding.mode) == ("failed", OVERLAPPING)
    assert sys.getswitchinterval() == before


def test_a_call_that_raises_beside_another_is_found() -> None:
    def compute(z: Any, t: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("no current event loop")
        return _loss(z, t)

    finding = at_once(compute)
    assert finding is not None
    assert finding.mode == OVERLAPPING
    assert "RuntimeError: no current event loop" in finding.message


def test_a_subject_in_another_process_takes_one_call_at_a_time() -> None:
    busy = threading.Lock()

    def compute(z: Any, t: Any) -> Any:
        assert busy.acquire(blocking=False)
        busy.release()
        return _loss(z, t)

    process: Any = SimpleNamespace(observed=lambda *_: ())
    assert at_once(compute, process=process) is None


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


# -- pair and weights --------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("target", [0, 1])
def test_a_pair_that_is_wrong_at_one_encoding_is_found(fmt: Format, target: int) -> None:
    logit = fmt.array([0x4123])[0]

    def both(z: Any, t: Any) -> Any:
        loss = np.asarray(_loss(z, t))
        wrong = np.where((z == logit) & (t == target), loss * z.dtype.type(1.125), loss)
        return wrong.astype(z.dtype)[()], right("gradient")(z, t)

    functions = {"loss": _loss, "gradient": right("gradient"), "loss_and_gradient": both}
    run = Run(Subject("test", functions), fmt, "accurate")
    result = PAIR.judge(run, "loss")
    assert (result.status, result.mode) == ("failed", "pair disagrees")
    assert result.point is not None
    assert result.point[0] == 0x4123
    assert PAIR.judge(run, "gradient").status == "passed"


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
