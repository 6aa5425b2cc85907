"""What pytest collects and runs for a subject: one item for each check, quantity and format.

An item fails with what an audit prints for its check, reproducer included. A required check that fails is a
failure, an informational one an expected failure; a check that does not apply, or cannot tell, is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stablelce.conformance.auditor import Auditor
from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.contract import PROFILES
from stablelce.conformance.offered import offered_formats, offered_quantities
from stablelce.conformance.points import TIERS, budget
from stablelce.conformance.results import AuditResult, CheckResult, Record
from stablelce.conformance.subjects import Subject, SubjectError, SubjectFault, resolve
from stablelce.formats import Format, find_format

__all__ = ["Findings", "SuiteFile"]

_KEY = "stablelce"
"""Where a report carries the finding: under pytest-xdist, items run in other processes."""


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
                checks = [(check.name, check.quantities) for check in POINT_CHECKS]
                checks += [(check.name, check.quantities) for check in ARRAY_CHECKS]
                for check in (check for check, quantities in checks if quantity in quantities):
                    name = "-".join([subject.name, fmt.dtype_name, quantity, _slug(check)])
                    yield CheckItem.from_parent(
                        self, name=name, auditor=auditor, fmt=fmt, quantity=quantity, check=check
                    )


def _slug(check: str) -> str:
    """``infinite_logits_hard_targets``: a name that a shell takes without quotes."""
    return check.replace(",", "").replace(" ", "_")


class CheckItem(pytest.Item):
    """One check of one quantity in one format."""

    def __init__(self, *, auditor: Auditor, fmt: Format, quantity: str, check: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.auditor, self.fmt, self.quantity, self.check = auditor, fmt, quantity, check

    def runtest(self) -> None:
        """Run the check; its outcome becomes that of the item."""
        result = self.auditor.check(self.fmt, self.quantity, self.check)
        subject = self.auditor.runs[self.fmt].subject
        self.user_properties.append((_KEY, [subject.name, subject.version, result.model_dump_json()]))
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
        name, _, reason = (part.strip() for part in line.partition("#"))
        if name and not reason:
            raise pytest.UsageError(f"{path}, line {number}: give the reason after '#'.")
        if name:
            found[name] = reason
    return found


class Findings:
    """Collects the findings of all items, in whichever process they ran, and writes them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.found: dict[tuple[str, str], list[CheckResult]] = {}
        _check_options(config)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the finding that a report carries."""
        if report.when != "call":
            return
        for key, value in report.user_properties:
            if key == _KEY:
                told: Any = value
                name, version, text = told
                self.found.setdefault((name, version), []).append(CheckResult.model_validate_json(text))

    def pytest_sessionfinish(self) -> None:
        """Write the record; processes that only run items have none to write."""
        path = self.config.getoption("--lce-json")
        if path is not None and not hasattr(self.config, "workerinput"):
            Path(path).write_text(self._record().to_json(), encoding="utf-8")

    def _record(self) -> Record:
        from stablelce.conformance.provenance import provenance

        option = self.config.getoption
        command = " ".join(["pytest", *map(str, self.config.invocation_params.args)])
        return Record(
            provenance=provenance(command, ("numpy", "pytest")),
            subjects=tuple(
                AuditResult(
                    subject=name,
                    version=version,
                    isolated=False,
                    tier=option("--lce-tier"),
                    required_profile=option("--lce-profile"),
                    offered=_offered(checks),
                    profiles={},
                    accuracy=(),
                    checks=tuple(checks),
                    seconds=0.0,
                )
                for (name, version), checks in self.found.items()
            ),
        )


def _offered(checks: list[CheckResult]) -> dict[str, tuple[str, ...]]:
    """The quantities that were judged, by format."""
    by_format: dict[str, dict[str, None]] = {}
    for check in checks:
        by_format.setdefault(check.format, {})[check.quantity or ""] = None
    return {fmt: tuple(quantities) for fmt, quantities in by_format.items()}


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
