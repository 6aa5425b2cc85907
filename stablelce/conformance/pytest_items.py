"""What pytest collects and runs for a subject: one item for each check, quantity and format.

Results that are known at certain points only are judged when they are collected, and their items tell.

An item fails with what an audit prints for its check, reproducer included. A required check that fails is a
failure, an informational one an expected failure; a check that does not apply, or cannot tell, is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stablelce.conformance.auditor import Auditor
from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.contract import PROFILES
from stablelce.conformance.offered import offered_formats, offered_quantities
from stablelce.conformance.points import TIERS, budget
from stablelce.conformance.results import AuditResult, CheckResult, Record
from stablelce.conformance.scoring import score
from stablelce.conformance.subjects import Subject, SubjectError, SubjectFault, resolve
from stablelce.formats import Format, find_format

__all__ = ["Findings", "SuiteFile"]

_KEY = "stablelce"
"""Where a report carries the finding: under pytest-xdist, items run in other processes."""

_NOT_WRITTEN = 2
"""Exit status of a run whose record could not be written."""


class SuiteFile(pytest.File):
    """The items of all subjects named."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each check, in the order of the contract."""
        config = self.config
        expected = _expected_failures(config)
        found = []
        for spec in dict.fromkeys(config.getoption("--lce-subject")):
            try:
                subject = resolve(spec, config.getoption("--lce-quantity"))
                found += list(self._items(subject))
            except SubjectError as error:
                raise pytest.UsageError(str(error)) from None
            except SubjectFault as fault:
                raise pytest.UsageError(f"subject {spec!r} could not be started: {fault}.") from None
        for item in found:
            if item.name in expected:
                item.add_marker(pytest.mark.xfail(reason=expected.pop(item.name), strict=True))
        if expected:
            raise pytest.UsageError(
                f"{config.getoption('--lce-expected-failures')}: there is no item {next(iter(expected))!r}; "
                "names are listed by --collect-only -q, after the last '::'."
            )
        return iter(found)

    def _items(self, subject: Subject) -> Iterator[CheckItem]:
        return self._calls(subject) if subject.points is None else self._scored(subject)

    def _calls(self, subject: Subject) -> Iterator[CheckItem]:
        """An item for each check of a subject that can be called."""
        option = self.config.getoption
        wanted = [find_format(name) for name in option("--lce-format")] or None
        auditor = Auditor(
            subject, budget(option("--lce-tier")), option("--lce-profile"), option("--lce-allow-ftz"), 0
        )
        formats = offered_formats(subject, wanted)
        if not formats:
            raise SubjectError(f"subject {subject.name!r} offers none of the formats that were asked for.")
        for fmt in formats:
            for quantity in offered_quantities(subject, fmt):
                part = AuditResult(
                    subject=subject.name,
                    version=subject.version,
                    device=subject.device,
                    threads=subject.threads,
                    isolated=subject.isolated,
                    tier=option("--lce-tier"),
                    required_profile=option("--lce-profile"),
                    offered={fmt.dtype_name: (quantity,)},
                    profiles={},
                    accuracy=(),
                    checks=(),
                    seconds=0.0,
                )
                checks = [(check.name, check.quantities) for check in POINT_CHECKS]
                checks += [(check.name, check.quantities) for check in ARRAY_CHECKS]
                for check in (check for check, quantities in checks if quantity in quantities):
                    yield self._item(part, fmt, quantity, check, partial(auditor.check, fmt, quantity, check))

    def _scored(self, subject: Subject) -> Iterator[CheckItem]:
        """An item for each check of results that were computed elsewhere."""
        option = self.config.getoption
        found = score(
            subject,
            profile=option("--lce-profile"),
            allow_ftz=option("--lce-allow-ftz"),
            formats=option("--lce-format") or None,
        )
        part = found.model_copy(update={"checks": ()})
        for check in found.checks:
            fmt, quantity = find_format(check.format), check.quantity or ""
            yield self._item(part, fmt, quantity, check.check, partial(_same, check))

    def _item(
        self, part: AuditResult, fmt: Format, quantity: str, check: str, judge: Callable[[], CheckResult]
    ) -> CheckItem:
        name = "-".join([part.subject, fmt.dtype_name, quantity, _slug(check)])
        item: CheckItem = CheckItem.from_parent(self, name=name, part=part, judge=judge)
        return item


def _same(check: CheckResult) -> CheckResult:
    return check


def _slug(check: str) -> str:
    """``infinite_logits_hard_targets``: a name that a shell takes without quotes."""
    return check.replace(",", "").replace(" ", "_")


class CheckItem(pytest.Item):
    """One check of one quantity in one format: how it is judged, and what is known beside its outcome."""

    def __init__(self, *, part: AuditResult, judge: Callable[[], CheckResult], **rest: Any) -> None:
        super().__init__(**rest)
        self.part, self.judge = part, judge

    def runtest(self) -> None:
        """Run the check; its outcome becomes that of the item."""
        result = self.judge()
        told = self.part.model_copy(update={"checks": (result,)})
        self.user_properties.append((_KEY, told.to_json()))
        if result.status == "failed" and result.required:
            raise CheckFailedError(result)
        if result.status == "failed":
            pytest.xfail(f"informational: {result.mode or result.message}")
        if result.status != "passed":
            pytest.skip(f"{result.status}: {result.message or 'nothing to judge'}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the check found, without a traceback of the suite."""
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the item stands: nowhere in particular, so its name says it all."""
        return self.path, None, self.name


class CheckFailedError(AssertionError):
    """A required check failed; the text is for a person."""

    def __init__(self, result: CheckResult) -> None:
        lines = [f"{result.failures} of {result.points} points, {result.mode}: {result.message}"]
        example = result.counterexample
        if example is not None:
            shown = {"z": example.z, "t": example.t, "got": example.got, "want": example.want}
            lines += [
                f"{name:5} {v.decimal}  {v.hex}  {v.bits}" for name, v in shown.items() if v is not None
            ]
            lines += [f"error {example.error:.4g} units"] if example.error is not None else []
        if result.reproducer:
            lines += ["", "A script that shows it:", "", result.reproducer]
        super().__init__("\n".join(lines))


def _expected_failures(config: pytest.Config) -> dict[str, str]:
    """Reasons by the names of items."""
    path = config.getoption("--lce-expected-failures")
    if path is None:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise pytest.UsageError(f"cannot read {path!r}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise pytest.UsageError(f"cannot read {path!r}: it is not UTF-8.") from None
    found = {}
    for number, line in enumerate(lines, 1):
        name, *reason = (part.strip() for part in re.split(r"\s#", line.strip(), maxsplit=1))
        if not name or name.startswith("#"):
            continue
        if not (reason and reason[0]):
            raise pytest.UsageError(f"{path}, line {number}: give the reason after ' #'.")
        found[name] = reason[0]
    return found


class Findings:
    """Collects the findings of all items, in whichever process they ran, and writes them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.unwritten = ""
        self.found: dict[tuple[str, str], AuditResult] = {}
        _check_options(config)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the finding that a report carries."""
        if report.when != "call":
            return
        for key, value in report.user_properties:
            if key == _KEY:
                part = AuditResult.model_validate_json(str(value))
                known = self.found.get((part.subject, part.version))
                self.found[part.subject, part.version] = _merged(known, part, report.duration)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record; processes that only run items have none to write."""
        path = self.config.getoption("--lce-json")
        if path is None or hasattr(self.config, "workerinput"):
            return
        try:
            Path(path).write_text(self._record().to_json(), encoding="utf-8")
        except OSError as error:
            self.unwritten = f"stablelce: cannot write {path!r}: {error.strerror}."
            session.exitstatus = _NOT_WRITTEN

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say why there is no record."""
        if self.unwritten:
            terminalreporter.write_line(self.unwritten, red=True)

    def _record(self) -> Record:
        from stablelce.conformance.provenance import provenance

        command = " ".join(["pytest", *map(str, self.config.invocation_params.args)])
        made = provenance(command, ("numpy", "pytest"))
        return Record(provenance=made, subjects=tuple(self.found.values()))


def _merged(known: AuditResult | None, part: AuditResult, seconds: float) -> AuditResult:
    """What was found so far and what one more item found, in so many seconds."""
    if known is None:
        return part.model_copy(update={"seconds": part.seconds + seconds})
    offered = dict(known.offered)
    for fmt, quantities in part.offered.items():
        offered[fmt] = tuple(dict.fromkeys([*offered.get(fmt, ()), *quantities]))
    checks = (*known.checks, *part.checks)
    return known.model_copy(update={"offered": offered, "checks": checks, "seconds": known.seconds + seconds})


def _check_options(config: pytest.Config) -> None:
    """Refuse what is not known, before anything is collected."""
    for option, known in (("--lce-profile", PROFILES), ("--lce-tier", TIERS)):
        value = config.getoption(option)
        if value not in known:
            raise pytest.UsageError(f"{option} {value}: use one of {', '.join(known)}.")
    for name in config.getoption("--lce-format"):
        try:
            find_format(name)
        except ValueError as error:
            raise pytest.UsageError(f"--lce-format: {error}") from None
    path = config.getoption("--lce-json")
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise pytest.UsageError(
            f"--lce-json {path}: there is no folder {str(Path(path).parent)!r}; make it first."
        )
    if path is not None and Path(path).is_dir():
        raise pytest.UsageError(f"--lce-json {path}: it is a folder; name a file.")
