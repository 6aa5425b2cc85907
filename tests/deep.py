"""Run the tests of the deep tier and keep what they measured: ``python -m tests.deep --write reports/deep``.

One row for each test function: how many cases passed, and on how many inputs, as the tests themselves count
them. Nothing is written if a test fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stablelce.conformance.provenance import provenance, sources

__all__ = ["main", "markdown", "measured", "rows"]

COMMAND = "python -m tests.deep --write reports/deep"
PACKAGES = ("numpy", "numba", "python-flint", "mpmath", "hypothesis")

ELSEWHERE = ("--ignore=tests/conformance/faults",)
"""Deep tests of the suite's own power, which take longer than all others; their record is reports/faults."""

INPUTS = (
    "data/hard_",
    "exhaustive16.py",
    "hard_cases.py",
    "region_maps.py",
    "region_members.py",
    "regions.py",
    "strategies.py",
    "vectors/",
)
"""Of the suite, where these tests take inputs and expected values from."""

Row = dict[str, Any]


def measured() -> tuple[str, ...]:
    """The sources whose results are measured here: the library, its oracle, and where inputs come from.

    What judges subjects is not among them, nor is the trainer: one case of each is run here because it takes
    long, and all others by default.
    """
    kept = tuple(f"conformance/{name}" for name in INPUTS)
    return tuple(name for name in sources() if not name.startswith("conformance/") or name.startswith(kept))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.deep", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write deep.json and README.md there")
    parser.add_argument("rest", nargs="*", help="arguments for pytest")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            "-m",
            "pytest",
            "-m",
            "deep",
            "-n",
            "auto",
            f"--junitxml={report}",
            *ELSEWHERE,
            *options.rest,
        ]
        status = subprocess.run([sys.executable, *command], check=False).returncode
        found = rows(ET.parse(report).getroot().iter("testcase")) if report.exists() else []
    if status == 0 and options.write:
        made = provenance(COMMAND, PACKAGES, measured())
        record = {"version": 1, "provenance": made.model_dump(), "tests": found}
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "deep.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (options.write / "README.md").write_text(markdown(record), encoding="utf-8")
    return status


def rows(cases: Iterable[ET.Element]) -> list[Row]:
    """The cases of each test function added up."""
    found: dict[str, Row] = {}
    for case in cases:
        name = f"{case.get('classname')}.{case.get('name', '').partition('[')[0]}"
        row = found.setdefault(name, {"test": name, "cases": 0, "inputs": 0})
        row["cases"] += 1
        for one in case.iter("property"):
            if one.get("name") == "inputs":
                row["inputs"] += int(one.get("value", "0"))
    return [found[name] for name in sorted(found)]


def markdown(record: dict[str, Any]) -> str:
    """The page."""
    made = record["provenance"]
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
    return "\n".join(
        [
            "# The deep tier",
            "",
            f"Made by `{made['command']}` on {made['machine']}, Python {made['python']}, {packages}.",
            "Every case passed: results were the expected ones, bit for bit, at every input.",
            "",
            "| test | cases | inputs |",
            "| --- | ---: | ---: |",
            *(f"| {row['test']} | {row['cases']} | {_count(row['inputs'])} |" for row in record["tests"]),
            "",
        ]
    )


def _count(inputs: int) -> str:
    """With commas; nothing for tests that do not count theirs."""
    return f"{inputs:,}" if inputs else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
