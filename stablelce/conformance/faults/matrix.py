"""The kill matrix: every fault audited, and which checks caught it, how fast, with which counterexample."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults.base import Fault, subject_of
from stablelce.conformance.faults.results import Catch, CheckRow, FaultRow
from stablelce.conformance.faults.tolerances import let_through
from stablelce.conformance.points import Tier
from stablelce.conformance.results import AuditResult, CheckResult
from stablelce.conformance.runner import audit

__all__ = ["ASKS_THE_ORACLE", "caught_by", "checks", "judge", "row", "rows"]

ASKS_THE_ORACLE = ("accuracy", "hard cases", "tails", "subnormals", "weights")
"""Checks that compare with exact values. The others stand even if the oracle were wrong."""


def judge(
    fault: Fault,
    tier: Tier | None = None,
    seed: int = 0,
    on_check: Callable[[CheckResult], object] | None = None,
) -> AuditResult:
    """Audit a fault at its tier, or another; it starts afresh, and what it leaves behind is undone."""
    fault.mend()
    try:
        return audit(
            subject_of(fault), tier=tier or fault.tier, profile=fault.profile, seed=seed, on_check=on_check
        )
    finally:
        fault.mend()


def caught_by(result: AuditResult) -> dict[str, str]:
    """The checks that failed, each with the failure mode that it named first."""
    found: dict[str, str] = {}
    for check in result.checks:
        if check.status == "failed":
            found.setdefault(check.check, check.mode)
    return found


def row(fault: Fault, seed: int = 0) -> FaultRow:
    """One line of the matrix."""
    started = time.perf_counter()
    first: dict[str, float] = {}

    def on_check(outcome: CheckResult) -> None:
        if outcome.status == "failed":
            first.setdefault(outcome.check, time.perf_counter() - started)

    result = judge(fault, seed=seed, on_check=on_check)
    seconds = time.perf_counter() - started
    catches: dict[str, Catch] = {}
    for check in result.checks:
        if check.status == "failed" and check.check not in catches:
            catches[check.check] = Catch(
                check=check.check,
                required=CHECKS[check.check].required,
                mode=check.mode,
                seconds=round(first[check.check], 3),
                counterexample=check.counterexample,
            )
    return FaultRow(
        name=fault.name,
        formula=fault.formula,
        quantity=fault.quantity,
        kind=fault.kind,
        failure_mode=fault.failure_mode,
        url=fault.url,
        formats=fault.formats,
        tier=fault.tier,
        profile=fault.profile,
        catches=tuple(catches[name] for name in CHECKS if name in catches),
        seconds=round(seconds, 3),
        let_through=let_through(fault),
    )


def rows(faults: Iterable[Fault], progress: Callable[[int, str], None] | None = None) -> tuple[FaultRow, ...]:
    """The matrix over these faults."""
    made = []
    for done, fault in enumerate(faults):
        if progress is not None:
            progress(done, fault.name)
        made.append(row(fault))
    return tuple(made)


def checks(faults: Iterable[FaultRow]) -> tuple[CheckRow, ...]:
    """For each check what it catches, and what it alone does.

    ``alone``: no other required check, or none at all for an informational one, fails.
    ``alone_without_oracle``: no other check that asks no oracle does. ``alone_in_naming``: another check
    fails, but none of them names this failure mode.
    """
    table = {one.name: {catch.check: catch for catch in one.catches} for one in faults}
    made = []
    for name, spec in CHECKS.items():
        caught = [fault for fault, found in table.items() if name in found]
        alone, without, naming = [], [], []
        for fault in caught:
            others = [one for one in table[fault].values() if one.check != name]
            rivals = [one for one in others if one.required or not spec.required]
            if not rivals:
                alone.append(fault)
            if name not in ASKS_THE_ORACLE and all(one.check in ASKS_THE_ORACLE for one in rivals):
                without.append(fault)
            if all(one.mode != table[fault][name].mode for one in rivals):
                naming.append(fault)
        made.append(
            CheckRow(
                check=name,
                required=spec.required,
                catches=tuple(caught),
                alone=tuple(alone),
                alone_without_oracle=tuple(without),
                alone_in_naming=tuple(naming),
            )
        )
    return tuple(made)
