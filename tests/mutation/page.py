"""What a run leaves: ``mutation.json``, and a page of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stablelce.conformance.provenance import provenance, sources_sha256
from tests.mutation.mutants import SOURCES

__all__ = ["COMMAND", "markdown", "write"]

COMMAND = "python -m tests.mutation --count 300 --write reports/mutation"
PACKAGES = ("cosmic-ray", "numpy", "pytest", "hypothesis", "python-flint")


def write(folder: Path, seed: int, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = provenance(COMMAND, PACKAGES, SOURCES)
    record = {
        "version": 2,
        "provenance": made.model_dump(mode="json"),
        "seed": seed,
        "hashes": {source: sources_sha256([source]) for source in SOURCES},
        "mutants": rows,
    }
    (folder / "mutation.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")
    reasons = folder / "survivors.json"
    known = json.loads(reasons.read_text(encoding="utf-8")) if reasons.exists() else {}
    (folder / "README.md").write_text(markdown(record, known), encoding="utf-8", newline="\n")


def markdown(record: dict[str, Any], reasons: dict[str, str]) -> str:
    """The page; ``reasons`` maps "source: before -> after" to why no test can tell, or need not."""
    rows, made = record["mutants"], record["provenance"]
    survivors = [row for row in rows if row["killed_by"] is None]
    share = 100 * (len(rows) - len(survivors)) / max(len(rows), 1)
    summary = (
        f"{len(rows)} mutants drawn with seed {record['seed']} from {len(made['sources'])} sources: "
        f"{len(rows) - len(survivors)} killed by a test ({share:.1f} %), {len(survivors)} survive. Those of "
        "sources that had not changed were kept from the record before."
    )
    lines = [
        "# Mutation testing",
        "",
        f"Made by `{made['command']}` on {made['machine']}, Python {made['python']}; do not edit.",
        "",
        summary,
        "",
        "| source | mutants | killed |",
        "| --- | ---: | ---: |",
    ]
    for source in made["sources"]:
        own = [row for row in rows if row["source"] == source]
        if own:
            lines.append(f"| {source} | {len(own)} | {sum(row['killed_by'] is not None for row in own)} |")
    lines += ["", "## Survivors", ""]
    for row in survivors:
        key = f"{row['source']}: {row['before']} -> {row['after']}"
        lines.append(
            f"* `{row['source']}:{row['line']}` {row['operator']}: {reasons.get(key, 'no reason yet')}"
        )
        lines += ["", "  ```diff", f"  - {row['before']}", f"  + {row['after']}", "  ```", ""]
    return "\n".join(lines).rstrip() + "\n"
