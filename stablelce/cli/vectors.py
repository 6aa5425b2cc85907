"""``stablelce vectors``: inputs with expected results, as JSON or CSV."""

from __future__ import annotations

from pathlib import Path

import click

from stablelce.cli.options import InputError, to_format, writable, write_text
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import Format

__all__ = ["vectors"]


@click.command()
@click.option(
    "--dtype",
    "fmt",
    metavar="DTYPE",
    callback=to_format,
    default="float64",
    show_default=True,
    help="The format.",
)
@click.option("--quantity", type=click.Choice(QUANTITIES), default="loss", show_default=True, help="What of.")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=writable,
    help="Write CSV to FILE; add a column result and grade it by `stablelce score FILE`.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=writable,
    help="Write JSON to FILE.",
)
@click.option("--anew", is_flag=True, help="Ask the oracle again, instead of taking version 1 as it ships.")
def vectors(fmt: Format, quantity: str, csv_file: Path | None, json_file: Path | None, anew: bool) -> None:
    """Write inputs with expected results, for implementations in any language.

    JSON goes to standard output if no file is named. The JSON says what its fields mean.
    """
    from stablelce.conformance.vectors import build, csv_text, json_text, shipped

    try:
        file = build(quantity, fmt) if anew else shipped(quantity, fmt)
    except ImportError as error:
        raise InputError(str(error)) from None
    if csv_file is not None:
        write_text(csv_file, csv_text(file))
    if json_file is not None:
        write_text(json_file, json_text(file))
    if csv_file is None and json_file is None:
        click.echo(json_text(file), nl=False)
