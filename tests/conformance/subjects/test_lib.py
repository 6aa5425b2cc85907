"""Shared libraries, with one that commits every misdeed: what is found, where, and that the audit goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.checks.environment import ENVIRONMENT, MEMORY
from stablelce.conformance.contract import CHECKS
from stablelce.conformance.results import AuditResult, CheckResult
from stablelce.conformance.subjects import lib, resolve
from stablelce.conformance.subjects.base import FATAL, REFUSED, SubjectError, SubjectFault
from stablelce.conformance.subjects.process import Limits
from stablelce.formats import BINARY64
from tests.conformance.correct import finding, running_only, small_audit
from tests.conformance.subjects.foreign import needs_compiler, planted_library

pytestmark = needs_compiler

LIMITS = Limits(seconds=0.5, memory=300)

WHOLE = ("floods", "takes_all_memory", "writes_after")
"""Misdeeds that are audited to the end here; cli/test_audit.py does it with the other kinds."""


def planted(symbol: str) -> Any:
    return resolve(f"lib:{planted_library()}:{symbol}", limits=LIMITS)


def audited(symbol: str, *checks: str) -> AuditResult:
    """What these checks find, or all of them: each call that is not answered takes a process to start."""
    with running_only(*(checks or CHECKS)):
        return small_audit(planted(symbol), points=24)


def check(result: AuditResult, name: str) -> CheckResult:
    return next(one for one in result.checks if one.check == name)


def test_a_right_function_passes_every_check() -> None:
    result = audited("right")
    assert [one.check for one in result.checks if one.status == "failed"] == []
    assert check(result, "memory").status == "passed"
    assert check(result, "environment").status == "passed"
    assert result.isolated


@pytest.mark.parametrize(
    ("symbol", "mode", "said"),
    [
        ("segfaults", "process died", "was ended by SIGSEGV"),
        ("exits", "process died", "exited with status 0"),
        ("hangs", "hung", "no whole answer came within 0.5 s"),
        ("floods", "flooded its output", "wrote without end"),
        ("takes_all_memory", "too much memory", "more than 300 MiB"),
        ("skips", "result not written", "element "),
        ("writes_before", "writes outside its arrays", ""),
        ("writes_after", "writes outside its arrays", ""),
    ],
)
def test_a_misdeed_at_large_logits_is_found_at_a_simple_one_and_the_audit_goes_on(
    symbol: str, mode: str, said: str
) -> None:
    result = audited(symbol, *(() if symbol in WHOLE else ("accuracy", "environment")))
    found = check(result, "accuracy")
    assert (found.status, found.mode) == ("failed", mode)
    assert said in found.message
    assert found.counterexample is not None
    assert (found.counterexample.z.decimal, found.counterexample.got) == ("1000.0", None)
    # What needs no such input is judged as ever, in a fresh process, until too much time is lost.
    assert check(result, "environment").status == "passed" or check(result, "environment").mode == REFUSED
    assert (mode in FATAL) == any(one.mode in FATAL for one in result.checks)


def test_a_crash_that_takes_two_inputs_is_said_to() -> None:
    found = check(audited("segfaults_in_pairs", "accuracy"), "accuracy")
    assert found.mode == "process died"
    assert "it takes an array of 2, no input does it alone" in found.message


def test_arrays_are_not_aligned_better_than_their_elements() -> None:
    found = check(audited("segfaults_unaligned", "accuracy"), "accuracy")
    assert found.mode == "process died"
    assert found.counterexample is not None


@pytest.mark.parametrize(
    ("symbol", "mode", "said"),
    [
        ("rounds_up_late", "floating-point state altered", "altered rounding to nearest"),
        (
            "flushes_late",
            "floating-point state altered",
            "altered subnormal inputs, altered subnormal results",
        ),
        ("seeds_late", "random state altered", "altered the state of rand or drand48"),
        ("rounds_up", "floating-point state altered", "altered rounding to nearest"),
        ("flushes", "floating-point state altered", "altered subnormal inputs, altered subnormal results"),
        ("draws", "random state altered", "altered the state of rand or drand48"),
        ("seeds", "random state altered", "altered the state of rand or drand48"),
    ],
)
def test_altered_state_is_found_with_a_simple_input(symbol: str, mode: str, said: str) -> None:
    found = check(audited(symbol, "environment"), "environment")
    assert (found.status, found.required, found.mode) == ("failed", True, mode)
    assert said in found.message
    assert found.counterexample is not None
    assert found.counterexample.z.decimal == ("100.0" if "late" in symbol else "10.0")


@pytest.mark.parametrize(
    ("deed", "mode", "said"),
    [
        ("rounds up", "floating-point state altered", "loading it altered rounding to nearest"),
        ("flushes", "floating-point state altered", "loading it altered subnormal results"),
        ("seeds", "random state altered", "loading it altered the state of rand or drand48"),
    ],
)
def test_state_that_loading_alters_is_found_and_no_call_is_blamed(
    deed: str, mode: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTY_AT_START", deed)
    found = check(audited("right", "environment"), "environment")
    assert (found.status, found.required, found.mode) == ("failed", True, mode)
    assert said in found.message
    assert "a call" not in found.message
    assert found.counterexample is None


def test_state_that_another_function_alters_is_said_to_be_its_doing() -> None:
    subject = planted("seeds_late")
    functions = {"gradient": planted("right").functions["loss"], **subject.functions}
    large = np.array([-3.0, 100.0, 2.0])
    subject.functions["loss"](large, np.zeros(3))
    result = finding(ENVIRONMENT, replace(subject, functions=functions), "gradient", BINARY64)
    assert (result.status, result.mode, result.point) == ("failed", "random state altered", None)
    assert result.message == "a call of loss (float64) in its process altered the state of rand or drand48"


def test_altered_state_is_put_back_before_the_next_call() -> None:
    right, rounds_up = planted("right"), planted("rounds_up")
    z = np.linspace(-20, 5, 100)
    assert np.array_equal(rounds_up.functions["loss"](z, z * 0), right.functions["loss"](z, z * 0))
    rounds_up.functions["loss"](np.array([10.0]), np.array([0.0]))
    assert np.array_equal(rounds_up.functions["loss"](z, z * 0), right.functions["loss"](z, z * 0))


def test_inputs_that_are_written_to_are_found() -> None:
    found = check(audited("writes_to_inputs", "inputs unchanged"), "inputs unchanged")
    assert (found.status, found.mode) == ("failed", "input mutated")


def test_a_leak_is_measured() -> None:
    found = check(audited("leaks", "memory"), "memory")
    assert (found.status, found.required, found.mode) == ("failed", False, "memory leak")
    # 257 allocations of 24 bytes take 32 each; the C library rounds up.
    assert 4000 < int(found.message.split()[1]) < 20_000


def test_a_leak_is_measured_though_large_arrays_left_memory_free() -> None:
    subject = planted("leaks_arrays")
    for _ in range(3):
        subject.functions["loss"](np.zeros(200_000), np.zeros(200_000))
    result = finding(MEMORY, subject, "loss", BINARY64)
    assert (result.status, result.mode) == ("failed", "memory leak")
    assert 2000 < int(result.message.split()[1]) < 2500  # 8 * 257 + 8 bytes are kept


def test_a_crash_that_takes_an_earlier_call_is_blamed_on_no_input() -> None:
    found = check(audited("exits_later", "accuracy"), "accuracy")
    assert found.mode == "process died"
    assert "it takes an earlier call, no input does it in a fresh process" in found.message
    assert found.counterexample is None
    assert found.reproducer == ""


def test_printing_is_reported_and_no_failure() -> None:
    result = audited("prints")
    assert result.failed == ()
    assert "one" in check(result, "warnings and output").message


# -- names and signatures ----------------------------------------------------------------------


def test_the_pair_and_functions_of_one_argument_have_signatures_of_their_own() -> None:
    subject = planted("all_*")
    assert set(subject.functions) == {"loss", "loss_and_gradient", "sigmoid"}
    assert subject.formats == ("float32", "float64")
    assert subject.offers("loss", "float64")
    assert not subject.offers("loss", "float32")
    assert set(subject.in_format("float32").functions) == {"sigmoid"}
    z, t = np.array([-2.0, 0.5, 3.0]), np.array([0.25, 1.0, 0.0])
    loss, gradient = subject.functions["loss_and_gradient"](z, t)
    assert np.array_equal(loss, subject.functions["loss"](z, t))
    assert np.allclose(gradient, 1 / (1 + np.exp(-z)) - t, rtol=1e-12)
    single = subject.functions["sigmoid"](z.astype(np.float32))
    assert single.dtype == np.float32
    assert np.allclose(single, 1 / (1 + np.exp(-z)), rtol=1e-6)


def test_a_type_may_be_named() -> None:
    assert planted("right,double").formats == ("float64",)
    single = resolve(f"lib:{planted_library()}:all_sigmoidf,float", "sigmoid")
    assert single.formats == ("float32",)
    assert single.functions["sigmoid"](np.zeros(1, np.float32)).tolist() == [0.5]


def test_what_a_reproducer_prints_is_what_the_library_gives() -> None:
    subject = planted("all_*")
    names: dict[str, Any] = {"np": np, "z": np.array([2.5]), "t": np.array([0.5])}
    exec(subject.imports, names)
    for quantity, expression in subject.expressions.items():
        arguments = (names["z"],) if quantity == "sigmoid" else (names["z"], names["t"])
        got, want = eval(expression, names), subject.functions[quantity](*arguments)
        assert np.array_equal(np.array(got), np.array(want))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("lib:./none.so:f", "there is no file './none.so'"),
        ("lib:./none.so", "write lib:./libfoo.so:symbol"),
        ("lib::f", "write lib:./libfoo.so:symbol"),
        ("lib:PLANTED:", "write lib:./libfoo.so:symbol"),
        ("lib:PLANTED:rigth", "the library has none of the functions rigth, rigthf; check the spelling"),
        ("lib:PLANTED:no_*", "none of the functions no_loss, no_lossf, no_gradient, no_gradientf, ..."),
        ("lib:PLANTED:right,int", "'int' is no type; write right,double or right,float"),
        ("lib:PLANTED:a-b", "'a-b' is no name of a C function"),
        ("lib:PLANTED:*_*", "one \\* may stand for the quantity"),
        (f"lib:{__file__}:f", "the library cannot be loaded"),
        ("lib:libnothing.so.99:f", "the library cannot be loaded"),
    ],
)
def test_each_error_has_a_sentence(spec: str, said: str) -> None:
    with pytest.raises(SubjectError, match=said) as caught:
        lib.subject(spec.replace("PLANTED", planted_library()), "loss")
    assert "\n" not in str(caught.value)
    assert "protocol" not in str(caught.value)


def test_a_library_that_ends_the_process_when_it_is_loaded_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAULTY_AT_START", "aborts")
    with pytest.raises(SubjectFault, match="ended by SIGABRT"):
        planted("right")
