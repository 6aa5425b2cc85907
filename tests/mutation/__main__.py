"""Mutate, test, count: ``python -m tests.mutation --count 300 --write reports/mutation``.

Mutants in the record of a source that is still the same are kept, and only for the others new ones are drawn;
without a record in that folder all are. They are tried in copies of the checkout, one for each job: what is
interrupted harms nothing. What was killed until then stays in ``progress.jsonl``; the next run tries the
rest, and survivors again. A mutant is killed when a test fails or takes longer than ten times what it usually
takes, and than a minute. Those that survive every test are listed in the page with the reason that
``survivors.json`` beside it gives for their line and change, if it does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from stablelce.conformance.provenance import sources_sha256
from tests.mutation.baseline import NotPassingError, traced_families
from tests.mutation.mutants import SOURCES, Mutant, draw
from tests.mutation.page import write
from tests.mutation.running import TIME_LIMIT, copied, first_failure, mutated, run, with_little_memory
from tests.mutation.selection import Traced, engine_of, family_of, stages

__all__ = ["main", "tried"]

ROOT = Path(__file__).parents[2]

SLOWER = 10
"""How many times its usual time a test may take."""
AT_LEAST = 60.0
"""Seconds that every test may take."""

Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="write mutation.json and README.md there"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants to try at a time")
    options = parser.parse_args(arguments)
    with_little_memory()
    kept = kept_rows(options.write) if options.write else []
    changed = [source for source in SOURCES if source not in {row["source"] for row in kept}]
    mutants = draw(ROOT, options.count - len(kept), options.seed, changed)
    progress = options.write / "progress.jsonl" if options.write else None
    found = _resumed(progress)
    todo = [mutant for mutant in mutants if _identity(mutant) not in found]
    print(
        f"{len(kept)} mutants of sources that have not changed are kept, {len(mutants)} are drawn, "
        f"{len(mutants) - len(todo)} of them were tried before.",
        flush=True,
    )
    try:
        for row in _counted(_tried_all(todo, options.jobs, options.write), len(todo)):
            found[row.pop("identity")] = row
            if progress:
                _remember(progress, found)
    except NotPassingError as error:
        print(error, file=sys.stderr)
        return 1
    rows = kept + [found[_identity(mutant)] for mutant in mutants]
    killed = sum(row["killed_by"] is not None for row in rows)
    print(f"{killed} of {len(rows)} mutants are killed.")
    if options.write:
        write(options.write, options.seed, rows)
    return 0


def kept_rows(folder: Path) -> list[Row]:
    """The mutants of the folder's record whose sources are as they were."""
    path = folder / "mutation.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"hashes": {}, "mutants": []}
    same = {source for source in SOURCES if record["hashes"].get(source) == sources_sha256([source])}
    return [row for row in record["mutants"] if row["source"] in same]


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


def _counted(rows: Iterator[Row], count: int) -> Iterator[Row]:
    """The rows, each told in a line."""
    started: float | None = None
    for done, row in enumerate(rows):
        now = time.perf_counter()
        started = now if started is None else started  # the first has waited for the tests to be traced
        left = (now - started) / max(done, 1) * (count - done - 1)
        verdict = f"killed by {row['killed_by']}" if row["killed_by"] else "survived"
        print(f"{done + 1}/{count}  {row['source']}:{row['line']}  {verdict}  {left:.0f} s left", flush=True)
        yield row


def _tried_all(mutants: list[Mutant], jobs: int, folder: Path | None) -> Iterator[Row]:
    """The verdicts, as they come."""
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            copies.put(copied(ROOT, Path(temporary) / str(job)))
        families = sorted({family_of(mutant.source) for mutant in mutants})
        traced = traced_families(Path(temporary) / "0", families, folder and folder / "coverage.json")

        def one(mutant: Mutant) -> Row:
            copy = copies.get()
            try:
                return tried(copy, mutant, traced)
            finally:
                copies.put(copy)

        pending = [pool.submit(one, mutant) for mutant in mutants]
        try:
            for future in as_completed(pending):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def tried(copy: Path, mutant: Mutant, traced: Mapping[str, Traced]) -> Row:
    """The verdict on one mutant: the test that kills it, or None."""
    family = family_of(mutant.source)
    path = copy / "stablelce" / mutant.source
    code = path.read_text(encoding="utf-8")
    known = traced[family]
    with mutated(path, mutant.text):
        killed_by = None
        for tests in stages(copy, mutant.source, code, mutant.line, known):
            usual = [known.seconds[test] for test in tests]
            attempt = partial(
                run,
                copy,
                tests,
                engine_of(family),
                limit=max(AT_LEAST, SLOWER * sum(usual)),
                each=max(AT_LEAST, SLOWER * max(usual)),
            )
            killed_by = first_failure(*attempt())
            if killed_by == TIME_LIMIT:  # once more, for the machine may have been busy
                killed_by = first_failure(*attempt())
            if killed_by is not None:
                break
    described = asdict(mutant)
    del described["text"]
    return described | {"killed_by": killed_by, "identity": _identity(mutant)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
