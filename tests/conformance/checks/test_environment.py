from __future__ import annotations

import ctypes
import platform
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.environment import ENVIRONMENT, _points, floating_point_state
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Finding
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY32, FORMATS, Format
from tests.conformance.correct import finding, function, offering, small_audit, subject


def judged(before: Callable[[], object]) -> Finding:
    """The finding for a subject that does something first and then computes the right loss."""

    def compute(z: Any, t: Any) -> Any:
        before()
        assert z.size == 64
        return function("loss")(z, t)

    return finding(ENVIRONMENT, subject({"loss": compute}), "loss", BINARY32)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_function_of_its_arguments_leaves_nothing_behind(fmt: Format) -> None:
    for quantity in QUANTITIES:
        assert finding(ENVIRONMENT, subject(), quantity, fmt).status == "passed"


def test_hard_targets_are_enough_where_no_soft_ones_are_taken() -> None:
    def compute(z: Any, t: Any) -> Any:
        assert set(np.unique(t).tolist()) == {0.0, 1.0}
        return function("loss")(z, t)

    only_hard = subject({"loss": compute}, soft_targets=False)
    assert finding(ENVIRONMENT, only_hard, "loss", BINARY32).status == "passed"


@pytest.mark.parametrize("state", ["ignore", "warn", "raise"])
def test_an_error_state_left_behind_is_found_and_undone(state: Any) -> None:
    before = np.geterr()
    result = judged(lambda: np.seterr(all=state))
    assert (result.status, result.mode, result.points) == ("failed", "NumPy error state altered", 64)
    assert np.geterr() == before


@pytest.mark.parametrize("state", ["ignore", "raise"])
def test_an_error_state_set_by_every_call_is_found_in_an_audit(state: Any) -> None:
    # The first call has set it long before this check runs: it must still be seen, and must not make
    # the suite's own arithmetic raise.
    def compute(z: Any, t: Any) -> Any:
        np.seterr(all=state)
        return function("loss")(z, t)

    before = np.geterr()
    result = small_audit(offering({"loss": compute}), formats=["float32"])
    assert [c.check for c in result.failed] == ["environment"]
    assert np.geterr() == before


def test_an_error_state_kept_to_the_call_is_nobody_s_business() -> None:
    def within() -> None:
        with np.errstate(all="ignore"):
            np.float32(0) / np.float32(0)

    assert judged(within).status == "passed"


def generators() -> tuple[object, str]:
    return random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002


@pytest.mark.parametrize(
    "draw",
    [
        random.random,
        np.random.random,
        lambda: random.seed(0),
        lambda: np.random.seed(0),  # noqa: NPY002 - the fault
    ],
    ids=["random draws", "numpy draws", "random seeds", "numpy seeds"],
)
def test_a_use_of_the_global_generators_is_found_and_undone(draw: Callable[[], object]) -> None:
    draw()  # as the calls of earlier checks do: seeding the same again must still be seen
    before = generators()
    result = judged(draw)
    assert (result.status, result.mode, result.points) == ("failed", "random state altered", 64)
    assert generators() == before


@pytest.mark.parametrize("draw", [lambda: np.random.seed(1), random.random])  # noqa: NPY002 - the fault
def test_a_use_of_the_global_generators_in_an_earlier_call_is_found_with_its_input(
    draw: Callable[[], object],
) -> None:
    def compute(z: Any, t: Any) -> Any:
        if (z >= 1000).any():
            draw()
        return function("loss")(z, t)

    before = generators()
    result = small_audit(offering({"loss": compute}), formats=["float32"])
    random.setstate(before[0])  # type: ignore[arg-type]
    (found,) = result.failed
    assert (found.check, found.mode) == ("environment", "random state altered")
    assert found.counterexample is not None
    assert found.counterexample.z.decimal == "1000.0"


def test_a_use_of_the_global_generators_by_another_function_is_said_to_be_its_doing() -> None:
    def compute(z: Any, t: Any) -> Any:
        if (z >= 100).any():
            random.random()
        return function("loss")(z, t)

    run = Run(subject({"loss": compute}), BINARY32, "accurate")
    large, zeros = np.array([1.0, 100.0], np.float32), np.zeros(2, np.float32)
    state = random.getstate()
    run.call("loss", large, zeros)
    random.setstate(state)
    result = ENVIRONMENT.judge(run, "gradient")
    assert (result.status, result.point) == ("failed", None)
    assert result.message.startswith("a call of loss seeded or drew")
    assert ENVIRONMENT.judge(run, "gradient").status == "passed"


def test_a_generator_of_one_s_own_is_nobody_s_business() -> None:
    assert judged(lambda: np.random.default_rng(1).random()).status == "passed"


@pytest.fixture
def rounding() -> Iterator[Callable[[int], object]]:
    """fesetround of the C library; the mode is put back to nearest."""
    if not sys.platform.startswith("linux") or np.dtype(np.intp).itemsize != 8:
        pytest.skip("the numbers of the rounding modes are those of x86-64 and AArch64 on Linux")
    libm = ctypes.CDLL("libm.so.6")
    try:
        yield libm.fesetround
    finally:
        libm.fesetround(0)


@pytest.mark.parametrize(
    "numbers", [(0x800, 0x400000), (0x400, 0x800000), (0xC00, 0xC00000)], ids=["up", "down", "toward zero"]
)
def test_a_rounding_mode_left_behind_is_found(
    rounding: Callable[[int], object], numbers: tuple[int, int]
) -> None:
    # The first number is that of x86-64, the second that of AArch64; each is refused by the other.
    result = judged(lambda: [rounding(number) for number in numbers])
    rounding(0)
    assert (result.status, result.mode, result.points) == ("failed", "floating-point state altered", 64)
    assert "rounding to nearest" in result.message
    assert floating_point_state()["rounding to nearest"] == (True, True, True)


@pytest.fixture
def control() -> Iterator[Callable[[int], object]]:
    """Set bits of the control register of SSE, which is put back at the end."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        pytest.skip("where fenv_t holds the control register is known for Linux on x86-64 alone")
    libm = ctypes.CDLL("libm.so.6")
    before, altered = (ctypes.c_uint32 * 8)(), (ctypes.c_uint32 * 8)()  # the last of 8 words is MXCSR
    libm.fegetenv(before)

    def change(bits: int) -> None:
        ctypes.memmove(altered, before, ctypes.sizeof(before))
        altered[7] |= bits
        libm.fesetenv(altered)

    try:
        yield change
    finally:
        libm.fesetenv(before)


@pytest.mark.parametrize("bits", [0x8000, 0x0040], ids=["results", "operands"])
def test_subnormals_flushed_from_a_call_on_are_found(control: Callable[[int], object], bits: int) -> None:
    # The smallest subnormal is itself a result, and the comparison with 0 has operands.
    result = judged(lambda: control(bits))
    control(0)
    assert (result.status, result.mode, result.points) == ("failed", "floating-point state altered", 64)
    for name in ("subnormal results", "subnormal inputs", "subnormal arrays"):
        assert name in result.message


def test_this_process_computes_as_ieee_754_asks() -> None:
    state = floating_point_state()
    assert state.pop("rounding to nearest") == (True, True, True)
    assert set(state.values()) == {True}


def test_warnings_are_no_matter_of_this_check() -> None:
    assert judged(lambda: warnings.warn("noise", stacklevel=1)).status == "passed"


def test_a_subject_of_hard_targets_is_asked_for_the_nearer_ones() -> None:
    soft, hard = (
        _points(Run(subject(soft_targets=allowed), BINARY32, "accurate"), 64) for allowed in (True, False)
    )
    assert np.array_equal(soft[0], hard[0])
    assert BINARY32.array(hard[1]).tolist() == np.rint(BINARY32.array(soft[1])).tolist()
