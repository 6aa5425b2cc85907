from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from stablelce.conformance.results import Record
from stablelce.report.page import page_html
from stablelce.report.plots import draw_plots
from tests.report import records

VOID = {"meta", "br", "wbr", "link", "img", "input", "hr", "base", "source"}


class Page(HTMLParser):
    """The elements of a page in order, with a complaint for each one closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.complaints: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def html() -> str:
    record = records.record()
    return page_html(record, draw_plots(record))


@cache
def page() -> Page:
    return Page(html())


def plain(record: Record) -> Page:
    return Page(page_html(record, []))


def test_elements_are_closed_in_turn() -> None:
    assert page().complaints == []
    assert page().open == []


def test_the_page_asks_nothing_of_the_network() -> None:
    tags = {tag for tag, _ in page().elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in page().elements:
        for name in ("src", "href", "xlink:href", "srcset", "poster", "data", "action"):
            assert attributes.get(name, "#").startswith("#"), (tag, name)
    assert "@import" not in html()
    assert html().count("url(") == html().count("url(#")


def test_the_browser_is_told_to_load_nothing() -> None:
    policies = [meta["content"] for meta in page().all("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_headings_begin_at_one_and_skip_no_level() -> None:
    levels = [int(tag[1]) for tag, _ in page().elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_head_cell_a_scope() -> None:
    tags = [tag for tag, _ in page().elements]
    tables = [i for i, tag in enumerate(tags) if tag == "table"]
    assert len(tables) > 10
    assert all(tags[i + 1] == "caption" for i in tables)
    assert all(cell.get("scope") in ("row", "col", "colgroup") for cell in page().all("th"))


def test_every_drawing_has_a_title_and_a_description() -> None:
    drawings = page().all("svg")
    ids = {attributes["id"] for _, attributes in page().elements if "id" in attributes}
    assert len(drawings) == 8
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert set(drawing["aria-labelledby"].split()) <= ids


def test_ids_are_unique_and_links_lead_to_them() -> None:
    ids = [attributes["id"] for _, attributes in page().elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {anchor["href"].removeprefix("#") for anchor in page().all("a")} <= set(ids)


def test_the_page_serves_both_schemes_a_phone_and_a_printer() -> None:
    assert "(prefers-color-scheme: dark)" in html()
    assert "@media print" in html()
    names = {meta.get("name"): meta["content"] for meta in page().all("meta") if "name" in meta}
    assert names["viewport"] == "width=device-width, initial-scale=1"
    assert names["color-scheme"] == "light dark"


def test_a_state_is_told_by_symbol_and_in_words() -> None:
    text = "".join(page().text)
    assert "✗" in text
    assert "torch: failed in float32 (loss, gradient)" in text


def test_the_page_opens_with_the_headline_and_the_inputs_to_remember() -> None:
    sections = [section["id"] for section in page().all("section")]
    assert sections == ["glance", "remember", "curves", "checks", "worst", "results", "words", "made"]


def test_text_of_the_record_is_escaped() -> None:
    audit = records.audit_result("numpy:naive")
    hostile = audit.model_copy(update={"subject": '<script src="http://x">', "version": "</table>&"})
    attacked = plain(records.record().model_copy(update={"subjects": (hostile,)}))
    assert attacked.complaints == []
    assert attacked.all("script") == []
    assert '<script src="http:' in "".join(attacked.text)


def test_a_record_without_failures_or_curves_leaves_their_sections_out() -> None:
    calm = plain(records.record("stablelce", absent=False))
    sections = [section["id"] for section in calm.all("section")]
    assert "remember" not in sections
    assert "worst" not in sections
    assert "This record holds no curves" in "".join(calm.text)


def test_absent_subjects_are_named_with_their_remedy() -> None:
    assert "jax is not installed: pip install jax." in "".join(page().text)


def test_findings_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stablelce.report.inputs.MOST_FINDINGS", 1)
    assert "more in accuracy.json." in "".join(plain(records.record("numpy:naive")).text)
