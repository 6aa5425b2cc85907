"""Mutate, test, count: ``python -m tests.mutation --count 300 --write reports/mutation``.

Mutants are tried in copies of the checkout, one for each job, so that an interrupted run harms nothing. What
was killed until then stays in ``progress.jsonl``; the next run tries the rest, and survivors again. A mutant
is killed when a test fails or takes longer than the limit. Those that survive every test are listed in the
page with the reason that ``survivors.json`` beside it gives for their line and change, if it does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from stablelce.conformance.provenance import provenance
from tests.mutation.mutants import SOURCES, Mutant, draw, suites_of

__all__ = ["main", "markdown"]

ROOT = Path(__file__).parents[2]
COMMAND = "python -m tests.mutation --count 300 --write reports/mutation"
PACKAGES = ("cosmic-ray", "numpy", "pytest", "hypothesis", "python-flint")
LIMIT = 240.0

Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for the tests of one mutant")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="write mutation.json and README.md there"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants to try at a time")
    options = parser.parse_args(arguments)
    mutants = draw(ROOT, options.count, options.seed)
    progress = options.write / "progress.jsonl" if options.write else None
    found = _resumed(progress)
    todo = [mutant for mutant in mutants if _identity(mutant) not in found]
    print(f"{len(mutants)} mutants are drawn, {len(mutants) - len(todo)} of them were tried before.")
    started = time.perf_counter()
    for done, row in enumerate(_tried_all(todo, options.jobs, options.limit), 1):
        found[row.pop("identity")] = row
        left = (time.perf_counter() - started) / done * (len(todo) - done)
        verdict = "survived" if row["killed_by"] is None else "killed"
        print(f"{done}/{len(todo)}  {verdict}  {row['source']}:{row['line']}  {left:.0f} s left", flush=True)
        if progress:
            _remember(progress, found)
    rows = [found[_identity(mutant)] for mutant in mutants]
    killed = sum(row["killed_by"] is not None for row in rows)
    print(f"{killed} of {len(rows)} mutants are killed.")
    if options.write:
        _write(options.write, options.seed, rows)
    return 0


def _identity(mutant: Mutant) -> str:
    """The mutated source in full: another version of it makes another mutant."""
    return hashlib.sha256("\0".join((mutant.source, mutant.text)).encode()).hexdigest()


def _resumed(progress: Path | None) -> dict[str, Row]:
    """Mutants that were killed: new tests may kill others."""
    if progress is None or not progress.exists():
        return {}
    items = (json.loads(line) for line in progress.read_text(encoding="utf-8").splitlines())
    return {identity: row for identity, row in items if row["killed_by"] is not None}


def _remember(progress: Path, found: dict[str, Row]) -> None:
    progress.parent.mkdir(parents=True, exist_ok=True)
    new = progress.with_suffix(".new")
    new.write_text("".join(json.dumps(item) + "\n" for item in found.items()), encoding="utf-8")
    new.replace(progress)


def _tried_all(mutants: list[Mutant], jobs: int, limit: float) -> Iterator[Row]:
    """The verdicts, as they come."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            copies.put(_copy(Path(folder) / str(job)))

        def one(mutant: Mutant) -> Row:
            copy = copies.get()
            try:
                return _tried(copy, mutant, limit)
            finally:
                copies.put(copy)

        pending = [pool.submit(one, mutant) for mutant in mutants]
        try:
            for future in as_completed(pending):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _copy(folder: Path) -> Path:
    """The package and its tests, without caches: what a test run needs."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", ".*cache")
    for name in ("stablelce", "tests", "reports"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "tox.ini"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def _tried(copy: Path, mutant: Mutant, limit: float) -> Row:
    path = copy / "stablelce" / mutant.source
    right = path.read_text(encoding="utf-8")
    path.write_text(mutant.text, encoding="utf-8")
    try:
        killed_by = next(
            (tests[0] for tests in suites_of(copy, mutant.source) if _fails(copy, tests, limit)), None
        )
    finally:
        path.write_text(right, encoding="utf-8")
    described = asdict(mutant)
    del described["text"]
    return described | {"killed_by": killed_by, "identity": _identity(mutant)}


def _fails(copy: Path, tests: tuple[str, ...], limit: float) -> bool:
    # The order of tests within a file is kept, so the first failure is the same in every run; Hypothesis
    # gets no database and a fixed seed (profile "ci").
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(copy), *filter(None, [os.environ.get("PYTHONPATH")]))),
        "PYTHONDONTWRITEBYTECODE": "1",  # a file changed twice within a second must be read anew
        "STABLELCE_HYPOTHESIS_PROFILE": "ci",
    }
    # Stale records are no kill: they say that sources changed, not that they are wrong.
    command += ["--deselect=tests/conformance/faults/test_committed.py", "-k", "not committed and not stale"]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode not in (0, 5)  # 5: no test was selected


def _write(folder: Path, seed: int, rows: list[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = provenance(COMMAND, PACKAGES, SOURCES)
    record = {"version": 1, "provenance": made.model_dump(mode="json"), "seed": seed, "mutants": rows}
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
        f"{len(rows) - len(survivors)} killed by a test ({share:.1f} %), {len(survivors)} survive."
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
