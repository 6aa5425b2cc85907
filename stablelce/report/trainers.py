"""The page of trainers: ``python -m stablelce.report.trainers reports/trainers/trainers.json``.

``README.md`` beside the record is a view of it; nothing is measured here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator

from stablelce.conformance.trainers.results import TrainerCheck, TrainerRecord, TrainerResult
from stablelce.report.markdown import escaped
from stablelce.report.record_page import how_made, write_page

__all__ = ["main", "trainers_markdown"]

_SYMBOLS = {"passed": "✓", "failed": "✗", "inconclusive": "?", "not applicable": "–"}


def trainers_markdown(record: TrainerRecord) -> str:
    """The page: verdicts and digits, the matrix of checks, every finding, how the record was made."""
    sections = (
        _opening(record),
        _glance(record),
        _matrix(record),
        _findings(record),
        how_made(record.provenance, "trainers.json"),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def _opening(record: TrainerRecord) -> Iterator[str]:
    yield "# Trainers of logistic regression against the certified optimum"
    yield ""
    yield (
        "Made from [trainers.json](trainers.json) by `python -m stablelce.report.trainers`; do not edit. "
        "Each trainer was fitted to small fixed problems with a certified optimum: coefficients are compared "
        "with the correctly rounded ones, steps of gradient descent with exact steps."
    )
    for name, reason in record.absent.items():
        yield from ("", f"Not judged: {escaped(name)}: {escaped(reason)}")


def _glance(record: TrainerRecord) -> Iterator[str]:
    yield "## At a glance"
    yield ""
    yield (
        "Digits are the least correct decimal digits of any coefficient, rounded down; 15.9 is every bit. "
        "Benign problems: features of unit size, a condition below 100; four digits are required there. "
        "Hard ones: unscaled features, nearly collinear columns, nearly separable classes. Extreme: a column "
        "times 2^465 or 2^-465."
    )
    yield ""
    names = ("optimum", "soft targets", "hard problems", "extreme features, digits")
    rows = [
        [
            _name(one),
            _options(one),
            *(digits(one.check(name)) for name in names),
            _verdict(one),
        ]
        for one in record.trainers
    ]
    yield from _table(
        ["trainer", "options", "benign", "soft targets", "hard", "extreme", "required checks"], rows
    )


def _name(one: TrainerResult) -> str:
    known = one.version.startswith(("scikit-learn", "statsmodels"))
    return f"{one.trainer} ({one.version})" if known else f"{one.trainer} (version {one.version})"


def _options(one: TrainerResult) -> str:
    return ", ".join(f"{key}={value}" for key, value in one.options.items()) or "defaults"


def digits(check: TrainerCheck) -> str:
    """Digits rounded down to a tenth, so that 3.97 does not read as the 4.0 that is asked for."""
    if check.status == "not applicable":
        return "–"
    return "none" if check.digits is None else f"{math.floor(10 * check.digits) / 10:.1f}"


def _verdict(one: TrainerResult) -> str:
    judged = sum(c.required and c.status in ("passed", "failed") for c in one.checks)
    return f"all {judged} hold" if one.passed else f"{len(one.failed)} of {judged} fail"


def _matrix(record: TrainerRecord) -> Iterator[str]:
    yield "## Checks"
    yield ""
    yield "; ".join(f"{symbol} {status}" for status, symbol in _SYMBOLS.items()) + "."
    yield ""
    checks = [(one.check, one.required) for one in record.trainers[0].checks] if record.trainers else []
    rows = [
        [
            name if required else f"{name} (informational)",
            *(_SYMBOLS[one.check(name).status] for one in record.trainers),
        ]
        for name, required in checks
    ]
    yield from _table(["check", *(one.trainer for one in record.trainers)], rows)


def _findings(record: TrainerRecord) -> Iterator[str]:
    yield "## Findings"
    for one in record.trainers:
        amiss = [check for check in one.checks if check.status in ("failed", "inconclusive")]
        if not amiss:
            continue
        yield from ("", f"### {escaped(one.trainer)}", "")
        for check in amiss:
            kind = check.status if check.required else f"{check.status}, informational"
            mode = f", {escaped(check.mode)}" if check.mode else ""
            yield f"* **{escaped(check.check)}** ({kind}{mode}): {escaped(check.message)}"


def _table(header: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(escaped(cell) for cell in cells)} |"


def main(arguments: list[str]) -> int:
    """Write the page beside the record; 0 when it stands there, 2 when it cannot."""
    usage = "python -m stablelce.report.trainers reports/trainers/trainers.json"
    return write_page(arguments, usage, "trainers", TrainerRecord.model_validate_json, trainers_markdown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
