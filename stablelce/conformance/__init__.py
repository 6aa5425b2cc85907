"""Does an implementation keep the contract? :func:`audit` answers, with the simplest inputs that say no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stablelce.conformance.subjects import AbsentSubjectError, Subject, SubjectError

if TYPE_CHECKING:
    from stablelce.conformance.runner import audit

__all__ = ["AbsentSubjectError", "Subject", "SubjectError", "audit"]


def __getattr__(name: str) -> Any:
    # Late, because the runner loads all checks and their data, which commands that make the data lack.
    if name == "audit":
        from stablelce.conformance.runner import audit

        return audit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
