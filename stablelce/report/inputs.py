"""Single inputs of the report: the ones worth remembering, and the worst ones of each subject."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from stablelce.conformance.results import AuditResult, Counterexample, Record, Value
from stablelce.report.numbers import format_error
from stablelce.report.tables import format_rank

__all__ = ["Finding", "Memorable", "SubjectFindings", "memorable", "worst_inputs"]

MEMORABLE_ERROR = 64.0
"""Units from which an input is worth remembering: no profile allows more."""

MOST_MEMORABLE = 5
MOST_FINDINGS = 6
"""Inputs shown per subject; the record holds all of them."""

PROFILE_ORDER = ("correctly-rounded", "faithful", "accurate", "stable", None)


@dataclass(frozen=True)
class Memorable:
    """One input with what some subjects returned there and what is right."""

    subjects: tuple[str, ...]
    quantity: str
    format: str
    z: str
    t: str | None
    got: str
    want: str
    error: str
    call: str


@dataclass(frozen=True)
class Finding:
    """A failure of one subject: the checks that fail there, the input, and a call to paste.

    ``formats`` are all formats in which the first of these checks fails; ``format`` is that of the
    input shown, the one with the largest error.
    """

    checks: tuple[str, ...]
    required: bool
    quantity: str | None
    format: str
    formats: tuple[str, ...]
    message: str
    error: float | None
    example: Counterexample | None

    @property
    def shown_error(self) -> str | None:
        """The error, ready to print."""
        return None if self.error is None else format_error(self.error)

    @property
    def values(self) -> tuple[tuple[str, Value], ...]:
        """The numbers of the example, each with its name, in the order z, t, got, want."""
        if self.example is None:
            return ()
        named = (
            ("z", self.example.z),
            ("t", self.example.t),
            ("got", self.example.got),
            ("want", self.example.want),
        )
        return tuple((name, value) for name, value in named if value is not None)


@dataclass(frozen=True)
class SubjectFindings:
    """The worst findings of one subject, and how many more kinds the record holds."""

    subject: str
    shown: tuple[Finding, ...]
    more: int


def memorable(record: Record) -> tuple[Memorable, ...]:
    """At most five simple inputs where a result is far off, each with all subjects that return it.

    Kinds of failure (a quantity, and whether 0, an infinity or a NaN came out) are shown once each, those
    of the fewest subjects first; then inputs that show a subject failing in a quantity not yet shown.
    """
    found: dict[object, tuple[Counterexample, dict[str, None]]] = {}
    for audit in record.subjects:
        for example in _examples(audit):
            found.setdefault(_result_key(example), (example, {}))[1][audit.subject] = None
    candidates = sorted(found.values(), key=lambda candidate: _simplicity(candidate[0]))
    failing: dict[tuple[str, str], set[str]] = {}
    for example, subjects in candidates:
        failing.setdefault(_kind(example), set()).update(subjects)

    kinds = [kind for kind in failing if kind[1] != "number"]
    first_of_kind = [
        next(candidate for candidate in candidates if _kind(candidate[0]) == kind)
        for kind in sorted(kinds, key=lambda kind: len(failing[kind]))
    ]
    chosen: list[Memorable] = []
    shown: set[tuple[str, str]] = set()
    for example, subjects in first_of_kind + candidates:
        new = {(subject, example.quantity) for subject in subjects} - shown
        if new and len(chosen) < MOST_MEMORABLE:
            chosen.append(_memorable(tuple(subjects), example))
            shown |= new
    return tuple(chosen)


def _examples(audit: AuditResult) -> Iterator[Counterexample]:
    """The examples far enough off, those of checks, which were simplified, before the largest errors."""
    found = [check.counterexample for check in audit.checks if check.status == "failed"]
    found += [result.worst for result in audit.accuracy]
    for example in found:
        if example is None or example.got is None or example.want is None or example.error is None:
            continue
        if example.quantity in ("loss", "gradient") and example.error > MEMORABLE_ERROR:
            yield example


def _result_key(example: Counterexample) -> object:
    return _input_key(example), example.got.bits if example.got else ""


def _simplicity(example: Counterexample) -> tuple[bool, bool, int, int, float]:
    """Smaller is easier to remember: a result that is 0, inf or NaN, a wide format, few digits."""
    digits = len(_plain(example.z)) + (len(_plain(example.t)) if example.t else 0)
    narrow = example.format in ("float16", "bfloat16")
    wrong_number = _outcome(example) == "number"
    return wrong_number, narrow, digits, format_rank(example.format)[0], -(example.error or 0.0)


def _kind(example: Counterexample) -> tuple[str, str]:
    return example.quantity, _outcome(example)


def _outcome(example: Counterexample) -> str:
    got = math.nan if example.got is None else float(example.got.decimal)
    if math.isnan(got):
        return "nan"
    return "infinity" if math.isinf(got) else "zero" if got == 0 else "number"


def _memorable(subjects: tuple[str, ...], example: Counterexample) -> Memorable:
    return Memorable(
        subjects=subjects,
        quantity=example.quantity,
        format=example.format,
        z=_plain(example.z),
        t=_plain(example.t) if example.t else None,
        got=_plain(example.got) if example.got else "",
        want=_plain(example.want) if example.want else "",
        error=format_error(example.error or 0.0),
        call=example.call,
    )


def _plain(value: Value) -> str:
    return value.decimal.removesuffix(".0")


# -- the worst inputs of each subject --------------------------------------------------------------


def worst_inputs(record: Record) -> tuple[SubjectFindings, ...]:
    """For each subject with failures its worst ones, required checks first, then by error."""
    found = []
    for audit in record.subjects:
        findings = sorted(_same_input(_same_check(_failures(audit))), key=_severity)
        if findings:
            shown = tuple(findings[:MOST_FINDINGS])
            found.append(SubjectFindings(audit.subject, shown, len(findings) - len(shown)))
    return tuple(found)


def _failures(audit: AuditResult) -> Iterator[Finding]:
    """Failed checks, and accuracy results below the profile that was asked for."""
    asked = PROFILE_ORDER.index(audit.required_profile)
    for result in audit.accuracy:
        if PROFILE_ORDER.index(result.profile) > asked and result.worst is not None:
            yield Finding(
                checks=("accuracy",),
                required=True,
                quantity=result.quantity,
                format=result.format,
                formats=(result.format,),
                message="" if result.targets == "none" else f"{result.targets} targets",
                error=result.largest_error,
                example=result.worst,
            )
    for check in audit.checks:
        if check.status != "failed":
            continue
        example = check.counterexample
        yield Finding(
            checks=(check.check,),
            required=check.required,
            quantity=check.quantity,
            format=check.format,
            formats=(check.format,),
            message=": ".join(part for part in (check.mode, check.message) if part),
            error=example.error if example else None,
            example=example,
        )


def _same_check(findings: Iterator[Finding]) -> Iterator[Finding]:
    """One finding for each check and quantity: the worst, naming every format that fails."""
    groups: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.checks[0], finding.quantity), []).append(finding)
    for group in groups.values():
        formats = _in_order(finding.format for finding in group)
        yield replace(min(group, key=_severity), formats=formats)


def _same_input(findings: Iterator[Finding]) -> list[Finding]:
    """One finding for each input, naming every check that fails there."""
    merged: dict[object, Finding] = {}
    for finding in findings:
        key = _input_key(finding.example) if finding.example else (finding.checks, finding.quantity)
        first = merged.get(key)
        if first is None:
            merged[key] = finding
        else:
            merged[key] = replace(
                first,
                checks=first.checks + finding.checks,
                required=first.required or finding.required,
                formats=_in_order(first.formats + finding.formats),
            )
    return list(merged.values())


def _input_key(example: Counterexample) -> object:
    return example.quantity, example.format, example.z.bits, example.t.bits if example.t else ""


def _severity(finding: Finding) -> tuple[bool, float, int]:
    """Smaller is worse: required first, then the larger error; what has no error is wrong altogether."""
    error = math.inf if finding.error is None else finding.error
    return not finding.required, -error, format_rank(finding.format)[0]


def _in_order(formats: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(formats), key=format_rank))
