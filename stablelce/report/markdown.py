"""The report in GitHub's markdown: the table of the project's README, and the page ``reports/README.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stablelce.conformance.results import Record
from stablelce.report.inputs import Finding, memorable, worst_inputs
from stablelce.report.tables import STATES, Cell, Figure, HeadlineRow, headline, matrix
from stablelce.report.words import WORDS

if TYPE_CHECKING:
    from stablelce.report.plots import Plot

__all__ = ["BEGIN", "END", "escaped", "readme_table", "report_markdown", "table_text", "update_readme"]

BEGIN = "<!-- accuracy:begin -->"
END = "<!-- accuracy:end -->"

LEFT, CENTRE, RIGHT = "---", ":---:", "---:"

README_FORMATS = ("float32", "float64")


def readme_table(record: Record) -> str:
    """The accuracy table of the project's README, without the markers around it.

    Rows are subjects; the columns give, for loss and gradient in float32 and float64, the largest error
    for hard targets in units and the share of results that are correctly rounded.
    """
    table = headline(record)
    columns = [table.formats.index(name) for name in README_FORMATS if name in table.formats]
    header = ["subject"]
    for column in columns:
        header += [f"{table.formats[column]} {quantity}" for quantity in ("loss", "gradient")]
    rows = []
    for row in table.rows:
        cells = [_subject(row)]
        for column in columns:
            cell = row.cells[column]
            cells += [_brief(cell.loss), _brief(cell.gradient)] if cell else ["–", "–"]
        rows.append(cells)
    caption = (
        "Largest error for targets 0 and 1, in units in the last place (0.50 is the best possible), and in "
        "brackets the share of results that are correctly rounded."
    )
    return f"{table_text(header, rows, RIGHT)}\n\n{caption}\n"


def update_readme(path: Path, record: Record) -> bool:
    """Write the table of a record between the markers of a README; tell whether the file changed.

    Raises
    ------
    ValueError
        The file does not hold each marker once, the beginning before the end.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{path} needs one line {BEGIN} and after it one line {END} to hold the table.")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    updated = f"{before}{BEGIN}\n{readme_table(record)}{END}{after}"
    if updated != text:
        path.write_text(updated, encoding="utf-8")
    return updated != text


def _subject(row: HeadlineRow) -> str:
    return f"{row.subject} ({row.version})" if row.version else row.subject


def _brief(figure: Figure | None) -> str:
    return f"{figure.error} ({figure.share})" if figure else "–"


# -- the page reports/README.md --------------------------------------------------------------------


def report_markdown(record: Record, plots: Sequence[Plot]) -> str:
    """The report as one markdown page, with the plots linked as files."""
    sections = (
        _opening(record),
        _headline(record),
        _memorable(record),
        _plots(plots),
        _matrix(record),
        _worst(record),
        _words(),
        _how_made(record),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def _opening(record: Record) -> Iterator[str]:
    yield "# Accuracy of the logistic cross-entropy"
    yield ""
    yield (
        f"Made by `{record.provenance.command}`; do not edit. The same as a page to look at: "
        "[index.html](index.html). The record, with every number: [accuracy.json](accuracy.json)."
    )


def _headline(record: Record) -> Iterator[str]:
    table = headline(record)
    yield "## At a glance"
    yield ""
    yield (
        "Largest error for hard targets, in units; in brackets the share of results that are correctly "
        "rounded. The profile is the highest that every judged quantity reaches, soft targets included."
    )
    for name, cells in zip(table.formats, zip(*(row.cells for row in table.rows), strict=True), strict=True):
        yield from ("", f"### {name}", "")
        rows = [_glance(row, cell) for row, cell in zip(table.rows, cells, strict=True) if cell is not None]
        yield table_text(["subject", "loss", "gradient", "profile", "verdict, all formats"], rows)
    if record.absent:
        yield from ("", "Not judged:", "")
        for subject, reason in record.absent.items():
            yield f"* {escaped(subject)}: {escaped(reason)}"


def _glance(row: HeadlineRow, cell: Cell) -> list[str]:
    return [_subject(row), _brief(cell.loss), _brief(cell.gradient), cell.profile, row.verdict]


def _memorable(record: Record) -> Iterator[str]:
    inputs = memorable(record)
    if not inputs:
        return
    yield "## Inputs to remember"
    yield ""
    rows = [
        [", ".join(m.subjects), m.quantity, m.format, m.z, m.t or "", m.got, m.want, m.error] for m in inputs
    ]
    yield table_text(["subjects", "quantity", "format", "z", "t", "got", "right", "error, units"], rows)


def _plots(plots: Sequence[Plot]) -> Iterator[str]:
    yield "## Error against z"
    if not plots:
        yield from ("", "This record holds no curves: its tier does not measure them.")
        return
    yield ""
    yield "Both axes are compressed; infinite errors are drawn in the grey band on top."
    for plot in plots:
        yield from ("", f"![{escaped(plot.description)}](plots/{plot.name}.svg)")


def _matrix(record: Record) -> Iterator[str]:
    table = matrix(record)
    yield "## Checks"
    yield ""
    yield "; ".join([f"{state.symbol} {state.meaning}" for state in STATES.values()]) + "."
    yield "A cell shows the worst outcome over quantities and formats, and names the formats."
    yield ""
    rows = [
        [
            row.check if row.required else f"{row.check} (informational)",
            *(f"{c.state.symbol} {c.formats}" for c in row.cells),
        ]
        for row in table.rows
    ]
    yield table_text(["check", *table.subjects], rows, CENTRE)


def _worst(record: Record) -> Iterator[str]:
    subjects = worst_inputs(record)
    if not subjects:
        return
    yield "## Worst inputs"
    for found in subjects:
        yield from ("", f"### {escaped(found.subject)}")
        for finding in found.shown:
            yield ""
            yield from _finding(finding)
        if found.more:
            yield from ("", f"{found.more} more in [accuracy.json](accuracy.json).")


def _finding(finding: Finding) -> Iterator[str]:
    about = [f"**{escaped('; '.join(finding.checks))}**", finding.quantity or "", ", ".join(finding.formats)]
    if finding.shown_error is not None:
        about.append(f"error {finding.shown_error} units")
    if not finding.required:
        about.append("informational")
    yield " · ".join(part for part in about if part)
    if finding.message:
        yield from ("", escaped(finding.message))
    if finding.example is not None:
        rows = [[name, value.decimal, value.hex, value.bits] for name, value in finding.values]
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", finding.example.call)), default=0))
        yield from ("", table_text([finding.format, "decimal", "hexadecimal", "bits"], rows))
        if finding.example.note:
            yield from ("", escaped(finding.example.note))
        yield from ("", f"{fence}python", finding.example.call, fence)


def _words() -> Iterator[str]:
    yield "## Words"
    yield ""
    for term, meaning in WORDS.items():
        yield f"* **{term}**: {meaning}"


def _how_made(record: Record) -> Iterator[str]:
    made = record.provenance
    yield "## How this was made"
    yield ""
    yield f"* Command: `{made.command}`"
    yield f"* Machine: {escaped(made.machine)}; {escaped(made.python)}"
    yield f"* Packages: {escaped(', '.join(f'{name} {version}' for name, version in made.packages.items()))}"
    yield f"* SHA-256 over {len(made.sources)} sources (listed in accuracy.json): `{made.sources_sha256}`"


# -- markdown --------------------------------------------------------------------------------------


def table_text(header: Sequence[str], rows: Iterable[Sequence[str]], align: str = LEFT) -> str:
    """A table; all columns but the first are aligned as told."""
    lines = [_row(header), f"| {' | '.join([LEFT] + [align] * (len(header) - 1))} |"]
    return "\n".join(lines + [_row(row) for row in rows])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell).strip() for cell in cells)} |"


def escaped(text: str) -> str:
    """Text of a record on one line, with nothing that markdown or HTML would act on."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|*`\[\]])", r"\\\1", line)
