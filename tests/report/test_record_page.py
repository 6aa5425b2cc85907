"""The section and the command that the pages of records share."""

from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.conformance.results import Provenance
from stablelce.report.record_page import how_made, write_page


def test_the_section_names_all_that_a_record_was_made_of() -> None:
    made = Provenance(
        command="make it",
        machine="a <machine>",
        python="3.11",
        packages={"numpy": "2.4", "scipy": "1.17"},
        sources=("a.py", "b.py"),
        sources_sha256="abc",
    )
    text = "\n".join(how_made(made, "it.json"))
    for part in ("`make it`", "a &lt;machine>", "numpy 2.4, scipy 1.17", "2 sources", "it.json", "`abc`"):
        assert part in text


def test_the_page_is_written_beside_the_record_or_one_sentence_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, none = tmp_path / "numbers.json", tmp_path / "none.json"
    record.write_text("12", encoding="utf-8")
    assert write_page([str(record)], "how", "numbers", int, lambda number: f"# {number + 1}\n") == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# 13\n"
    record.write_text("twelve", encoding="utf-8")
    assert [write_page(given, "how", "numbers", int, str) for given in ([], [str(none)], [str(record)])] == [
        2
    ] * 3
    usage, absent, bad = capsys.readouterr().err.splitlines()
    assert usage == "usage: how"
    assert absent.startswith(f"Cannot open {none}: ")
    assert bad.startswith(f"{record} is not a record of numbers: ")
