"""Subjects: the implementations that the suite can judge, and how a string names one.

:func:`resolve` turns a string into a :class:`Subject`, :func:`from_object` does so for a Python object.
An adapter is a module here with one function ``subject(name)``; `resolve.ADAPTERS` lists them all, and
each is imported only when it is asked for.
"""

from __future__ import annotations

from stablelce.conformance.subjects.base import (
    KEYWORDS,
    ONE_ARGUMENT,
    QUANTITIES,
    AbsentSubjectError,
    Subject,
    SubjectError,
    SubjectFault,
)
from stablelce.conformance.subjects.resolve import KNOWN, resolve
from stablelce.conformance.subjects.user import from_object

__all__ = [
    "KEYWORDS",
    "KNOWN",
    "ONE_ARGUMENT",
    "QUANTITIES",
    "AbsentSubjectError",
    "Subject",
    "SubjectError",
    "SubjectFault",
    "from_object",
    "resolve",
]
