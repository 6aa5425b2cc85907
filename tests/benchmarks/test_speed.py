"""The measurement of speed, and the record of it that is committed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce import textbook
from stablelce.conformance.provenance import sources_sha256
from tests.benchmarks.speed import measure, parts
from tests.benchmarks.speed.record import computing, markdown, write
from tests.benchmarks.speed.systems import SYSTEMS, own, own_numpy

COMMITTED = Path(__file__).parents[2] / "reports" / "speed"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SLICE", 0.002)


def test_calls_take_turns_and_the_slower_one_has_the_larger_ratio() -> None:
    turns: list[str] = []

    def call(name: str, seconds: float) -> Any:
        def run() -> None:
            turns.append(name)
            time.sleep(seconds)

        return run

    times = measure.in_turns({"a": call("a", 0.002), "b": call("b", 0.02)}, 3)
    assert turns[-6:] == ["a", "b"] * 3
    assert all(len(taken) == 3 for taken in times.values())
    assert measure.ratios(times, "a")["b"] > 2


@pytest.mark.parametrize("make", [own, own_numpy])
def test_our_calls_fill_the_outputs_they_prepared(make: Any) -> None:
    z, t = np.array([1.0, -2.0]), np.array([1.0, 0.0])
    call = make(z, t)
    call()
    closed = dict(
        zip(call.__code__.co_freevars, (cell.cell_contents for cell in call.__closure__), strict=True)
    )
    assert np.allclose(closed["out"][0], textbook.fused_loss(z, t), rtol=1e-15)
    assert np.allclose(closed["out"][1], textbook.fused_gradient(z, t), rtol=1e-15)


def test_each_part_measures_what_its_rows_say() -> None:
    rows = parts.frameworks("float32", 100, 1)
    assert {row["system"] for row in rows} <= SYSTEMS.keys()
    assert [row["ratio"] for row in rows if row["system"] == "stablelce"] == [1.0]
    assert all(row["ns"] > 0 for row in rows)
    assert parts.threads("float64", 1000, 1)["ns two"] > 0
    hard = parts.hard_inputs("float64", 1000, 1)
    assert [row["ratio"] for row in hard if row["input"] == "usual"] == [1.0]
    assert parts.memory(1000)["megabytes"] >= 0


def test_a_record_written_is_the_one_shown(tmp_path: Path) -> None:
    rows = {
        "frameworks": [{"system": "x", "dtype": "float32", "length": 1000, "ns": 1.5, "ratio": 2.25}],
        "threads": [{"dtype": "float32", "length": 1000, "ns one": 2.0, "ns two": 1.0, "speed-up": 2.0}],
        "hard inputs": [{"input": "y", "dtype": "float32", "length": 1000, "ns": 3.0, "ratio": 1.5}],
        "memory": [{"dtype": "float32", "length": 10**8, "megabytes": 12.0}],
    }
    write(tmp_path, rows)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    for line in (
        "| x | 1.50 (2.25) |",
        "| float32 | 1e3 | 2.00 | 1.00 | 2.00 |",
        "| y | float32 | 1e3 | 3.0 | 1.5 |",
        "| float32 | 1e8 | 12 |",
    ):
        assert line in page


def test_the_committed_page_is_a_view_of_the_committed_record() -> None:
    record = json.loads((COMMITTED / "speed.json").read_text(encoding="utf-8"))
    assert (COMMITTED / "README.md").read_text(encoding="utf-8") == markdown(record)


def test_the_committed_record_was_made_from_these_sources() -> None:
    record = json.loads((COMMITTED / "speed.json").read_text(encoding="utf-8"))
    assert tuple(record["provenance"]["sources"]) == computing(), "run `tox -e speed`"
    assert record["provenance"]["sources_sha256"] == sources_sha256(computing()), "run `tox -e speed`"
