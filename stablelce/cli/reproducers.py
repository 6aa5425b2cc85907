"""``stablelce audit --reproducers DIR``: each failed check as a script in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from stablelce.cli.options import InputError, write_text
from stablelce.conformance.results import AuditResult, CheckResult

__all__ = ["make_folder", "write_reproducers"]


def make_folder(directory: Path) -> None:
    """Make the folder for the scripts: before the audit, whose findings would be lost if it cannot be made.

    Raises
    ------
    InputError
        The system refuses.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise InputError(
            f"cannot make the folder {str(directory)!r}, or a file in it: {error.strerror}."
        ) from None


def write_reproducers(directory: Path, results: Iterable[AuditResult]) -> list[Path]:
    """Write the scripts of all failed checks; those of an earlier audit of the same subjects are replaced.

    :func:`make_folder` has made the folder.

    Raises
    ------
    InputError
        A file cannot be written, or replaced.
    """
    written = []
    for result in results:
        folder = _slug(result.subject)
        for old in directory.glob(f"{folder}--*.py"):
            _remove(old)
        for check in result.checks:
            if check.reproducer:
                path = directory / f"{folder}--{_name(check)}.py"
                write_text(path, check.reproducer)
                written.append(path)
    return written


def _remove(old: Path) -> None:
    try:
        old.unlink()
    except OSError as error:
        raise InputError(
            f"cannot replace {str(old)!r}, of an earlier audit: {error.strerror}; "
            f"remove it, or give another folder."
        ) from None


def _name(check: CheckResult) -> str:
    parts = (check.format, check.quantity or "all", check.check)
    return "--".join(map(_slug, parts))


def _slug(text: str) -> str:
    """Letters, digits, dots and single hyphens: a name for every file system."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")
