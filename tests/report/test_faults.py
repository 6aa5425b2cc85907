from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from stablelce.conformance.faults.results import FaultRecord
from stablelce.report.faults import faults_markdown

RECORD = Path(__file__).parents[2] / "reports" / "faults" / "faults.json"


@pytest.fixture(scope="module")
def record() -> FaultRecord:
    return FaultRecord.model_validate_json(RECORD.read_text(encoding="utf-8"))


def test_every_fault_check_and_tool_is_on_the_page(record: FaultRecord) -> None:
    page = faults_markdown(record)
    for fault in record.faults:
        assert fault.name in page
        assert not fault.url or f"]({fault.url})" in page
    for check in record.checks:
        assert f"| {check.check}" in page
    for tool in record.tools:
        assert f"[{tool.name}]({tool.source})" in page


def test_tables_are_tables(record: FaultRecord) -> None:
    lines = faults_markdown(record).splitlines()
    for line, below in pairwise(lines):
        if line.startswith("|") and below.startswith("|"):
            assert line.replace("\\|", "").count("|") == below.replace("\\|", "").count("|"), line


def test_a_fault_that_escapes_has_no_time(record: FaultRecord) -> None:
    free = record.faults[0].model_copy(update={"catches": (), "name": "free"})
    page = faults_markdown(record.model_copy(update={"faults": (free, *record.faults[1:])}))
    (line,) = [line for line in page.splitlines() if line.startswith("| free |") and "✓" not in line]
    assert line.endswith("| – |")
    assert f"The suite catches {len(record.faults) - 1} of them" in page
