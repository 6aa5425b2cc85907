"""Audits of the examples that are asked in text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from stablelce.conformance import runner
from stablelce.conformance.checks import arrays
from stablelce.conformance.points import budget
from stablelce.conformance.results import AuditResult

__all__ = ["audit_with_less_text"]


def audit_with_less_text(subject: str, **arguments: Any) -> AuditResult:
    """An audit of the smoke tier with shorter arrays, which take most of its time as text."""
    plan = replace(budget("smoke"), screen=1 << 9)
    with patch.object(runner, "budget", lambda _tier: plan), patch.object(arrays, "LARGE", (4001,)):
        return runner.audit(subject, tier="smoke", **arguments)
