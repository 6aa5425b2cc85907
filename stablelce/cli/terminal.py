"""What the commands print: views of the record, for a terminal of 80 columns or a pipe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from stablelce.conformance.results import AuditResult, CheckResult, Counterexample, Record, Value

__all__ = [
    "Explanation",
    "Row",
    "console",
    "print_audit",
    "print_explanation",
    "print_summary",
    "progress_bar",
    "share",
    "table",
    "units",
]


def console(*, stderr: bool = False) -> Console:
    """A console that prints text as it is: names of subjects are no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def units(error: float) -> str:
    """An error in units, short: 0.50, 2.6, 64, 1.7e7, inf."""
    if math.isinf(error):
        return "inf"
    if error < 10:
        return f"{error:.2f}"
    if error < 1000:
        return f"{error:.4g}"
    mantissa, exponent = f"{error:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table; the columns named in ``right`` hold numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


class _Rate(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


def progress_bar() -> Progress:
    """Progress with rate and time left, on stderr and only where that is a terminal."""
    where = console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=where,
        transient=True,
        disable=not where.is_terminal,
    )


# -- an audit ----------------------------------------------------------------------------------


def print_audit(result: AuditResult, out: Console, extent: str = "") -> None:
    """Everything a person wants to know about one audit, the verdict last: of what, unless of everything."""
    out.print(f"{result.subject}  (version {result.version}, tier {result.tier})", style="bold")
    for fmt, quantities in result.offered.items():
        out.print(f"  {fmt}: {', '.join(quantities)}")
    if result.accuracy:
        out.print()
        out.print(_accuracy(result))
    for check in result.failed:
        out.print()
        _print_failure(check, out)
    informational = [c for c in result.checks if not c.required and c.status == "failed"]
    if informational:
        out.print("\nInformational, not part of the verdict:")
        for check in informational:
            out.print(f"  {_title(check)}{_because(check)}", soft_wrap=True)
    out.print()
    out.print(_verdict(result, extent), style="bold green" if result.passed else "bold red")


def _accuracy(result: AuditResult) -> Table:
    numbers = ("points", "largest\nerror", "correctly\nrounded")
    made = table("format", "quantity", "targets", *numbers, "profile", right=numbers)
    for row in result.accuracy:
        made.add_row(
            row.format,
            row.quantity,
            row.targets if row.targets != "none" else "-",
            str(row.points),
            units(row.largest_error),
            share(row.correctly_rounded, row.points),
            row.profile or "none",
        )
    return made


def share(part: int, whole: int) -> str:
    """A percentage that says 100 only where it is all."""
    if part == whole:
        return "100 %"
    return f"{min(100 * part / whole, 99.99):.2f} %"


def _title(check: CheckResult) -> str:
    where = f"{check.quantity} {check.format}" if check.quantity else check.format
    return f"{where}: {check.check}"


def _because(check: CheckResult) -> str:
    reason = check.message or check.mode
    return f" ({reason})" if reason else ""


def _print_failure(check: CheckResult, out: Console) -> None:
    mode = f", {check.mode}" if check.mode else ""
    out.print(f"FAILED {_title(check)} ({check.failures} of {check.points} points{mode})", style="red")
    if check.message:
        out.print(f"  {check.message}")
    if check.counterexample is not None:
        for line in _counterexample(check.counterexample):
            out.print(line, soft_wrap=True)


def _counterexample(found: Counterexample) -> Iterable[str]:
    values: dict[str, Value | None] = {"z": found.z, "t": found.t, "got": found.got, "want": found.want}
    shown = {name: value for name, value in values.items() if value is not None}
    decimal = max(len(value.decimal) for value in shown.values())
    hexadecimal = max(len(value.hex) for value in shown.values())
    for name, value in shown.items():
        yield f"  {name:5} {value.decimal:{decimal}}  {value.hex:{hexadecimal}}  {value.bits}"
    if found.error is not None:
        yield f"  error {units(found.error)} units"
    if found.note:
        yield f"  note  {found.note}"
    yield "  call:"
    yield from found.call.splitlines()  # flush left, so that it can be pasted


def _verdict(result: AuditResult, extent: str) -> str:
    of = f" FOR {extent} ONLY" if extent else ""
    required = [c for c in result.checks if c.required and c.status in ("passed", "failed")]
    reached = ", ".join(f"{fmt} {profile or 'none'}" for fmt, profile in result.profiles.items())
    if result.passed:
        return f"CERTIFIED{of}: all {len(required)} required checks hold; profiles reached: {reached}."
    return (
        f"NOT CERTIFIED{of}: {len(result.failed)} of {len(required)} required checks fail "
        f"(profile required: {result.required_profile}; reached: {reached})."
    )


# -- a report ----------------------------------------------------------------------------------


def print_summary(record: Record, out: Console) -> None:
    """One row per subject and format: largest errors of loss and gradient, profile, verdict."""
    numbers = ("loss", "gradient")
    made = table("subject", "format", *numbers, "profile", "failed checks", right=(*numbers, "failed checks"))
    for result in record.subjects:
        for fmt, profile in result.profiles.items():
            errors = [_largest(result, quantity, fmt) for quantity in numbers]
            failed = sum(check.format == fmt for check in result.failed)
            made.add_row(result.subject, fmt, *errors, profile or "none", str(failed))
    out.print(made)
    out.print("Errors in units of the contract, the largest of hard and soft targets.")
    for name in record.absent:
        out.print(f"{name}: not audited")


def _largest(result: AuditResult, quantity: str, fmt: str) -> str:
    errors = [a.largest_error for a in result.accuracy if a.quantity == quantity and a.format == fmt]
    return units(max(errors)) if errors else "-"


# -- an explanation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One form's result, or the exact value rounded once (``form`` is "exact")."""

    form: str
    value: Value
    error: float


@dataclass(frozen=True)
class Explanation:
    """One quantity at one input: digits of the exact value, and a row per form."""

    quantity: str
    digits: str
    rows: tuple[Row, ...]


def print_explanation(
    dtype: str, inputs: dict[str, Value], notes: list[str], explanations: list[Explanation], out: Console
) -> None:
    """The inputs, then one table per quantity; hexadecimal stands below decimal to fit 80 columns."""
    made = table("input", "value", "hexadecimal", "bits")
    for name, value in inputs.items():
        made.add_row(name, value.decimal, value.hex, value.bits)
    out.print(made)
    for note in notes:
        out.print(note)
    for one in explanations:
        out.print(f"\n{one.quantity} in {dtype}, exactly {one.digits}", style="bold")
        made = table("form", "value\nhexadecimal", "bits", "ulp error", right=("ulp error",))
        for row in one.rows:
            made.add_row(row.form, f"{row.value.decimal}\n{row.value.hex}", row.value.bits, units(row.error))
        out.print(made)
