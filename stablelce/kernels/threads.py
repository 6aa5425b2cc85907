"""Pieces of a block on several threads: compiled loops release the interpreter's lock.

A pool of Python threads, not the compiler's own parallel loops: one of those layers dies in a forked child,
another aborts when two Python threads call it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

__all__ = ["SHARED", "count", "in_pieces"]

LEAST = 1 << 14
"""Elements below which a second thread costs more than it brings: about twenty microseconds of work."""


SHARED = 2 * LEAST
"""Elements from which on two threads can have enough of them each."""


class _Pool:
    """The threads of the process, started when they are first needed."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.workers = 0
        self.executor: ThreadPoolExecutor | None = None

    def of(self, workers: int) -> ThreadPoolExecutor:
        """A pool with that many threads at least; a replaced one ends when its work is done."""
        with self.lock:
            if self.executor is None or self.workers < workers:
                self.executor = ThreadPoolExecutor(workers, thread_name_prefix="stablelce")
                self.workers = workers
            return self.executor


_pool = _Pool()


def count() -> int:
    """Threads to use: STABLELCE_NUM_THREADS, or the cores that this process may run on.

    Raises
    ------
    ValueError
        The variable is set and no positive integer.
    """
    text = os.environ.get("STABLELCE_NUM_THREADS", "")
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"STABLELCE_NUM_THREADS must be a positive integer: got {text[:40]!r}.")
    return int(text)


def in_pieces(work: Callable[[slice], bool], size: int, multiple: int) -> bool:
    """Whether ``work(slice(start, stop))`` says so for any piece of the range; pieces run side by side.

    Every piece but the last starts and ends at a multiple of ``multiple``.
    """
    workers = min(count(), max(size // LEAST, 1))
    if workers == 1:
        return work(slice(0, size))
    share = -(-size // (workers * multiple)) * multiple
    parts = [slice(start, min(start + share, size)) for start in range(0, size, share)]
    pool = _pool.of(workers - 1)
    others, here = [], [parts[0]]
    for part in parts[1:]:
        try:
            others.append(pool.submit(work, part))
        except RuntimeError as error:
            if "cannot schedule" not in str(error):
                raise
            here.append(part)  # the interpreter is ending, and pools take no more work
    found = False
    for part in here:
        found |= work(part)
    for other in others:
        found |= other.result()
    return found


if hasattr(os, "register_at_fork"):
    # In a forked child the threads of the parent do not exist, and its lock may be held for ever.
    os.register_at_fork(after_in_child=_pool.__init__)  # type: ignore[misc]  # made anew, in place
