"""Compute the kill matrix: ``python -m stablelce.conformance.faults --write reports/faults``.

Every fault is audited at its tier; ``faults.json`` is the record and ``README.md`` a view of it. Without
``--write`` the matrix is computed and summed up only. ``--only PART`` takes the faults with that in their
names, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from stablelce.conformance.faults.matrix import checks, rows
from stablelce.conformance.faults.provenance import sources
from stablelce.conformance.faults.registry import FAULTS
from stablelce.conformance.faults.results import FaultRecord, FaultRow, ToolRow
from stablelce.conformance.faults.tolerances import TOOLS
from stablelce.conformance.provenance import provenance
from stablelce.report.faults import faults_markdown

__all__ = ["COMMAND", "main"]

COMMAND = "python -m stablelce.conformance.faults --write reports/faults"
PACKAGES = ("numpy", "ml_dtypes", "mpmath", "python-flint")


def main(arguments: list[str]) -> int:
    """Compute, print what escaped, write; 0 when every fault was caught, 1 when one was not."""
    parser = argparse.ArgumentParser(prog="python -m stablelce.conformance.faults", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write faults.json and README.md there")
    parser.add_argument("--only", metavar="PART", default="", help="faults with this in their names only")
    options = parser.parse_args(arguments)
    chosen = [fault for fault in FAULTS if options.only in fault.name]
    if not chosen:
        parser.error(f"no fault has {options.only!r} in its name; leave --only out to see all names.")
    if options.write and options.only:
        parser.error("--only computes a part, which is no record: leave it out, or leave --write out.")
    started = time.perf_counter()

    def progress(done: int, name: str) -> None:
        rate = done / max(time.perf_counter() - started, 1e-9)
        left = f", {(len(chosen) - done) / rate:.0f} s left" if done else ""
        print(f"{done}/{len(chosen)}  {name}{left}", file=sys.stderr)

    made = rows(chosen, progress)
    for one in made:
        if not one.catches:
            print(f"not caught: {one.name}")
    print(f"{sum(bool(one.catches) for one in made)} of {len(made)} faults are caught.")
    if options.write:
        _write(options.write, made)
    return 0 if all(one.catches for one in made) else 1


def _write(folder: Path, made: tuple[FaultRow, ...]) -> None:
    record = FaultRecord(
        provenance=provenance(COMMAND, PACKAGES, sources()),
        faults=made,
        checks=checks(made),
        tools=tuple(
            ToolRow(
                name=tool.name,
                source=tool.source,
                rule=tool.rule,
                rtol={fmt.dtype_name: value for fmt, value in tool.rtol.items()},
                atol={fmt.dtype_name: value for fmt, value in tool.atol.items()},
                note=tool.note,
            )
            for tool in TOOLS
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faults.json").write_text(record.to_json(), encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(faults_markdown(record), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
