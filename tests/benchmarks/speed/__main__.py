"""Measure, show, and write the record."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.progress import track

import stablelce as lce
from tests.benchmarks.speed import parts
from tests.benchmarks.speed.record import write

DTYPES = ("float32", "float64")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write speed.json and README.md there")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each call")
    parser.add_argument("--largest", type=int, default=10**7, help="the longest arrays")
    options = parser.parse_args()
    lce.warmup()
    lengths = [length for length in (10**3, 10**5, 10**6, 10**7) if length <= options.largest]
    made: dict[str, list[parts.Row]] = {"frameworks": [], "threads": [], "hard inputs": [], "memory": []}
    cases = [(dtype, length) for dtype in DTYPES for length in lengths]
    for dtype, length in track(cases, "systems"):
        made["frameworks"] += parts.frameworks(dtype, length, options.rounds)
    for dtype, length in track([case for case in cases if case[1] >= 10**5], "threads"):
        made["threads"].append(parts.threads(dtype, length, 2 * options.rounds))
    for dtype in track(DTYPES, "hard inputs"):
        made["hard inputs"] += parts.hard_inputs(dtype, 10**5, options.rounds)
    made["memory"].append(parts.memory(10 * options.largest))
    for rows in made.values():
        for row in rows:
            print(
                *(f"{value:.3g}" if isinstance(value, float) else value for value in row.values()), sep="  "
            )
    if options.write:
        write(options.write, made)


if __name__ == "__main__":
    main()
