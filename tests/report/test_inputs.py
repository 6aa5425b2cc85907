from __future__ import annotations

import math

from stablelce.conformance.results import AuditResult, CheckResult, Counterexample, Record, Value
from stablelce.formats import BINARY16, BINARY32, BINARY64, find_format
from stablelce.report.inputs import MOST_FINDINGS, MOST_MEMORABLE, SubjectFindings, memorable, worst_inputs
from tests.report import records
from tests.report.records import check, example, record

LOST = 2.0**52


def subject(name: str, *checks: CheckResult) -> AuditResult:
    return records.audit_result("stablelce").model_copy(update={"subject": name, "checks": checks})


def of(*audits: AuditResult) -> Record:
    return record().model_copy(update={"subjects": audits})


def failing(name: str, shown: Counterexample | None, *, required: bool = True) -> CheckResult:
    fmt = find_format(shown.format) if shown else BINARY32
    quantity = shown.quantity if shown else None
    return check(name, fmt, quantity=quantity, status="failed", required=required, counterexample=shown)


def findings(*checks: CheckResult) -> SubjectFindings:
    (found,) = worst_inputs(of(subject("own", *checks)))
    return found


# -- inputs to remember ----------------------------------------------------------------------------


def test_the_made_up_record_shows_different_failures() -> None:
    found = memorable(record())
    assert 3 <= len(found) <= MOST_MEMORABLE
    assert {(m.quantity, m.got) for m in found} >= {("loss", "inf"), ("loss", "0"), ("gradient", "0")}


def test_numbers_come_from_the_record() -> None:
    shown = example("loss", BINARY64, 40.0, LOST)
    (found,) = memorable(of(subject("own", failing("tails", shown))))
    assert (found.subjects, found.quantity, found.format) == (("own",), "loss", "float64")
    assert (found.z, found.t, found.got, found.error) == ("40", "1", "0", "4.5e15")
    assert shown.want is not None
    assert found.want == shown.want.decimal


def test_subjects_that_return_the_same_share_one_entry() -> None:
    shown = failing("tails", example("loss", BINARY64, 40.0, LOST))
    (found,) = memorable(of(subject("first", shown), subject("second", shown)))
    assert found.subjects == ("first", "second")


def test_a_lost_result_in_a_wide_format_is_preferred_to_fewer_digits() -> None:
    lost = example("loss", BINARY64, 40.0, LOST)
    wrong = example("loss", BINARY64, 4.0, 84.0, got=0.01, want=0.02)
    narrow = example("loss", BINARY16, 9.0, 1024.0)
    checks = [failing("tails", shown) for shown in (wrong, narrow, lost)]
    assert memorable(of(subject("own", *checks)))[0].z == "40"


def test_small_errors_other_quantities_and_results_without_numbers_are_not_remembered() -> None:
    small = example("loss", BINARY64, 4.0, 64.0)
    other = example("sigmoid", BINARY64, -710.0, LOST)
    blank = example("loss", BINARY64, 40.0, LOST).model_copy(update={"got": None})
    checks = [failing("tails", shown) for shown in (small, other, blank)]
    assert memorable(of(subject("own", *checks))) == ()


def test_a_nan_is_a_kind_of_its_own() -> None:
    nan = Value.of(BINARY64, BINARY64.nan)
    shown = example("loss", BINARY64, 5.0, math.inf).model_copy(update={"got": nan, "t": None})
    zero = example("loss", BINARY64, 40.0, LOST)
    found = memorable(of(subject("first", failing("NaN", shown)), subject("second", failing("tails", zero))))
    assert {(m.got, m.t) for m in found} == {("nan", None), ("0", "1")}


# -- the worst inputs ------------------------------------------------------------------------------


def test_a_subject_without_failures_has_no_entry() -> None:
    assert worst_inputs(record("stablelce")) == ()


def test_required_failures_come_first_then_the_largest_error() -> None:
    found = findings(
        failing("warnings and output", None, required=False),
        failing("mirror", example("loss", BINARY64, 2.0, 9.0)),
        failing("convexity", example("loss", BINARY64, 3.0, math.inf)),
        failing("tails", example("loss", BINARY64, 40.0, LOST)),
    )
    assert [f.checks[0] for f in found.shown] == ["convexity", "tails", "mirror", "warnings and output"]


def test_one_check_in_several_formats_is_one_finding_with_the_worst_input() -> None:
    (finding,) = findings(
        failing("tails", example("loss", BINARY32, 40.0, 2.0**23)),
        failing("tails", example("loss", BINARY64, 40.0, LOST)),
    ).shown
    assert finding.format == "float64"
    assert finding.formats == ("float32", "float64")
    assert finding.shown_error == "4.5e15"


def test_several_checks_at_one_input_are_one_finding() -> None:
    shown = example("loss", BINARY64, 40.0, LOST)
    (finding,) = findings(failing("hard cases", shown), failing("tails", shown)).shown
    assert finding.checks == ("hard cases", "tails")
    assert [name for name, _ in finding.values] == ["z", "t", "got", "want"]


def test_checks_without_an_input_are_told_apart_by_their_name() -> None:
    found = findings(failing("shapes", None), failing("dtype", None))
    assert [f.checks for f in found.shown] == [("shapes",), ("dtype",)]
    assert found.shown[0].values == ()
    assert found.shown[0].shown_error is None


def test_accuracy_below_the_profile_asked_for_is_a_finding_and_above_it_none() -> None:
    audit = records.audit_result("numpy:fused")
    assert audit.profiles["float64"] == "accurate"
    strict = audit.model_copy(update={"required_profile": "faithful"})
    assert worst_inputs(of(audit)) == ()
    (found,) = worst_inputs(of(strict))
    assert {f.checks for f in found.shown} == {("accuracy",)}


def test_what_is_left_out_is_counted() -> None:
    checks = [
        failing(f"check {i}", example("loss", BINARY64, float(i), LOST)) for i in range(MOST_FINDINGS + 3)
    ]
    found = findings(*checks)
    assert (len(found.shown), found.more) == (MOST_FINDINGS, 3)
