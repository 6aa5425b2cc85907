"""From audits to the record of the field: one finding for each check and quantity that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stablelce.conformance import provenance as shared
from stablelce.conformance.peers.results import Peer, PeerAccuracy, PeerFinding
from stablelce.conformance.peers.threads import DATA, threads_for
from stablelce.conformance.results import AuditResult, CheckResult

__all__ = ["sources", "summarise"]

_PACKAGE = Path(__file__).resolve().parents[2]

_ORDER = ("float32", "float64", "float16", "bfloat16")
"""Formats, most used first: the example of a finding is that of the first in which it fails."""


def summarise(audit: AuditResult) -> Peer:
    """What is worth knowing of one audit."""
    failed: dict[tuple[str, str | None], list[CheckResult]] = {}
    for check in sorted(audit.checks, key=lambda check: _ORDER.index(check.format)):
        if check.status == "failed":
            failed.setdefault((check.check, check.quantity), []).append(check)
    return Peer(
        subject=audit.subject,
        version=audit.version,
        device=audit.device,
        threads=audit.threads,
        tier=audit.tier,
        seconds=audit.seconds,
        profiles=audit.profiles,
        accuracy=tuple(
            PeerAccuracy(
                quantity=row.quantity,
                format=row.format,
                targets=row.targets,
                points=row.points,
                right=row.correctly_rounded,
                zeros=row.zeros,
                largest_error=row.largest_error,
                worst=row.worst,
            )
            for row in audit.accuracy
        ),
        findings=tuple(_finding(audit.subject, checks) for checks in failed.values()),
    )


def _finding(subject: str, checks: Sequence[CheckResult]) -> PeerFinding:
    first = checks[0]
    formats = tuple(check.format for check in checks)
    return PeerFinding(
        check=first.check,
        quantity=first.quantity,
        formats=formats,
        required=first.required,
        mode=first.mode,
        message=first.message,
        example=first.counterexample,
        reproducer=first.reproducer,
        threads=threads_for(subject, first.quantity, first.check, formats),
    )


def sources() -> tuple[str, ...]:
    """The files that the record depends on: those of every audit, this folder, and the data on threads."""
    own = [*Path(__file__).parent.glob("*.py"), DATA]
    return tuple(
        sorted({*shared.sources(), *(path.resolve().relative_to(_PACKAGE).as_posix() for path in own)})
    )
