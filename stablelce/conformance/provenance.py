"""How a record was made: command, machine, versions, and a hash over the sources it depends on."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from stablelce.conformance.results import Provenance

__all__ = ["provenance", "sources", "sources_sha256"]

_PACKAGE = Path(__file__).resolve().parents[1]
_CPUINFO = Path("/proc/cpuinfo")

_FOLDERS = ("conformance", "kernels", "oracle", "sums")
_MODULES = ("formats.py", "functions.py", "textbook.py", "ulp.py")
"""What computes the figures, with the private modules beside functions.py. The report and the command line
change how figures look, not what they are."""

_ASIDE = (
    "kernels/proof",
    "kernels/search",
    "conformance/faults",
    "conformance/trainers",
    "conformance/peers",
)
"""The proof says how good the kernels are, the search made data, the others have records of their own."""


def sources() -> tuple[str, ...]:
    """The files that the figures of a record depend on, relative to the package, sorted."""
    files = (path.relative_to(_PACKAGE) for path in _PACKAGE.rglob("*") if path.is_file())
    return tuple(sorted(f.as_posix() for f in files if f.suffix in (".py", ".npy", ".npz") and _matters(f)))


def _matters(file: Path) -> bool:
    if len(file.parts) > 1:
        return file.parts[0] in _FOLDERS and "/".join(file.parts[:2]) not in _ASIDE
    private = file.name.startswith("_") and not file.name.startswith("__")
    return private or file.name in _MODULES


def sources_sha256(names: Iterable[str] | None = None) -> str:
    """SHA-256 over names and contents of :func:`sources`, or of the files named; the same in any checkout."""
    digest = hashlib.sha256()
    for name in sources() if names is None else names:
        content = (_PACKAGE / name).read_bytes()
        if name.endswith(".py"):
            content = content.replace(b"\r\n", b"\n")  # git may check out other line ends
        # The length keeps two files from being taken for one of the same bytes.
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def provenance(command: str, packages: Iterable[str], names: Sequence[str] | None = None) -> Provenance:
    """What it takes to make a record again.

    Parameters
    ----------
    command : str
        The command that made it.
    packages : iterable of str
        Distributions whose versions matter; those that are not installed are left out.
    names : sequence of str, optional
        The files that the record depends on, relative to the package; :func:`sources` if not given.
    """
    names = sources() if names is None else tuple(names)
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
        sources=names,
        sources_sha256=sources_sha256(names),
    )


def _machine() -> str:
    """Architecture, processor, cores and system: nothing that names the machine or its owner."""
    parts = (platform.machine(), _processor(), f"{os.cpu_count()} cores", platform.system())
    return ", ".join(part for part in parts if part)


def _processor() -> str:
    """The processor's model where the system tells; on some systems an empty string."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
