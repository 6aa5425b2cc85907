"""Test runs in a copy of the checkout: one pytest process, its limits, and its first failure.

What every run would spend on starting again is left out: the root ``conftest.py`` reads the imports of all
test files (2 s) to leave out those that cannot run, which is no question here, and its Hypothesis profile is
Hypothesis' own of that name; bytecode is kept, in a folder of the copy.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["TIME_LIMIT", "copied", "first_failure", "mutated", "run", "with_little_memory"]

TIME_LIMIT = "time limit"
"""What kills a mutant whose tests do not come to an end."""

MEMORY = 8 << 30
"""Bytes of address space for one process: a mutant must not take the machine with it."""

OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark"),
    # Fixed inputs: a mutant is killed by the same test in every run.
    *("--noconftest", "--hypothesis-profile=ci"),
)

_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/[^\s\[]+)", re.MULTILINE)
_TOO_LONG = re.compile(r"Timeout \(\d+:\d\d:\d\d")  # by faulthandler, behind the dots of tests that passed
_dates = itertools.count(int(time.time()))


def copied(root: Path, folder: Path) -> Path:
    """The package and its tests in ``folder``, without caches: what a test run needs."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", ".*cache")
    for name in ("stablelce", "tests", "reports"):
        shutil.copytree(root / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "tox.ini"):
        shutil.copy2(root / name, folder / name)
    return folder


@contextmanager
def mutated(path: Path, text: str) -> Iterator[None]:
    """Have a file hold another text for a while.

    Each text has a date of its own: Python tells by date and size whether bytecode is of a file, and two
    mutants of one size may be written within a second.
    """
    right, known = path.read_text(encoding="utf-8"), path.stat()
    date = next(_dates)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (date, date))
    try:
        yield
    finally:
        path.write_text(right, encoding="utf-8")
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def run(
    copy: Path,
    tests: Sequence[str],
    engine: str,
    *,
    limit: float,
    each: float,
    options: Sequence[str] = (),
    **variables: str,
) -> tuple[int | None, str]:
    """The exit status, None past ``limit`` seconds, and what was printed; a test past ``each`` ends it."""
    command = [sys.executable, "-m", "pytest", *OPTIONS, "-o", f"faulthandler_timeout={each}"]
    command += ["-o", "faulthandler_exit_on_timeout=true", *options, *tests]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(copy), *filter(None, [os.environ.get("PYTHONPATH")]))),
        "PYTHONPYCACHEPREFIX": str(copy.with_name(f"{copy.name}-bytecode")),
        "STABLELCE_HYPOTHESIS_PROFILE": "ci",  # for tests that start another pytest
        "STABLELCE_ENGINE": engine,
    }
    environment |= variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # Into a file: the end of a pipe would wait for every process that a test has left behind.
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            command,
            cwd=copy,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(limit)
            status = process.poll()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        return status, output.read().decode(errors="replace")


def first_failure(status: int | None, printed: str) -> str | None:
    """The test function that failed, where one did; the file where it could not be imported."""
    if status is None:
        return TIME_LIMIT
    if status in (0, 5):  # 5: no test was selected
        return None
    found = _FAILED.search(printed)
    if found is None and _TOO_LONG.search(printed):
        return TIME_LIMIT
    return found[1] if found else f"exit status {status}"


def with_little_memory() -> None:
    """Bound the memory of every process that this one starts."""
    import resource  # not on Windows

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    bound = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (bound, most))
