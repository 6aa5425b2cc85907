"""A program in a process of its own, with limits: started, asked, listened to, and ended.

Whatever it does ends as an answer or as a :class:`SubjectFault` that says what happened: it died, hung, wrote
without end, took too much memory, or wrote something else than an answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stablelce.conformance.subjects.base import SubjectFault
from stablelce.conformance.subjects.notation import ProtocolError

__all__ = ["DEFAULT_LIMITS", "Child", "Limits"]

Result = TypeVar("Result")
Read = Callable[[bytes], tuple[Result, int] | None]

_CHUNK = 1 << 16
_TICK = 0.05
"""Seconds between looks at the memory of a process that takes its time."""

_NOISE = 1 << 20
"""Bytes that a program may write to standard error in one call."""

_MIB = 1 << 20

_NOT_LOADED = 127
"""Status with which the system's loader gives up a program for which there is no memory."""

_MOST = 2**63 - 1
"""The largest limit that ``setrlimit`` takes."""


@dataclass(frozen=True)
class Limits:
    """What a program may take.

    Attributes
    ----------
    seconds : float
        For the answer to one request.
    memory : int
        MiB of resident memory.
    """

    seconds: float = 10.0
    memory: int = 2048


DEFAULT_LIMITS = Limits()


class Child:
    """A running program.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments; no shell reads them.
    limits : Limits
        What it may take.

    Raises
    ------
    OSError
        It cannot be started.
    """

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        self.limits = limits
        self.noise = b""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the suite, which then ends the program
            preexec_fn=_preparation(limits),  # noqa: PLW1509 - makes system calls only, and takes no lock
        )
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin, self._stdout, self._stderr = (
            stream.fileno() for stream in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream, False)
        self._status = Path(f"/proc/{self._process.pid}/statm")

    @property
    def alive(self) -> bool:
        return self._end.alive

    def close(self) -> None:
        """End the process, and what it started."""
        self._end()

    def resident(self) -> int | None:
        """Bytes of memory in use, where the system tells."""
        try:
            return int(self._status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError, ValueError):
            return None

    def ask(self, request: bytes, read: Read[Result], longest: int, seconds: float | None = None) -> Result:
        """Write a request and return what ``read`` makes of the answer.

        Parameters
        ----------
        request : bytes
            What is written.
        read : callable
            Given all that the program wrote, returns a result and how many bytes it took, or None until
            that is enough.
        longest : int
            Bytes in the longest answer that can be right.
        seconds : float, optional
            For the answer; the limit of the process unless given.

        Raises
        ------
        SubjectFault
            No answer came; the process is then gone.
        """
        try:
            return self._ask(request, read, longest, seconds or self.limits.seconds)
        except SubjectFault:
            self.close()
            raise
        except ProtocolError as error:
            self.close()
            raise SubjectFault("wrote no answer", str(error)) from None

    def _ask(self, request: bytes, read: Read[Result], longest: int, seconds: float) -> Result:
        left = memoryview(request)
        answer = bytearray()
        heard = 0
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            selector.register(self._stdin, selectors.EVENT_WRITE)
            while True:
                for key, _ in selector.select(_TICK):
                    if key.fd == self._stdout:
                        answer += self._read_answer()
                    elif key.fd == self._stdin and left:
                        left = left[self._write(left) :]
                    elif key.fd == self._stdin or not (more := self._listen()):
                        selector.unregister(key.fd)
                    else:
                        heard += more
                found = read(bytes(answer)) if answer else None
                if found is not None:
                    self._listen()
                    return self._whole(answer, *found)
                self._check(len(answer) > longest, heard)
                if time.monotonic() > deadline:
                    self._give_up(answer, seconds)

    def _read_answer(self) -> bytes:
        data = os.read(self._stdout, _CHUNK)
        if not data:
            self._listen()
            raise SubjectFault("process died", self._cause())
        return data

    def _listen(self) -> int:
        """Take in what is on standard error now; how many bytes."""
        heard = 0
        with contextlib.suppress(BlockingIOError):
            while heard <= _NOISE and (data := os.read(self._stderr, _CHUNK)):
                heard += len(data)
                self.noise = (self.noise + data)[:_CHUNK]
        return heard

    @staticmethod
    def _whole(answer: bytearray, result: Result, length: int) -> Result:
        if len(answer) > length:
            raise ProtocolError(f"it wrote {bytes(answer[length : length + 40])!r} after its answer")
        return result

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._stdin, data[:_CHUNK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(data)  # it reads no more; that it ends is seen on its output

    def _give_up(self, answer: bytearray, seconds: float) -> None:
        if answer.endswith(b"end\n"):
            raise ProtocolError(f"it ended its answer after {len(answer)} bytes, which are too few")
        limit = "--timeout" if seconds == self.limits.seconds else "for its start, whatever --timeout says"
        raise SubjectFault(
            "hung",
            f"no whole answer came within {seconds:g} s ({limit}) but {len(answer)} bytes; "
            f"it was ended (a program must flush its output after each answer)",
        )

    def _check(self, too_long: bool, heard: int) -> None:
        if too_long or heard > _NOISE:
            where = "standard output" if too_long else "standard error"
            raise SubjectFault("flooded its output", f"it wrote without end to {where} and was ended")
        used = self.resident()
        if used is not None and used > self.limits.memory * _MIB:
            raise SubjectFault(
                "too much memory", f"it used more than {self.limits.memory} MiB (--memory) and was ended"
            )

    def _cause(self) -> str:
        try:
            status = self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        if status < 0:
            known = -status in set(signal.Signals)
            how = f"its process was ended by {signal.Signals(-status).name if known else -status}"
        else:
            how = f"its process exited with status {status}"
        if status < 0 or status == _NOT_LOADED:  # so end those that do not look whether they got memory
            how += f" (its memory was limited to {self.limits.memory} MiB by --memory)"
        return how


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


# -- between fork and exec ---------------------------------------------------------------------

_PR_SET_PDEATHSIG = 1


def _preparation(limits: Limits) -> Callable[[], None]:
    """What the new process does before it becomes the program: give up core files, and outlive nobody."""
    import resource

    # Half as much again: the suite sees a process that uses too much and says so; this holds one that takes
    # it all between two looks. Data, not address space: run-time systems reserve terabytes of the latter.
    most = min((limits.memory * 3 // 2) * _MIB, _MOST)
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(kind, (most, hard))
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return prepare
