from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.conformance.provenance import sources_sha256
from stablelce.conformance.results import Record
from stablelce.report.markdown import BEGIN, END, readme_table, report_markdown
from stablelce.report.plots import draw_plots

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "reports" / "accuracy.json"


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.model_validate_json(RECORD.read_text(encoding="utf-8"))


def test_the_readme_holds_the_table_of_the_committed_record(record: Record) -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    stale = "run: python -m stablelce.report README.md reports/accuracy.json"
    assert table == f"\n{readme_table(record)}", stale


def test_the_committed_page_shows_the_committed_record(record: Record) -> None:
    # The markdown page, because index.html holds drawings that differ between versions of Matplotlib.
    page = (ROOT / "reports" / "README.md").read_text(encoding="utf-8")
    assert page == report_markdown(record, draw_plots(record)), "run: stablelce report"


def test_the_committed_record_is_written_as_records_are(record: Record) -> None:
    assert RECORD.read_text(encoding="utf-8") == record.to_json()


def test_the_committed_record_was_made_from_these_sources(record: Record) -> None:
    assert record.provenance.sources_sha256 == sources_sha256(), "the report is stale, run: stablelce report"
