"""One check alone, as the plugin for pytest runs it; whole audits are in test_runner.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.auditor import Auditor
from stablelce.conformance.faults.planting import planted
from stablelce.conformance.points import Budget
from stablelce.conformance.results import CheckResult
from stablelce.conformance.subjects.base import Subject
from stablelce.formats import BINARY16, BINARY32, BINARY64, Format
from tests.conformance.correct import fault, function, offering, scaled


def auditor(judged: Subject, *, allow_ftz: bool = False) -> Auditor:
    return Auditor(judged, Budget(accuracy=4, relations=4, curve=0), "accurate", allow_ftz, 0)


LOSS = offering({"loss": function("loss")})


@pytest.mark.parametrize("name", ["tails", "mirror", "shapes"])
def test_one_check_alone_passes_and_keeps_no_account(name: str) -> None:
    found = auditor(LOSS)
    outcome = found.check(BINARY32, "loss", name)
    assert (outcome.check, outcome.format, outcome.quantity) == (name, "float32", "loss")
    assert outcome.status == "passed"
    assert found.checks == []


def test_one_check_alone_shows_the_simplest_point_that_fails() -> None:
    wrong = offering({"loss": fault("loss", scaled(2.0)).functions["loss"]})
    outcome = auditor(wrong).check(BINARY32, "loss", "accuracy")
    assert (outcome.status, outcome.required) == ("failed", True)
    assert outcome.counterexample is not None
    assert outcome.counterexample.z.decimal == "0.0"


def test_each_outcome_is_told_as_soon_as_it_is_known() -> None:
    told: list[CheckResult] = []
    found = auditor(LOSS)
    found.on_check = told.append
    found.noise(BINARY32)
    assert told == found.checks
    assert [one.check for one in told] == ["warnings and output"]


def screened(quantity: str, window: Any, fmt: Format) -> tuple[Auditor, list[int]]:
    """Of a function that gives 0 in one window alone, and the sizes of the arrays that it was given."""
    sizes: list[int] = []
    flushing = planted(quantity, lambda z, _t: 0 * z, window)

    def compute(*arguments: Any) -> Any:
        sizes.append(arguments[0].size)
        return flushing(*arguments)

    judged = Subject("flushing", {quantity: compute}, formats=(fmt.dtype_name,))
    return Auditor(judged, Budget(4, 4, 0, screen=1 << 12), "accurate", False, 0), sizes


WINDOWS = {
    "sigmoid": (lambda z, _t: z == -13.328125, BINARY16),
    "loss": (lambda z, t: (z > -102) & (z < -101) & (t == 0), BINARY32),
    "softplus": (lambda z, _t: (z > -743.6) & (z < -742), BINARY64),
}


@pytest.mark.parametrize("quantity", WINDOWS)
def test_flushed_results_are_looked_for_wherever_the_accuracy_is(quantity: str) -> None:
    found, sizes = screened(quantity, *WINDOWS[quantity])
    found.judge(WINDOWS[quantity][1], quantity)
    failed = {(one.check, one.mode) for one in found.checks if one.status == "failed" and one.required}
    assert failed == {("subnormals", "flushed subnormal")}
    alone, sizes_alone = screened(quantity, *WINDOWS[quantity])
    assert alone.check(WINDOWS[quantity][1], quantity, "subnormals").status == "failed"
    # The audit looks once, for both checks.
    assert sizes.count(max(sizes_alone)) <= sizes_alone.count(max(sizes_alone)) + 1


def test_subnormals_are_required_unless_flushing_is_allowed() -> None:
    def flush(r: Any, _z: Any, _t: Any) -> Any:
        return np.where(np.abs(r) < np.finfo(r.dtype).tiny, 0, r).astype(r.dtype)

    judged = offering({"sigmoid": fault("sigmoid", flush).functions["sigmoid"]})
    for allow in (False, True):
        outcome = auditor(judged, allow_ftz=allow).check(BINARY32, "sigmoid", "subnormals")
        assert (outcome.status, outcome.required) == ("failed", not allow)


def test_no_profile_is_reached_where_nothing_was_measured() -> None:
    assert auditor(LOSS).profile_reached(BINARY32) is None
