from __future__ import annotations

from stablelce.conformance.results import CheckResult, Record
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64
from stablelce.report.tables import STATES, MatrixCell, formats_of, headline, matrix, short_format, verdict
from tests.report import records
from tests.report.records import check, record


def with_checks(*checks: CheckResult) -> Record:
    audit = records.audit_result("scipy").model_copy(update={"checks": checks})
    return record("scipy").model_copy(update={"subjects": (audit,)})


def only_cell(*checks: CheckResult) -> MatrixCell:
    return matrix(with_checks(*checks)).rows[0].cells[0]


def test_formats_come_in_the_order_of_demand_and_unknown_ones_last() -> None:
    assert formats_of(record()) == ("float32", "float64", "float16", "bfloat16")
    assert formats_of(record("scipy")) == ("float32", "float64")
    audit = records.audit_result("scipy").model_copy(update={"profiles": {"float8": None, "float16": None}})
    assert formats_of(record().model_copy(update={"subjects": (audit,)})) == ("float16", "float8")
    assert short_format("float8") == "float8"


def test_the_headline_shows_hard_targets_and_the_profile_of_everything() -> None:
    table = headline(record("torch", "scipy"))
    torch, scipy = table.rows
    cell = torch.cells[table.formats.index("float64")]
    assert cell is not None
    assert cell.loss is not None
    assert (cell.loss.error, cell.profile) == ("9.0e15", "none")
    assert torch.version == "2.13.0"
    assert scipy.cells[table.formats.index("bfloat16")] is None


def test_soft_targets_are_no_substitute_for_hard_ones() -> None:
    audit = records.audit_result("scipy")
    soft = tuple(r for r in audit.accuracy if r.targets == "soft")
    only_soft = record().model_copy(update={"subjects": (audit.model_copy(update={"accuracy": soft}),)})
    cell = headline(only_soft).rows[0].cells[0]
    assert cell is not None
    assert cell.loss is None
    assert cell.gradient is None


def test_the_verdict_counts_required_checks_that_apply() -> None:
    passing = check("mirror", BINARY32)
    failing = check("tails", BINARY32, status="failed")
    finding = check("warnings and output", BINARY32, status="failed", required=False)
    idle = check("weights", BINARY32, status="not applicable")
    audit = records.audit_result("scipy")

    def words(*checks: CheckResult) -> str:
        return verdict(audit.model_copy(update={"checks": checks}))

    assert words(passing, failing, finding, idle) == "1 of 2 required checks fail"
    assert words(passing, finding, idle) == "all 1 required checks hold"
    assert words(finding, idle) == "no required check applies"


def test_a_cell_of_the_matrix_shows_the_worst_state() -> None:
    fine, bad = check("mirror", BINARY32), check("mirror", BINARY64, status="failed")
    finding = check("mirror", BINARY32, status="failed", required=False)
    unsure = check("mirror", BINARY16, status="inconclusive")
    idle = check("mirror", BFLOAT16, status="not applicable")
    assert only_cell(idle).state is STATES["absent"]
    assert only_cell(idle, fine).state is STATES["passed"]
    assert only_cell(idle, fine, unsure).state is STATES["inconclusive"]
    assert only_cell(idle, fine, unsure, finding).state is STATES["finding"]
    assert only_cell(idle, fine, unsure, finding, bad).state is STATES["failed"]


def test_a_cell_names_the_formats_and_quantities_that_fail() -> None:
    loss = check("mirror", BINARY64, status="failed")
    gradient = check("mirror", BINARY64, status="failed", quantity="gradient")
    half = check("mirror", BFLOAT16, status="failed", quantity=None)
    cell = only_cell(check("mirror", BINARY32), half, loss, gradient)
    assert cell.formats == "f64 bf16"
    assert cell.detail == "scipy: failed in float64 (loss, gradient); bfloat16"
    assert only_cell(loss, half).formats == "all"
    assert only_cell(loss).formats == "f64"


def test_a_pass_names_no_formats() -> None:
    assert only_cell(check("mirror", BINARY32)).formats == ""


def test_required_checks_come_first_and_keep_their_order() -> None:
    table = matrix(
        with_checks(
            check("warnings and output", BINARY32, required=False),
            check("tails", BINARY32),
            check("mirror", BINARY32),
        )
    )
    assert [row.check for row in table.rows] == ["tails", "mirror", "warnings and output"]
    assert [row.required for row in table.rows] == [True, True, False]


def test_a_subject_without_a_check_gets_an_empty_cell() -> None:
    table = matrix(record("numpy:naive", "stablelce"))
    row = next(row for row in table.rows if row.check == "hard cases")
    assert [cell.state.key for cell in row.cells] == ["failed", "absent"]


def test_states_differ_in_symbol_and_not_only_in_colour() -> None:
    symbols = [state.symbol for state in STATES.values()]
    assert len(set(symbols)) == len(symbols)
