from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from stablelce.cli.terminal import console, print_audit, print_summary, progress_bar, share, units
from stablelce.conformance.results import AuditResult
from tests.cli.records import CALL, accuracy, check, record, result


def printed(found: AuditResult) -> str:
    out = console()
    out.file = io.StringIO()
    out.width = 80
    print_audit(found, out)
    return out.file.getvalue()


def test_a_failed_check_is_shown_with_its_counterexample() -> None:
    output = printed(result(check()))
    assert "FAILED loss float64: tails (3 of 20 points, premature underflow)" in output
    assert "z     40.0                   0x1.4000000000000p+5   0x4044000000000000" in output
    assert "error 5.5e15 units" in output
    assert "note  a note" in output
    assert "NOT CERTIFIED: 1 of 1 required checks fail" in output


def test_the_call_can_be_pasted() -> None:
    # Flush left and never wrapped, whatever the width.
    assert f"\n{CALL}\n" in printed(result(check()))


def test_a_passed_audit_says_so_last() -> None:
    output = printed(result(check("passed"), check("not applicable"), profiles={"float64": "faithful"}))
    assert output.splitlines()[-1] == (
        "CERTIFIED: all 1 required checks hold; profiles reached: float64 faithful."
    )
    assert "FAILED" not in output


def test_informational_findings_do_not_count() -> None:
    noisy = check(required=False, check="warnings and output", quantity=None, message="warning: overflow")
    output = printed(result(noisy, check("passed")))
    assert "  float64: warnings and output (warning: overflow)" in output
    assert "all 1 required checks hold" in output


def test_an_informational_finding_without_words_is_named() -> None:
    assert "  loss float64: tails\n" in printed(result(check(required=False, mode="")))


def test_a_failure_without_a_point_has_its_message() -> None:
    output = printed(result(check(counterexample=None, message="loss returned a list", mode="")))
    assert "FAILED loss float64: tails (3 of 20 points)" in output
    assert "  loss returned a list" in output
    assert "call:" not in output


def test_the_accuracy_table_says_what_was_measured() -> None:
    row = next(line for line in printed(result()).splitlines() if line.startswith("float64  loss"))
    assert row.split() == ["float64", "loss", "hard", "100000", "inf", "99.99", "%", "none"]


def test_80_columns_are_enough_for_the_tables() -> None:
    widest = accuracy(
        quantity="log_sigmoid",
        format="bfloat16",
        points=12345678,
        profile="correctly-rounded",
        largest_error=9e15,
    )
    lines = printed(result(accuracy=(widest,))).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("correctly-rounded" in line and "log_sigmoid" in line for line in lines)


def test_names_of_subjects_are_not_markup() -> None:
    assert printed(result(subject="./[red]:f :smile:")).startswith("./[red]:f :smile:")


def test_without_accuracy_there_is_no_table() -> None:
    assert "largest" not in printed(result(accuracy=()))


@pytest.mark.parametrize(
    ("error", "text"),
    [(0.0, "0.00"), (0.5, "0.50"), (9.99, "9.99"), (27.9, "27.9"), (1.7e7, "1.7e7"), (9e15, "9.0e15"),
     (math.inf, "inf")],
)  # fmt: skip
def test_errors_are_short(error: float, text: str) -> None:
    assert units(error) == text


@given(st.floats(0, 1.7e308))
def test_a_short_error_is_the_error_to_half_a_unit_of_its_last_place(error: float) -> None:
    shown = float(units(error))
    # The range ends where two digits could not be read back as a finite float.
    # Two decimals below 10, four digits below 1000, two digits above: half of each last place, and the
    # rounding of the comparison itself.
    allowed = 0.005 if error < 10 else error * (5e-4 if error < 1000 else 0.05)
    assert abs(shown - error) <= allowed * (1 + 1e-9)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_only_all_of_them_are_100_percent(part: int, whole: int) -> None:
    part = min(part, whole)
    assert (share(part, whole) == "100 %") == (part == whole)
    assert share(part, whole) != "100.00 %"


def test_the_summary_has_a_row_per_subject_and_format() -> None:
    out = Console(file=io.StringIO(), width=80)
    with_failure = result(check(), profiles={"float64": None, "float32": "stable"})
    print_summary(record(with_failure).model_copy(update={"absent": {"torch": "not installed"}}), out)
    assert isinstance(out.file, io.StringIO)
    lines = [line.split() for line in out.file.getvalue().splitlines()]
    assert ["numpy:naive", "float64", "inf", "0.50", "none", "1"] in lines
    assert ["numpy:naive", "float32", "-", "-", "stable", "0"] in lines
    assert ["torch:", "not", "audited"] in lines


def test_progress_is_silent_where_stderr_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as bar:
        bar.add_task("x", total=3)
    assert capfd.readouterr() == ("", "")


def test_progress_shows_rate_and_time_left() -> None:
    bar = progress_bar()
    task = bar.add_task("naive", total=10)
    out = Console(file=io.StringIO(), width=80, force_terminal=False)
    out.print(bar.get_renderable())
    assert isinstance(out.file, io.StringIO)
    assert "-/s" in out.file.getvalue()
    assert "-:--:--" in out.file.getvalue()
    bar.advance(task, 3)
