"""Python subjects in a process of their own for their calls, once they have taken down the audit's.

Calls are made in the audit's process where they can be: there they are seen to raise, to return lists, to
write to their arguments. A subject that dies or hangs in one of them is asked once more, by the protocol for
programs, which finds the smallest input that does it and goes on.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

from stablelce.conformance.subjects.base import REFUSED, Subject, SubjectFault
from stablelce.conformance.subjects.foreign import Foreign
from stablelce.conformance.subjects.process import Child, Limits
from stablelce.conformance.subjects.protocol import Offer, Request

__all__ = ["hosted"]

_HOST = "stablelce.conformance.subjects.python_host"

_PATIENCE = 3
"""Times the limit of a call: how long may be spent on starting the process again, which for a framework takes
seconds each time."""


class _Restarted(Foreign):
    """A process that takes long to start, and is not started for ever."""

    _starting: float | None = None  # seconds, those of the first start not counted

    def evaluate(self, request: Request) -> tuple[Any, ...]:
        known = (
            request.points == 1 and (request.quantity, request.fmt.dtype_name, request.point()) in self._known
        )
        if (self._starting or 0.0) > _PATIENCE * self.limits.seconds and not known:
            raise SubjectFault(REFUSED, "not called any more, since its process ended too often")
        return super().evaluate(request)

    def _start(self) -> tuple[Child, Offer]:
        started = time.monotonic()
        try:
            return super()._start()
        finally:
            taken = time.monotonic() - started
            self._starting = 0.0 if self._starting is None else self._starting + taken


def hosted(subject: Subject, quantity: str, limits: Limits) -> Subject:
    """The subject with its calls made in another process; it takes no weights there.

    Parameters
    ----------
    subject : Subject
        As :func:`resolve` returned it.
    quantity : str
        What it was asked for as.
    limits : Limits
        What the other process may take.

    Raises
    ------
    SubjectError, SubjectFault
        It cannot be started there, or dies when it is.
    """
    foreign = _Restarted(subject.name, [sys.executable, "-m", _HOST, subject.name, quantity], limits)
    asked = foreign.subject(subject.version, subject.imports, dict(subject.expressions))
    return replace(subject, functions=asked.functions, process=foreign, keywords=frozenset(), isolated=True)
