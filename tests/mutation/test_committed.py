"""The committed record of mutation testing: of these sources, enough killed, and a reason for the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stablelce.conformance.provenance import sources_sha256
from tests.mutation.mutants import SOURCES
from tests.mutation.page import markdown

FOLDER = Path(__file__).parents[2] / "reports" / "mutation"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    found: dict[str, Any] = read("mutation.json")
    return found


def test_it_was_made_from_these_sources(record: dict[str, Any]) -> None:
    assert tuple(record["provenance"]["sources"]) == SOURCES
    assert record["provenance"]["sources_sha256"] == sources_sha256(SOURCES), (
        "the mutants are of other sources, run: tox -e mutation"
    )


def test_nine_in_ten_of_at_least_300_are_killed(record: dict[str, Any]) -> None:
    rows = record["mutants"]
    assert len(rows) >= 300
    assert sum(row["killed_by"] is not None for row in rows) >= 0.9 * len(rows)


def test_the_page_shows_the_record_and_a_reason_for_every_survivor(record: dict[str, Any]) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert page == markdown(record, read("survivors.json"))
    assert "no reason yet" not in page
