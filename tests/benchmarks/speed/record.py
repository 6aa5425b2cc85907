"""The record of a run, as JSON, and the tables made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from stablelce.conformance.provenance import provenance, sources

__all__ = ["COMMAND", "computing", "markdown", "write"]

COMMAND = "python -m tests.benchmarks.speed --write reports/speed"
PACKAGES = ("numpy", "numba", "scikit-learn", "torch", "jax", "optax")

Row = dict[str, Any]


def computing() -> tuple[str, ...]:
    """The files that decide the speed of the library's functions."""
    return tuple(
        name for name in sources() if not name.startswith(("conformance/", "oracle/", "textbook", "ulp"))
    )


def write(folder: Path, parts: dict[str, list[Row]]) -> None:
    """``speed.json``, and ``README.md`` as a view of it."""
    made = provenance(COMMAND, PACKAGES, computing()).model_dump()
    record = {"version": 1, "provenance": made, **parts}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(markdown(record), encoding="utf-8")


def markdown(record: dict[str, Any]) -> str:
    """The page."""
    made = record["provenance"]
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
    return "\n".join(
        [
            "# Speed",
            "",
            f"Made by `{made['command']}` on {made['machine']}, Python {made['python']}, {packages}.",
            "",
            "Loss and gradient of arrays, targets checked, outputs preallocated where a system has that;",
            "logits N(0, 4^2) and hard targets unless said otherwise. The figures of a column were taken in",
            "turns in one process: compare within a table, not between machines.",
            "",
            "## Systems, one thread",
            "",
            "Nanoseconds per element, and in brackets the system's time over ours.",
            "",
            *_systems(record["frameworks"]),
            "",
            "How far the results are from the exact ones is said in [the accuracy report](../README.md).",
            "",
            "## Two threads",
            "",
            *_table(
                ["dtype", "N", "one thread, ns", "two threads, ns", "speed-up"],
                (
                    [
                        r["dtype"],
                        _power(r["length"]),
                        f"{r['ns one']:.2f}",
                        f"{r['ns two']:.2f}",
                        f"{r['speed-up']:.2f}",
                    ]
                    for r in record["threads"]
                ),
            ),
            "",
            "## Arrays of hard elements only",
            "",
            "Numba engine, one thread: the time over that of usual elements.",
            "",
            *_table(
                ["elements", "dtype", "N", "ns", "ratio"],
                (
                    [r["input"], r["dtype"], _power(r["length"]), f"{r['ns']:.1f}", f"{r['ratio']:.1f}"]
                    for r in record["hard inputs"]
                ),
            ),
            "",
            "## Memory",
            "",
            *_table(
                ["dtype", "N", "MB above the arrays"],
                ([r["dtype"], _power(r["length"]), f"{r['megabytes']:.0f}"] for r in record["memory"]),
            ),
            "",
        ]
    )


def _systems(rows: list[Row]) -> list[str]:
    """A row for each system, a column for each dtype and length."""
    columns = list(dict.fromkeys((row["dtype"], row["length"]) for row in rows))
    found = {(row["system"], row["dtype"], row["length"]): row for row in rows}
    names = dict.fromkeys(row["system"] for row in rows)
    return _table(
        ["system", *(f"{dtype} {_power(length)}" for dtype, length in columns)],
        ([name, *(_cell(found.get((name, *column))) for column in columns)] for name in names),
    )


def _cell(row: Row | None) -> str:
    return "" if row is None else f"{row['ns']:.2f} ({row['ratio']:.2f})"


def _power(length: int) -> str:
    return f"1e{len(str(length)) - 1}"


def _table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    line: Callable[[list[str]], str] = lambda cells: f"| {' | '.join(cells)} |"  # noqa: E731
    return [line(header), line(["---"] * len(header)), *map(line, rows)]
