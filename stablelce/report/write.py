"""Write a record and its views into a folder."""

from __future__ import annotations

from pathlib import Path

from stablelce.conformance.results import Record
from stablelce.report.markdown import report_markdown

__all__ = ["write_report"]


def write_report(record: Record, directory: Path) -> list[Path]:
    """Write ``accuracy.json``, ``README.md``, ``index.html`` and ``plots/*.svg``.

    The same record gives the same bytes, with the same version of Matplotlib. Plots of an earlier report
    in the folder are removed, so that every plot there belongs to the record beside it.

    Parameters
    ----------
    record : Record
        What was found.
    directory : Path
        Where to write; made if it does not exist.

    Returns
    -------
    list of Path
        The files written; the page comes first.

    Raises
    ------
    ImportError
        jinja2 or Matplotlib is not installed.
    """
    try:
        from stablelce.report.page import page_html
        from stablelce.report.plots import draw_plots
    except ImportError as error:
        raise ImportError(
            f"Writing the report needs the package {error.name}: pip install 'stablelce[suite]'."
        ) from None

    plots = draw_plots(record)
    texts = {
        directory / "index.html": page_html(record, plots),
        directory / "README.md": report_markdown(record, plots),
        directory / "accuracy.json": record.to_json(),
    }
    texts |= {directory / "plots" / f"{plot.name}.svg": plot.svg for plot in plots}

    (directory / "plots").mkdir(parents=True, exist_ok=True)
    for old in (directory / "plots").glob("*.svg"):
        if old not in texts:
            old.unlink()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)
