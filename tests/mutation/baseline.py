"""The sources as they are: that their suites pass, which test executes which lines, and how long each takes.

This takes minutes, so it is kept in ``coverage.json``, for as long as no source and no test changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.mutation.running import first_failure, run
from tests.mutation.selection import FAMILIES, SAMPLE, Traced, engine_of, suites_of
from tests.mutation.tracing import OUTPUT

__all__ = ["NotPassingError", "key_of", "trace", "traced_families"]

ALONE = 1800.0
"""Seconds for the suites of a family, traced; one test gets a third of them."""

# Stale records are no kill: they say that sources changed, not that they are wrong.
CHOICE = ("-k", "not committed and not stale")


class NotPassingError(RuntimeError):
    """Tests that fail without a mutant would kill every mutant."""


def key_of(root: Path) -> str:
    """A digest of all sources, of all tests but those of mutation testing, and of which of them are run."""
    digest = hashlib.sha256(repr([suites_of(family) for family in FAMILIES]).encode())
    paths = (path for name in ("stablelce", "tests") for path in (root / name).rglob("*.py"))
    for path in sorted(path for path in paths if path.parent != root / "tests" / "mutation"):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def traced_families(copy: Path, families: Iterable[str], kept: Path | None) -> dict[str, Traced]:
    """What ``trace`` finds for each family, taken from the file ``kept`` where it holds that."""
    key = key_of(copy)
    held: dict[str, Any] = {"key": key, "families": {}}
    if kept is not None and kept.exists():
        read = json.loads(kept.read_text(encoding="utf-8"))
        held = read if read["key"] == key else held
    for family in families:
        if family in held["families"]:
            continue
        print(f"The tests of stablelce/{family} are traced, which takes minutes.", flush=True)
        held["families"][family] = trace(copy, family)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(held), encoding="utf-8")
    return {family: Traced(**found) for family, found in held["families"].items()}


def trace(copy: Path, family: str) -> dict[str, Any]:
    """Run a family's tests without a mutant, first traced, then as for a mutant: in order of their times."""
    output = copy.with_name("traced.json")
    _pass(copy, family, suites_of(family), ("-p", "tests.mutation.tracing", *CHOICE), {OUTPUT: str(output)})
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    traced = Traced(**found)
    _pass(copy, family, traced.sorted(test for test in traced.seconds if test not in SAMPLE))
    return found


def _pass(
    copy: Path,
    family: str,
    tests: Iterable[str],
    options: Iterable[str] = (),
    variables: dict[str, str] | None = None,
) -> None:
    status, printed = run(
        copy,
        tuple(tests),
        engine_of(family),
        limit=ALONE,
        each=ALONE / 3,
        options=tuple(options),
        **(variables or {}),
    )
    failed = first_failure(status, printed)
    if failed is not None:
        raise NotPassingError(f"No mutants are tried, for without one these tests fail already: {failed}.")
