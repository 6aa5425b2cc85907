"""How a record was made: command, machine, versions, and a hash over the sources it depends on."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from stablelce.conformance.results import Provenance

__all__ = ["provenance", "sources", "sources_sha256"]

_PACKAGE = Path(__file__).resolve().parents[1]
_EXCLUDED = ("report", "cli")
"""Views of the record: they change how figures look, not what they are."""


def sources() -> tuple[str, ...]:
    """The files that the figures of a record depend on, relative to the package, sorted."""
    files = (path.relative_to(_PACKAGE) for path in _PACKAGE.rglob("*") if path.is_file())
    kept = (f for f in files if f.suffix in (".py", ".npz") and f.parts[0] not in _EXCLUDED)
    return tuple(sorted(f.as_posix() for f in kept))


def sources_sha256() -> str:
    """SHA-256 over names and contents of :func:`sources`, line endings as in the repository."""
    digest = hashlib.sha256()
    for name in sources():
        content = (_PACKAGE / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def provenance(command: str, packages: Iterable[str]) -> Provenance:
    """What it takes to make a record again; packages that are not installed are left out."""
    versions = {}
    for name in sorted(set(packages)):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Provenance(
        command=command,
        machine=_machine(),
        python=platform.python_version(),
        packages=versions,
        sources=sources(),
        sources_sha256=sources_sha256(),
    )


def _machine() -> str:
    """Architecture, processor, cores and system: nothing that names the machine or its owner."""
    processor = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    processor = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), processor
    )
    return f"{platform.machine()}, {processor}, {os.cpu_count()} cores, {platform.system()}"
