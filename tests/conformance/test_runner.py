from __future__ import annotations

import itertools
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stablelce.conformance import SubjectError, audit
from stablelce.conformance.contract import CHECKS, PROFILES, Profile
from stablelce.conformance.results import AuditResult, CheckResult
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import BINARY16
from tests.conformance.correct import (
    ALL_FORMATS,
    fault,
    few,
    function,
    offering,
    scaled,
    small_audit,
    subject,
)

ROOT = Path(__file__).parent.parent.parent

Compute = Callable[..., Any]

IN_ITS_OWN_PROCESS = {"memory"}
"""Checks of subjects that compute elsewhere; subjects/test_lib.py has them pass and fail."""


def verdict(result: AuditResult) -> dict[str, Any]:
    """Everything but the time it took."""
    return result.model_dump(exclude={"seconds"})


def only(result: AuditResult, check: str, quantity: str | None = "loss") -> CheckResult:
    (found,) = [c for c in result.checks if (c.check, c.quantity) == (check, quantity)]
    return found


# -- verdicts --------------------------------------------------------------------------------------


@pytest.mark.bulk
@pytest.mark.parametrize(
    ("profile", "seed", "formats"),
    [
        ("correctly-rounded", 0, ALL_FORMATS),
        ("faithful", 1, ("float64",)),
        ("accurate", 2, ("float32",)),
        ("stable", 3, ("bfloat16",)),
    ],
)
def test_a_correctly_rounded_subject_passes_every_check(
    profile: Profile, seed: int, formats: tuple[str, ...]
) -> None:
    result = small_audit(subject(), points=3, profile=profile, seed=seed, formats=formats)
    assert [c for c in result.checks if c.status == "failed"] == []
    assert result.passed
    assert result.profiles == dict.fromkeys(formats, "correctly-rounded")
    assert result.offered == dict.fromkeys(formats, QUANTITIES)
    assert {c.check for c in result.checks if c.status == "passed"} == set(CHECKS) - IN_ITS_OWN_PROCESS
    for measured in result.accuracy:
        assert measured.correctly_rounded == measured.points
        assert measured.largest_error <= 0.5


def test_the_record_of_an_audit_survives_json() -> None:
    judged = fault("loss", lambda r, z, _t: np.where(z > 30, np.inf, r).astype(r.dtype))
    result = small_audit(judged, formats=["float32"])
    assert not result.passed
    text = result.model_dump_json()
    assert '"inf"' in text
    assert AuditResult.model_validate(json.loads(text)) == result


@pytest.mark.bulk
def test_the_verdict_is_the_same_over_runs_and_its_reason_over_seeds() -> None:
    judged = fault("gradient", scaled(0.75))
    first, again, other = (small_audit(judged, formats=["float32"], seed=seed) for seed in (0, 0, 5))
    assert verdict(first) == verdict(again)
    assert [(c.check, c.quantity, c.mode) for c in first.failed] == [
        (c.check, c.quantity, c.mode) for c in other.failed
    ]
    assert {c.check for c in first.failed} >= {"accuracy", "finite difference", "pair", "weights"}
    assert {c.quantity for c in first.failed} <= {"gradient", "hessian"}


def test_progress_is_told_step_by_step() -> None:
    steps: list[tuple[int, int, str]] = []
    judged = offering({"loss": function("loss"), "sigmoid": function("sigmoid")})
    small_audit(judged, formats=["float32"], progress=lambda *step: steps.append(step))
    assert steps == [(0, 2, "loss float32"), (1, 2, "sigmoid float32"), (2, 2, "done")]


def flush(r: Any, _z: Any, _t: Any) -> Any:
    return np.where(np.abs(r) < np.finfo(r.dtype).tiny, 0, r).astype(r.dtype)


@pytest.mark.parametrize(("allow", "passed"), [(False, False), (True, True)])
def test_flushed_subnormals_fail_unless_they_are_allowed(allow: bool, passed: bool) -> None:
    judged = offering({"sigmoid": fault("sigmoid", flush).functions["sigmoid"]})
    result = small_audit(judged, points=24, formats=["float32"], allow_ftz=allow, profile=PROFILES[0])
    finding = only(result, "subnormals", "sigmoid")
    assert (finding.status, finding.mode, finding.required) == ("failed", "flushed subnormal", not allow)
    assert result.passed == passed
    assert result.profiles == {"float32": "correctly-rounded" if allow else None}


def test_a_profile_is_reached_by_all_quantities_or_by_none() -> None:
    judged = offering({"loss": fault("loss", scaled(0.5)).functions["loss"], "sigmoid": function("sigmoid")})
    assert small_audit(judged, formats=["float32"]).profiles == {"float32": None}


def test_a_failure_in_company_only_is_said_to_be_one() -> None:
    def compute(z: Any, t: Any) -> Any:
        right = function("loss")(z, t)
        return right if z.size == 1 else right * z.dtype.type(2)

    finding = only(small_audit({"loss": compute}, formats=["float64"]), "accuracy")
    assert (finding.status, finding.mode) == ("failed", "fails in an array, not alone")


# -- noise -----------------------------------------------------------------------------------------


def test_warnings_and_output_are_reported_once_per_format_and_fail_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compute(z: Any, t: Any) -> Any:
        print("hello", file=sys.stderr if z.size > 5 else sys.stdout)
        warnings.warn("look out", RuntimeWarning, stacklevel=1)
        return function("loss")(z, t)

    result = small_audit(offering({"loss": compute}), formats=["float32", "float64"])
    noise = [c for c in result.checks if c.check == "warnings and output"]
    assert [(c.format, c.quantity, c.status, c.required) for c in noise] == [
        ("float32", None, "failed", False),
        ("float64", None, "failed", False),
    ]
    assert noise[0].mode == "output and warning"
    assert "RuntimeWarning: look out" in noise[0].message
    assert "hello" in noise[0].message
    assert result.passed
    assert capsys.readouterr() == ("", "")


def test_a_quiet_subject_is_said_to_be_one() -> None:
    noise = only(small_audit(offering({"loss": function("loss")}), formats=["float32"]), *_NOISE)
    assert (noise.status, noise.message) == ("passed", "")


_NOISE = ("warnings and output", None)


# -- subjects that misbehave -----------------------------------------------------------------------


def leave(*_: Any) -> Any:
    raise SystemExit(3)


def interrupt(*_: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("compute", "mode", "text"),
    [
        (lambda _z, _t: 1 // 0, "raised", "ZeroDivisionError"),
        (lambda _z: None, "raised", "TypeError"),
        (leave, "raised", "SystemExit: 3"),
        (lambda z, _t: z.tolist(), "no array", "list"),
        (lambda _z, _t: None, "no array", "NoneType"),
        (lambda z, _t: (z, z), "no array", "tuple"),
        (lambda _z, _t: 1.0, "no array", "float"),
        (lambda z, t: function("loss")(z, t).sum(), "wrong shape", "shape ()"),
        (lambda z, t: function("loss")(z, t)[..., None], "wrong shape", ", 1)"),
        (lambda z, t: function("loss")(z, t).astype("int64"), "wrong dtype", "int64"),
    ],
    ids=["raises", "one argument", "exits", "list", "None", "tuple", "float", "sum", "column", "integers"],
)
def test_a_subject_that_returns_no_proper_array_fails_by_name(compute: Compute, mode: str, text: str) -> None:
    result = small_audit({"loss": compute}, formats=["float64"])
    assert result.profiles == {"float64": None}
    assert result.accuracy == ()
    finding = only(result, "accuracy")
    assert (finding.status, finding.mode, finding.required) == ("failed", mode, True)
    assert text in finding.message
    assert finding.counterexample is not None
    assert finding.counterexample.got is None
    assert {c.mode for c in result.failed} == {mode}


def test_a_subject_that_raises_at_some_points_is_shown_at_one_of_them() -> None:
    def compute(z: Any, t: Any) -> Any:
        if (z < -700).any():
            raise OverflowError("math range error")
        return function("loss")(z, t)

    finding = only(small_audit(compute, formats=["float64"]), "accuracy")
    assert (finding.status, finding.mode) == ("failed", "raised")
    assert finding.message == "loss raised OverflowError: math range error"
    assert finding.counterexample is not None
    assert float(finding.counterexample.z.decimal) < -700


def test_a_subject_that_raises_for_long_arrays_only_has_no_single_point_to_show() -> None:
    def compute(z: Any, t: Any) -> Any:
        if z.size > 4:
            raise MemoryError("too long")
        return function("loss")(z, t)

    finding = only(small_audit(compute, formats=["float64"]), "hard cases")
    assert (finding.status, finding.mode, finding.counterexample) == ("failed", "raised", None)


def test_an_interrupt_ends_the_audit() -> None:
    with pytest.raises(KeyboardInterrupt):
        small_audit(interrupt, formats=["float64"])


def test_a_subject_that_works_in_no_format_is_judged_in_binary64() -> None:
    for useless in (leave, lambda z, t: [z, t], lambda z, _t: z.astype("int64")):
        assert set(small_audit(useless).offered) == {"float64"}


def test_a_pair_that_is_none_fails_by_name() -> None:
    result = small_audit({"loss_and_gradient": lambda z, _t: z})
    assert result.offered == {"float64": ("loss", "gradient")}
    for quantity in ("loss", "gradient"):
        assert only(result, "accuracy", quantity).mode == "not a pair"


def test_a_subject_that_changes_from_call_to_call_is_found() -> None:
    calls = itertools.count()

    def compute(z: Any, t: Any) -> Any:
        return function("loss")(z, t) + z.dtype.type(next(calls) % 2)

    assert only(small_audit(compute, formats=["float64"]), "lanes").mode == "not deterministic"


# -- what is offered -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "quantities"),
    [
        (["gradient"], ("gradient",)),
        (["loss_and_gradient"], ("loss", "gradient")),
        (["sigmoid"], ("sigmoid",)),
        (["softplus", "log_sigmoid", "hessian"], ("hessian", "log_sigmoid", "softplus")),
    ],
    ids="+".join,
)
def test_only_what_is_offered_is_judged(names: list[str], quantities: tuple[str, ...]) -> None:
    result = small_audit(offering({name: function(name) for name in names}), formats=["float32"])
    assert result.offered == {"float32": quantities}
    assert {c.quantity for c in result.checks} == {*quantities, None}
    assert {a.quantity for a in result.accuracy} == set(quantities)
    assert [c for c in result.checks if c.status == "failed"] == []


def test_soft_targets_are_not_asked_of_a_subject_without_them() -> None:
    def compute(z: Any, t: Any) -> Any:
        assert np.isnan(t).any() or set(np.unique(t).tolist()) <= {0.0, 1.0}
        return function("loss")(z, t)

    result = small_audit(offering({"loss": compute}, soft_targets=False), formats=["float32", "float16"])
    assert [c for c in result.checks if c.status == "failed"] == []
    assert {a.targets for a in result.accuracy} == {"hard"}
    statuses = {
        c.status for c in result.checks if c.check in ("affine in t", "infinite logits, soft targets")
    }
    assert statuses == {"not applicable"}


def test_formats_are_probed_where_none_are_declared() -> None:
    def compute(z: Any, t: Any) -> Any:
        if z.dtype == np.float16:
            raise TypeError("no half precision")
        result = function("loss")(z, t)
        return result if z.dtype in (np.float32, np.float64) else result.astype(np.float32)

    assert set(small_audit(compute).offered) == {"float32", "float64"}


def test_declared_formats_are_judged_even_where_a_probe_would_fail() -> None:
    def compute(z: Any, t: Any) -> Any:
        if z.dtype == np.float16:
            raise TypeError("no half precision")
        return function("loss")(z, t)

    result = small_audit(SimpleNamespace(loss=compute, formats=("float16", "float32")))
    assert set(result.offered) == {"float16", "float32"}
    assert {c.format for c in result.failed} == {"float16"}
    assert {c.mode for c in result.failed} == {"raised"}


def test_a_bare_callable_computes_the_quantity_asked_for() -> None:
    result = small_audit(function("sigmoid"), quantity="sigmoid", formats=["float32"])
    assert result.offered == {"float32": ("sigmoid",)}
    assert result.passed


def test_nothing_offered_is_said_so() -> None:
    with pytest.raises(SubjectError, match="offers nothing to judge in float16"):
        small_audit(offering({"loss": function("loss")}, formats=("float32",)), formats=["float16"])
    with pytest.raises(SubjectError, match="offers nothing to judge"):
        small_audit(object())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"profile": "perfect"}, "unknown profile 'perfect': use one of correctly-rounded, faithful"),
        ({"tier": "quick"}, "unknown tier 'quick': use one of smoke, standard, deep"),
        ({"formats": ["float8"]}, "unknown format 'float8'"),
    ],
    ids=["profile", "tier", "format"],
)
def test_an_unknown_argument_is_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        audit("numpy:naive", **arguments)


# -- independence ----------------------------------------------------------------------------------

_AUDIT = """
import sys, types
class Stub(types.ModuleType):
    def __getattr__(self, name):
        raise AssertionError(f"{self.__name__}.{name} was asked for")
if sys.argv[1] == "stubbed":
    for name in ("stablelce.kernels", "stablelce.functions"):
        sys.modules[name] = Stub(name)
from stablelce.conformance import audit
result = audit("numpy:logaddexp", tier="smoke", formats=["float32"])
print(result.model_dump_json(exclude={"seconds"}))
"""


def test_the_verdict_on_others_does_not_depend_on_our_own_functions() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", _AUDIT, how], capture_output=True, text=True, cwd=ROOT, check=True
        ).stdout
        for how in ("stubbed", "as it is")
    ]
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])["checks"]


def test_a_fault_that_only_the_exhaustive_measurement_meets_fails_the_audit() -> None:
    right = function("loss")
    asked = few("loss", 0, BINARY16)[0]

    def loss(z: Any, t: Any) -> Any:
        if z.size == asked.size and np.array_equal(BINARY16.encodings(z), asked):
            raise RuntimeError("not all at once")
        return right(z, t)

    result = small_audit(offering({"loss": loss}, formats=("float16",)))
    assert [(c.check, c.mode) for c in result.failed] == [("accuracy", "raised")]
