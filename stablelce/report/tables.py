"""The tables of the report, as data: what the page and the markdown files show, computed from a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stablelce.conformance.results import AccuracyResult, AuditResult, CheckResult, Record
from stablelce.report.numbers import format_count, format_error, format_share
from stablelce.report.words import PROFILE_NAMES

__all__ = [
    "STATES",
    "Cell",
    "Figure",
    "Headline",
    "HeadlineRow",
    "Matrix",
    "MatrixCell",
    "MatrixRow",
    "State",
    "figure",
    "format_rank",
    "formats_of",
    "headline",
    "matrix",
    "short_format",
    "verdict",
]

FORMAT_ORDER = ("float32", "float64", "float16", "bfloat16")
"""Most asked for first: on a narrow screen these are the columns that show."""

SHORT_FORMATS = {"float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64"}


@dataclass(frozen=True)
class Figure:
    """How one quantity fares in one format: largest error, share correctly rounded, profile."""

    error: str
    share: str
    points: str
    coverage: str
    zeros: str
    profile: str


@dataclass(frozen=True)
class Cell:
    """One subject in one format: both figures for hard targets, and the profile over everything judged."""

    loss: Figure | None
    gradient: Figure | None
    profile: str


@dataclass(frozen=True)
class HeadlineRow:
    """One subject; a cell is None where the subject does not offer the format."""

    subject: str
    version: str
    passed: bool
    verdict: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Headline:
    """The table on top of the page: subject by format."""

    formats: tuple[str, ...]
    rows: tuple[HeadlineRow, ...]


def formats_of(record: Record) -> tuple[str, ...]:
    """The formats that any subject was judged in, most asked for first."""
    seen = {name for audit in record.subjects for name in audit.profiles}
    return tuple(sorted(seen, key=format_rank))


def short_format(name: str) -> str:
    """``f32`` for float32, and so on: for cells of a wide table."""
    return SHORT_FORMATS.get(name, name)


def figure(result: AccuracyResult) -> Figure:
    """One accuracy result, ready to print."""
    return Figure(
        error=format_error(result.largest_error),
        share=format_share(result.correctly_rounded, result.points),
        points=format_count(result.points),
        coverage=result.coverage,
        zeros=format_count(result.zeros),
        profile=PROFILE_NAMES[result.profile],
    )


def verdict(audit: AuditResult) -> str:
    """How many of the required checks fail, in words."""
    required = [c for c in audit.checks if c.required and c.status != "not applicable"]
    failed = len(audit.failed)
    if not required:
        return "no required check applies"
    if not failed:
        return f"all {len(required)} required checks hold"
    return f"{failed} of {len(required)} required checks fail"


def headline(record: Record) -> Headline:
    """Subject by format: largest errors for hard targets, share correctly rounded, profile reached."""
    formats = formats_of(record)
    rows = tuple(
        HeadlineRow(
            subject=audit.subject,
            version=audit.version,
            passed=audit.passed,
            verdict=verdict(audit),
            cells=tuple(_cell(audit, name) for name in formats),
        )
        for audit in record.subjects
    )
    return Headline(formats, rows)


def _cell(audit: AuditResult, fmt: str) -> Cell | None:
    if fmt not in audit.profiles:
        return None
    return Cell(
        loss=_hard_figure(audit, "loss", fmt),
        gradient=_hard_figure(audit, "gradient", fmt),
        profile=PROFILE_NAMES[audit.profiles[fmt]],
    )


def _hard_figure(audit: AuditResult, quantity: str, fmt: str) -> Figure | None:
    for result in audit.accuracy:
        if (result.quantity, result.format, result.targets) == (quantity, fmt, "hard"):
            return figure(result)
    return None


# -- subject by check ------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """What a cell of the matrix can say: told apart by symbol as well as by colour."""

    key: str
    symbol: str
    meaning: str


STATES = {
    state.key: state
    for state in (
        State("failed", "✗", "failed"),
        State("finding", "△", "informational check failed"),
        State("inconclusive", "?", "inconclusive: the check cannot tell in this format"),
        State("passed", "✓", "passed"),
        State("absent", "–", "not applicable, or not offered by the subject"),
    )
}
"""From worst to best: a cell shows the worst state over formats and quantities."""


@dataclass(frozen=True)
class MatrixCell:
    """The worst state of one check for one subject, with the formats in that state if it is no pass."""

    state: State
    formats: str
    detail: str


@dataclass(frozen=True)
class MatrixRow:
    """One check over all subjects."""

    check: str
    required: bool
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class Matrix:
    """Subject by check; the rows of required checks come first."""

    subjects: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def matrix(record: Record) -> Matrix:
    """The conformance matrix, aggregated over formats and quantities."""
    required: dict[str, bool] = {}
    for audit in record.subjects:
        for check in audit.checks:
            required[check.check] = required.get(check.check, False) or check.required
    names = sorted(required, key=lambda name: not required[name])
    rows = tuple(
        MatrixRow(name, required[name], tuple(_matrix_cell(audit, name) for audit in record.subjects))
        for name in names
    )
    return Matrix(tuple(audit.subject for audit in record.subjects), rows)


def _matrix_cell(audit: AuditResult, name: str) -> MatrixCell:
    by_state: dict[str, list[CheckResult]] = {key: [] for key in STATES}
    for check in audit.checks:
        if check.check == name:
            by_state[_state(check)].append(check)
    worst = next((key for key, checks in by_state.items() if checks), "absent")
    state, found = STATES[worst], by_state[worst]
    if worst in ("passed", "absent"):
        return MatrixCell(state, "", f"{audit.subject}: {state.meaning}")
    formats = _in_order(check.format for check in found)
    judged = {c.format for c in audit.checks if c.check == name and c.status != "not applicable"}
    everywhere = judged == set(formats) and len(formats) > 1
    short = "all" if everywhere else " ".join(map(short_format, formats))
    where = "; ".join(f"{fmt}{_quantities(found, fmt)}" for fmt in formats)
    return MatrixCell(state, short, f"{audit.subject}: {state.meaning} in {where}")


def _state(check: CheckResult) -> str:
    if check.status == "failed":
        return "failed" if check.required else "finding"
    return "absent" if check.status == "not applicable" else check.status


def _quantities(checks: Iterable[CheckResult], fmt: str) -> str:
    names = dict.fromkeys(c.quantity for c in checks if c.format == fmt and c.quantity)
    return f" ({', '.join(names)})" if names else ""


def _in_order(formats: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(formats), key=format_rank))


def format_rank(name: str) -> tuple[int, str]:
    """Sort key of a format's name: most asked for first, unknown ones last by name."""
    return (FORMAT_ORDER.index(name) if name in FORMAT_ORDER else len(FORMAT_ORDER), name)
