"""Does an implementation keep the contract? :func:`audit` answers, with the simplest inputs that say no."""

from stablelce.conformance.runner import audit
from stablelce.conformance.subjects import AbsentSubjectError, Subject, SubjectError

__all__ = ["AbsentSubjectError", "Subject", "SubjectError", "audit"]
