"""The record of a run, as JSON; whether it is fresh; and writing it with its views."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from stablelce.conformance.provenance import provenance, sources
from tests.certified.markdown import markdown
from tests.certified.plot import plot
from tests.certified.systems import ITERATIONS, TOLERANCE

__all__ = ["COMMAND", "computing", "make", "recipe", "recipe_sha256", "write"]

COMMAND = "python -m tests.certified --write reports/certified"
PACKAGES = ("numpy", "scipy", "numba", "python-flint", "scikit-learn", "statsmodels", "pandas")

_HERE = Path(__file__).parent
_PACKAGE = Path(__file__).parents[2] / "stablelce"
_ASIDE = ("__init__.py", "__main__.py", "markdown.py", "plot.py", "record.py")

Row = dict[str, Any]


def computing() -> tuple[str, ...]:
    """The files of the package that decide the figures: the certificate, the trainer and what both use."""
    others = ("conformance/", "oracle/", "textbook", "ulp")
    below = {name for name in sources() if not name.startswith(others)}
    for folder in ("certificate", "training"):
        below |= {path.relative_to(_PACKAGE).as_posix() for path in (_PACKAGE / folder).rglob("*.py")}
    return tuple(sorted(below))


def recipe() -> tuple[str, ...]:
    """The files beside this one that decide the figures."""
    files = (path.name for path in _HERE.glob("*.py") if not path.name.startswith("test_"))
    return tuple(sorted(name for name in files if name not in _ASIDE))


def recipe_sha256() -> str:
    """SHA-256 over names and contents of :func:`recipe`."""
    digest = hashlib.sha256()
    for name in recipe():
        content = (_HERE / name).read_bytes().replace(b"\r\n", b"\n")  # git may check out other line ends
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def make(problems: list[Row], notes: list[str]) -> Row:
    """The whole record."""
    made = provenance(COMMAND, PACKAGES, computing()).model_dump(mode="json")
    made |= {"recipe": list(recipe()), "recipe_sha256": recipe_sha256()}
    tight = {"tolerance": TOLERANCE, "iterations": ITERATIONS}
    return {"version": 1, "provenance": made, "tight": tight, "notes": notes, "problems": problems}


def write(folder: Path, record: Row) -> None:
    """``certified.json``, and its views ``README.md`` and ``digits.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "certified.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(markdown(record), encoding="utf-8")
    (folder / "digits.svg").write_text(plot(record), encoding="utf-8")
