"""Functions of arrays whose arithmetic happens in a program of another process.

Arrays are broadcast and made contiguous here, so that a program sees columns of numbers only. When a call is
not answered, the program is started anew and the call is halved until the smallest input is found that has
the same effect; the audit then goes on with a fresh process.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.subjects.base import (
    FATAL,
    ONE_ARGUMENT,
    REFUSED,
    Deed,
    Subject,
    SubjectError,
    SubjectFault,
)
from stablelce.conformance.subjects.notation import printable
from stablelce.conformance.subjects.process import Child, Limits
from stablelce.conformance.subjects.protocol import GREETING, Offer, Request, read_offer
from stablelce.formats import FORMATS, find_format

__all__ = ["Foreign", "RaisedError"]

_START_SECONDS = 10.0
"""For the first line of a program: run-time systems that compile themselves take their time."""

_WASTE = 10
"""Time limits that calls without an answer may take together before a subject is called no more."""


class RaisedError(Exception):
    """A program answered ``error``."""


class Foreign:
    """A program as a subject.

    Parameters
    ----------
    name : str
        The subject's string.
    command : sequence of str
        The program and its arguments.
    limits : Limits
        What it may take.
    watched : bool
        Whether its notes are observations of the suite's own host, and its memory tells of leaks.

    Raises
    ------
    SubjectError
        It cannot be started, or does not speak the protocol.
    SubjectFault
        It died or hung before it said what it offers.
    """

    def __init__(self, name: str, command: Sequence[str], limits: Limits, *, watched: bool = False) -> None:
        if os.name != "posix":
            raise SubjectError(f"subject {name!r}: libraries and programs are judged on POSIX systems only.")
        self.name, self.command, self.limits, self._watched = name, tuple(command), limits, watched
        self._observed: dict[tuple[str, str, str], Deed] = {}
        self._found: dict[tuple[str, str, str], SubjectFault] = {}
        self._known: dict[tuple[str, str, tuple[int, int]], SubjectFault] = {}
        self._wasted, self._asked = 0.0, 0
        self._child, self.offer = self._start()

    # -- as a subject --------------------------------------------------------------------------

    def subject(self, version: str, imports: str, expressions: dict[str, str]) -> Subject:
        """The subject that offers what the program does."""
        formats = [
            f.dtype_name for f in FORMATS if any(f.dtype_name in n for n in self.offer.formats.values())
        ]
        quantities = [quantity for quantity, names in self.offer.formats.items() if names]
        return Subject(
            name=self.name,
            functions={quantity: self._function(quantity) for quantity in quantities},
            formats=tuple(formats),
            version=version,
            imports=imports,
            expressions=expressions,
            isolated=True,
            fewer_formats={q: tuple(self.offer.formats[q]) for q in quantities},
            process=self,
        )

    def observed(self, *starts: str) -> tuple[Deed, ...]:
        """The notes of the suite's own host that begin so, since they were asked for last."""
        seen = {key: deed for key, deed in self._observed.items() if deed.text.startswith(starts)}
        self._observed = {key: deed for key, deed in self._observed.items() if key not in seen}
        return tuple(seen.values())

    def renew(self) -> None:
        """End the process, so that the next call is the first of a fresh one."""
        self._child.close()

    def resident(self) -> int | None:
        """Bytes of memory in use by a process whose memory tells of leaks."""
        return self._child.resident() if self._watched else None

    def _function(self, quantity: str) -> Callable[..., Any]:
        def compute(z: npt.NDArray[Any], t: Any = None) -> Any:
            inputs = [np.asarray(z)] if quantity in ONE_ARGUMENT else [np.asarray(z), np.asarray(t)]
            fmt = find_format(inputs[0].dtype)
            shape = np.broadcast_shapes(*(array.shape for array in inputs))
            columns = tuple(fmt.encodings(np.broadcast_to(array, shape)).ravel() for array in inputs)
            results = self.evaluate(Request(quantity, fmt, columns, self.offer.encoding))
            arrays = tuple(fmt.array(result).reshape(shape) for result in results)
            return arrays if len(arrays) > 1 else arrays[0]

        return compute

    # -- asking --------------------------------------------------------------------------------

    def evaluate(self, request: Request) -> tuple[npt.NDArray[Any], ...]:
        """The results of a request.

        Raises
        ------
        SubjectFault
            It was not answered; the fault names the smallest input that was found to do it.
        RaisedError
            The answer is an error.
        """
        where = request.quantity, request.fmt.dtype_name
        if request.points == 1 and (*where, request.point()) in self._known:
            raise self._known[*where, request.point()]
        if self._wasted > _WASTE * self.limits.seconds:
            raise SubjectFault(REFUSED, "not called any more, since calls without an answer took too long")
        try:
            return self._ask(request)
        except SubjectFault as fault:
            raise self._located(request, fault) from None

    def _located(self, request: Request, fault: SubjectFault) -> SubjectFault:
        """The fault with an input that is enough to cause it; the search is made once for each kind."""
        where = request.quantity, request.fmt.dtype_name
        found = self._found.get((*where, fault.mode))
        by_itself = self._asked == 1 or (found is not None and found.point is not None)
        if request.points == 1 and by_itself:
            found = SubjectFault(fault.mode, str(fault), request.point())
        elif found is None or request.points == 1:
            found = self._search(request, fault)
        elif found.point is not None:
            found = SubjectFault(fault.mode, f"{fault}{_at(request, found.point)}", found.point)
        self._found.setdefault((*where, fault.mode), found)
        if found.point is not None:
            self._known[*where, found.point] = found
        return found

    def _search(self, request: Request, fault: SubjectFault) -> SubjectFault:
        """The fault with the smallest part of a request that causes it, found by halving."""
        # To wait in vain is called so earlier here; the input that is found gets all the time there is.
        seconds = self.limits.seconds / 10 if self._wasted > self.limits.seconds / 2 else None
        modes = {fault.mode} if seconds is None else FATAL | {fault.mode}  # sooner, it may end otherwise
        part = request
        while part.points > 1:
            half = part.points // 2
            halves = (part.take(slice(half)), part.take(slice(half, None)))
            found = next((one for one in halves if self._causes(one, modes, seconds)), None)
            if found is None:
                break
            part = found
        self.renew()  # what an earlier call has led to is not the doing of an input
        if not self._causes(part, FATAL | {fault.mode}, None):
            why = "it takes an earlier call, no input does it in a fresh process"
            if seconds is not None:
                why = "no input was found to do it alone"
        elif part.points == 1:
            return SubjectFault(fault.mode, str(fault), part.point())
        else:
            why = f"it takes an array of {part.points}, no input does it alone"
        return SubjectFault(fault.mode, f"{fault}; {why}")

    def _causes(self, request: Request, modes: Collection[str], seconds: float | None) -> bool:
        try:
            self._ask(request, seconds)
        except SubjectFault as fault:
            return fault.mode in modes
        except RaisedError:
            return False
        return False

    def _ask(self, request: Request, seconds: float | None = None) -> tuple[npt.NDArray[Any], ...]:
        if not self._child.alive:
            self._child, _ = self._start()
            self._asked = 0
        self._asked += 1
        started = time.monotonic()
        try:
            answer = self._child.ask(request.to_bytes(), request.read, request.longest, seconds)
        except SubjectFault:
            self._wasted += time.monotonic() - started
            raise
        if answer.fault is not None:
            self._child.close()  # what a function does to memory that is not its own outlives the call
            mode, _, detail = answer.fault.partition(": ")
            raise SubjectFault(mode, detail or f"it {mode}")
        self._hear(request, answer.notes)
        if answer.error is not None:
            raise RaisedError(answer.error)
        return answer.results

    def _hear(self, request: Request, notes: tuple[str, ...]) -> None:
        """Keep observations; print the rest here, as if the program had run here."""
        for note in notes:
            if self._watched:
                deed = Deed(note, request.quantity, request.fmt.dtype_name, request.columns)
                self._observed.setdefault(deed[:3], deed)
            else:
                print(note)
        if self._child.noise:
            print(printable(self._child.noise.decode("utf-8", "replace")), end="", file=sys.stderr)
            self._child.noise = b""

    def _start(self) -> tuple[Child, Offer]:
        try:
            child = Child(self.command, self.limits)
        except OSError as error:
            raise SubjectError(
                f"subject {self.name!r}: {self.command[0]!r} cannot be started ({error.strerror}); "
                f"check its path, and that it may be run."
            ) from None
        try:
            longest = 1 << 16
            return child, child.ask(GREETING, read_offer, longest, max(_START_SECONDS, self.limits.seconds))
        except SubjectFault as fault:
            if fault.mode != "wrote no answer":
                raise
            raise SubjectError(
                f"subject {self.name!r} does not speak the protocol: {fault}; "
                f"see the docstring of stablelce.conformance.subjects.protocol."
            ) from None


def _at(request: Request, point: tuple[int, int]) -> str:
    z, t = (float(value) for value in request.fmt.array(point))
    target = "" if len(request.columns) == 1 else f", t = {t!r}"
    return f", as it does at z = {z!r}{target}"
