from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.conformance.provenance import sources_sha256
from stablelce.conformance.trainers.provenance import sources
from stablelce.conformance.trainers.results import TrainerRecord
from stablelce.report.trainers import digits, main, trainers_markdown
from tests.conformance.trainers.records import check, record, result

RECORD = Path(__file__).parents[2] / "reports" / "trainers" / "trainers.json"


@pytest.fixture(scope="module")
def committed() -> TrainerRecord:
    return TrainerRecord.model_validate_json(RECORD.read_text(encoding="utf-8"))


def test_the_committed_page_shows_the_committed_record(committed: TrainerRecord) -> None:
    page = RECORD.with_name("README.md").read_text(encoding="utf-8")
    stale = "run: python -m stablelce.report.trainers reports/trainers/trainers.json"
    assert page == trainers_markdown(committed), stale


def test_the_committed_record_is_written_as_records_are(committed: TrainerRecord) -> None:
    assert RECORD.read_text(encoding="utf-8") == committed.to_json()


def test_the_committed_record_was_made_from_these_sources(committed: TrainerRecord) -> None:
    stale = f"the record is stale, run: {committed.provenance.command}"
    assert committed.provenance.sources == sources(), stale
    assert committed.provenance.sources_sha256 == sources_sha256(sources()), stale


def test_the_page_says_who_fails_what_and_how_the_record_was_made() -> None:
    bad = result(check("optimum", "failed", digits=3.99), check("hard problems", "failed"), trainer="bad")
    page = trainers_markdown(record(result(), bad, absent="it is not installed"))
    assert "| mine:Trainer (version 1.2) | C=inf | none |" in page
    assert "1 of 14 fail" in page
    assert "all 14 hold" in page
    assert "* **optimum** (failed, silent): what optimum found: \\[1.0, 2.0\\] \\| 3" in page
    assert "* **hard problems** (failed, informational, silent)" in page
    assert "### mine:Trainer" not in page  # nothing was found there
    assert "Not judged: absent: it is not installed" in page
    assert "`stablelce audit --trainer mine:Trainer`" in page
    assert "| hard problems (informational) | ✓ | ✗ |" in page


def test_digits_are_rounded_down() -> None:
    assert digits(check("optimum", digits=3.99)) == "3.9"
    assert digits(check("optimum", "not applicable")) == "–"
    assert digits(check("optimum")) == "none"


def test_the_command_writes_the_page_beside_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trainers.json"
    path.write_text(record(result()).to_json(), encoding="utf-8")
    assert main([str(path)]) == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == trainers_markdown(record(result()))
    path.write_text("{}", encoding="utf-8")
    assert main([str(path)]) == 2
    assert main([str(tmp_path / "absent.json")]) == 2
    assert main([]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert "is not a record of trainers" in said[0]
    assert "No such file" in said[1]
    assert said[2].startswith("usage")
