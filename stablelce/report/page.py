"""The HTML page: one file that needs nothing else, from the templates beside this module."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import jinja2

from stablelce.conformance.results import Record
from stablelce.report.inputs import memorable, worst_inputs
from stablelce.report.plots import Plot
from stablelce.report.tables import STATES, figure, headline, matrix
from stablelce.report.words import WORDS

__all__ = ["page_html"]

TEMPLATES = Path(__file__).with_name("templates")


def page_html(record: Record, plots: Sequence[Plot]) -> str:
    """The page with its style and its plots inline."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # The templates mark style and drawings, which are our own, as safe; every text of the record is escaped.
    return environment.get_template("page.html.j2").render(
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        drawings={quantity: list(group) for quantity, group in groupby(plots, attrgetter("quantity"))},
        headline=headline(record),
        memorable=memorable(record),
        matrix=matrix(record),
        states=STATES.values(),
        worst=worst_inputs(record),
        results={audit.subject: [(r, figure(r)) for r in audit.accuracy] for audit in record.subjects},
        record=record,
        words=WORDS.items(),
    )
