"""The sources that the kill matrix depends on: the suite, the oracle, the faults."""

from __future__ import annotations

from pathlib import Path

__all__ = ["sources"]

_PACKAGE = Path(__file__).resolve().parents[2]
_APART = ("trainers", "subjects")
"""Parts of the suite that no fault passes through."""


def sources() -> tuple[str, ...]:
    """The files that the matrix depends on, relative to the package, sorted."""
    suite = (
        path
        for path in (_PACKAGE / "conformance").rglob("*")
        if path.suffix in (".py", ".npz") and path.relative_to(_PACKAGE).parts[1] not in _APART
    )
    rest = (*(_PACKAGE / "oracle").rglob("*.py"), _PACKAGE / "formats.py", _PACKAGE / "ulp.py")
    base = _PACKAGE / "conformance" / "subjects" / "base.py"
    return tuple(sorted(path.relative_to(_PACKAGE).as_posix() for path in (*suite, *rest, base)))
