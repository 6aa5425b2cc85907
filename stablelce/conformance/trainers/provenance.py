"""The sources that a record of trainers depends on."""

from __future__ import annotations

from pathlib import Path

from stablelce.conformance import provenance as shared

__all__ = ["sources"]

_PACKAGE = Path(__file__).resolve().parents[2]

_FOLDERS = ("certificate", "conformance/subjects", "conformance/trainers", "training")


def sources() -> tuple[str, ...]:
    """The files that the figures depend on: beside those of the losses, trainer, certificate and checks."""
    files = {
        path.relative_to(_PACKAGE).as_posix()
        for folder in _FOLDERS
        for path in (_PACKAGE / folder).rglob("*.py")
    }
    return tuple(sorted(files | set(shared.sources())))
