"""Certify every problem, run every solver on it, and write the record."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.progress import Progress

import stablelce as lce
from tests.certified.generated import generated
from tests.certified.markdown import both_settings, names
from tests.certified.public import public
from tests.certified.record import make, write
from tests.certified.results import certified, describe, fits
from tests.certified.systems import SYSTEMS, absent, one_thread


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.certified", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write record, page and plot there")
    parser.add_argument("--only", metavar="TEXT", default="", help="only problems whose name contains this")
    options = parser.parse_args()
    if options.only and options.write:
        parser.error("a record holds all problems: use --only without --write.")
    shipped, notes = public()
    notes += [f"The solvers of {name} were left out: it is not installed." for name in absent()]
    problems = [one for one in [*shipped, *generated()] if options.only in one.name]
    systems = [system for system in SYSTEMS if system.package not in absent()]
    lce.warmup()
    rows: list[dict[str, Any]] = []
    with one_thread(), Progress() as progress:
        task = progress.add_task("", total=len(problems) * len(systems))
        for problem in problems:
            progress.update(task, description=problem.name)
            found, exact = certified(problem)
            row = {**describe(problem), **found, "fits": []}
            for system in systems:
                row["fits"] += fits(problem, exact, [system])
                progress.advance(task)
            rows.append(row)
            if exact is not None:
                shown = ", ".join(f"{name} {both_settings(row, name)}" for name in names([row]))
                progress.console.print(f"{problem.name}: {shown}")
            else:
                progress.console.print(f"{problem.name}: {row['absence']['kind']}")
    if options.write:
        write(options.write, make(rows, notes))


if __name__ == "__main__":
    main()
