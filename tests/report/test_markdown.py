from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance.results import Record
from stablelce.formats import BINARY64
from stablelce.report import markdown
from stablelce.report.markdown import BEGIN, END, readme_table, report_markdown, update_readme
from stablelce.report.plots import Plot
from tests.report import records

RECORD = records.record("scipy")
PLOT = Plot("loss-float32", "loss", "float32", "Largest error [of] the loss.", "<svg></svg>")


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a markdown text as rows of cells, escaped bars kept inside their cells."""
    blocks = re.findall(r"(?:^\|.*\|\n?)+", text, flags=re.MULTILINE)
    return [[re.split(r" (?<!\\)\| ", line.strip("| ")) for line in block.splitlines()] for block in blocks]


def renamed(name: str) -> Record:
    audit = records.audit_result("numpy:naive").model_copy(update={"subject": name})
    return records.record().model_copy(update={"subjects": (audit,)})


# -- the table of the project's README -------------------------------------------------------------


def test_the_readme_table_has_a_row_for_each_subject() -> None:
    ((header, _, *rows),) = tables(readme_table(records.record()))
    assert header == ["subject", "float32 loss", "float32 gradient", "float64 loss", "float64 gradient"]
    assert [row[0].split()[0] for row in rows] == list(records.SUBJECTS)
    assert rows[-1][1:] == ["1.7e7 (82.0 %)", "1.7e7 (82.0 %)", "9.0e15 (82.0 %)", "9.0e15 (82.0 %)"]


def test_a_format_that_a_subject_lacks_is_a_dash() -> None:
    audit = records.audit_result("scipy").model_copy(update={"profiles": {"float64": None}, "version": ""})
    record = records.record("torch")
    record = record.model_copy(update={"subjects": (*record.subjects, audit)})
    assert tables(readme_table(record))[0][-1][:3] == ["scipy", "–", "–"]


def test_a_subject_without_hard_targets_is_a_dash() -> None:
    audit = records.audit_result("scipy").model_copy(update={"accuracy": ()})
    record = records.record().model_copy(update={"subjects": (audit,)})
    assert tables(readme_table(record))[0][-1][1:] == ["–"] * 4


@given(before=st.text(), after=st.text())
def test_updating_touches_nothing_but_the_table(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    # write_text turns lone carriage returns and unpaired surrogates into something else; READMEs have none.
    before, after = (re.sub(r"[\r\ud800-\udfff]", "", text) for text in (before, after))
    path = tmp_path_factory.mktemp("readme") / "README.md"
    path.write_text(f"{before}{BEGIN}\nold\n{END}{after}", encoding="utf-8")
    assert update_readme(path, RECORD)
    assert path.read_text(encoding="utf-8") == f"{before}{BEGIN}\n{readme_table(RECORD)}{END}{after}"
    assert not update_readme(path, RECORD)


@pytest.mark.parametrize(
    "text", ["", BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}{END}{END}", f"{BEGIN}{BEGIN}{END}"]
)
def test_a_readme_without_its_two_markers_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md needs one line <!-- accuracy:begin -->"):
        update_readme(path, RECORD)
    assert path.read_text(encoding="utf-8") == text


# -- the page reports/README.md --------------------------------------------------------------------


def test_sections_come_in_order_under_one_title() -> None:
    text = report_markdown(records.record(), [PLOT])
    assert re.findall(r"^#{1,2} .*", text, flags=re.MULTILINE) == [
        "# Accuracy of the logistic cross-entropy",
        "## At a glance",
        "## Inputs to remember",
        "## Error against z",
        "## Checks",
        "## Worst inputs",
        "## Words",
        "## How this was made",
    ]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    found = tables(report_markdown(records.record(), [PLOT]))
    assert len(found) > 10
    for table in found:
        assert {len(row) for row in table} == {len(table[0])}


def test_plots_are_linked_with_their_description() -> None:
    text = report_markdown(records.record(), [PLOT])
    assert r"![Largest error \[of\] the loss.](plots/loss-float32.svg)" in text


def test_a_record_without_plots_or_failures_says_so_or_leaves_the_section_out() -> None:
    text = report_markdown(records.record("stablelce", absent=False), [])
    assert "This record holds no curves" in text
    assert "## Inputs to remember" not in text
    assert "## Worst inputs" not in text
    assert "Not judged" not in text


def test_absent_subjects_are_named_with_their_remedy() -> None:
    assert "* jax: jax is not installed: pip install jax." in report_markdown(records.record(), [])


def test_provenance_is_told() -> None:
    record = records.record()
    text = report_markdown(record, [])
    assert f"`{record.provenance.command}`" in text
    assert record.provenance.sources_sha256 in text
    assert "numpy 2.4.6, mpmath 1.3.0" in text


def test_findings_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stablelce.report.inputs.MOST_FINDINGS", 1)
    assert "more in [accuracy.json](accuracy.json)." in report_markdown(records.record("numpy:naive"), [])


def test_calls_are_fenced_even_if_they_hold_a_fence() -> None:
    record = renamed("own")
    audit = record.subjects[0]
    call = "print('''\n```\n''')"
    shown = records.example("loss", BINARY64, 9.0, 1e5).model_copy(update={"call": call, "note": ""})
    failed = records.check("tails", BINARY64, status="failed", counterexample=shown)
    audit = audit.model_copy(update={"checks": (failed,), "accuracy": ()})
    text = report_markdown(record.model_copy(update={"subjects": (audit,)}), [])
    assert f"````python\n{call}\n````" in text


@pytest.mark.parametrize(
    "name", ["a|b", "<script>alert(1)</script>", "two\nlines", "*bold*", "[x](y)", "`c`"]
)
def test_text_of_the_record_is_text_and_no_markup(name: str) -> None:
    text = report_markdown(renamed(name), [])
    assert name not in text
    for table in tables(text):
        assert {len(row) for row in table} == {len(table[0])}


def test_plain_text_passes_unchanged() -> None:
    assert markdown.escaped("numpy:naive 1.0 (82 %)") == "numpy:naive 1.0 (82 %)"
