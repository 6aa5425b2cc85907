"""The kill matrix: every fault audited, and which checks caught it, how fast, with which counterexample."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.contract import CHECKS
from stablelce.conformance.faults.base import Fault, subject_of
from stablelce.conformance.faults.results import Catch, FaultRow
from stablelce.conformance.points import Tier
from stablelce.conformance.results import AuditResult
from stablelce.conformance.runner import audit

__all__ = ["caught_by", "judge", "rows"]

ORDER = tuple(check.name for check in (*POINT_CHECKS, *ARRAY_CHECKS)) + ("warnings and output",)


def judge(fault: Fault, tier: Tier | None = None, seed: int = 0) -> AuditResult:
    """Audit a fault at its tier, or another; what it leaves behind in the process is undone."""
    try:
        return audit(subject_of(fault), tier=tier or fault.tier, profile=fault.profile, seed=seed)
    finally:
        if fault.mend is not None:
            fault.mend()


def caught_by(result: AuditResult) -> dict[str, str]:
    """The checks that failed, with the failure mode that each named first."""
    found: dict[str, str] = {}
    for check in result.checks:
        if check.status == "failed":
            found.setdefault(check.check, check.mode)
    return {name: found[name] for name in CHECKS if name in found}


def row(fault: Fault, seed: int = 0) -> FaultRow:
    """One line of the matrix."""
    started = time.perf_counter()
    result = judge(fault, seed=seed)
    seconds = time.perf_counter() - started
    catches: dict[str, Catch] = {}
    for check in result.checks:
        if check.status == "failed" and check.check not in catches:
            catches[check.check] = Catch(
                check=check.check,
                required=CHECKS[check.check].required,
                mode=check.mode,
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
        seconds=round(seconds, 2),
    )


def rows(
    faults: Iterable[Fault], progress: Callable[[int, str], None] | None = None
) -> tuple[FaultRow, ...]:
    """The matrix over these faults."""
    made = []
    for done, fault in enumerate(faults):
        if progress is not None:
            progress(done, fault.name)
        made.append(row(fault))
    return tuple(made)
