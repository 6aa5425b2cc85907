"""How a record of trainers was made: as for that of losses, but over the sources that trainers depend on."""

from __future__ import annotations

from pathlib import Path

from stablelce.conformance import provenance as shared
from stablelce.conformance.results import Provenance

__all__ = ["provenance", "sources"]

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


def provenance(command: str, packages: tuple[str, ...]) -> Provenance:
    """What it takes to make a record again; see :func:`stablelce.conformance.provenance.provenance`."""
    names = sources()
    made = shared.provenance(command, packages)
    return made.model_copy(update={"sources": names, "sources_sha256": shared.sources_sha256(names)})
