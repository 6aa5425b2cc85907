"""``stablelce certify``: prove how far a model's coefficients are from the exact optimum of its data."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stablelce.cli.models import Model, number
from stablelce.cli.options import InputError, json_option, write_text
from stablelce.cli.tables import Columns, Table, read_table
from stablelce.cli.terminal import console, table
from stablelce.cli.train import data_argument

if TYPE_CHECKING:
    from stablelce.certificate import Certificate

__all__ = ["certify"]


@click.command()
@click.argument("model", metavar="MODEL", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_argument
@json_option
@click.pass_context
def certify(ctx: click.Context, model: Path, data: Path, json_file: Path | None) -> None:
    """Prove how far MODEL, written by 'stablelce train --model', is from the exact optimum of DATA.

    \b
    Exit status: 0 certified: there is a unique optimum, within the radii shown; 1 not certified;
    2 wrong usage.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    fitted = Model.read(model)
    columns = Columns(fitted.target, fitted.weight, list(fitted.coef))
    with tempfile.TemporaryFile() as scratch:
        found = _certificate(fitted, read_table(data, columns, scratch))
    if json_file is not None:
        write_text(json_file, _to_json(fitted, found))
    _print(fitted, found)
    ctx.exit(0 if found.certified else 1)


def _certificate(fitted: Model, rows: Table) -> Certificate:
    try:
        from stablelce.certificate import certify as prove

        return prove(fitted, rows.X, rows.y, soft=fitted.soft, sample_weight=rows.weight)
    except (ImportError, TypeError, ValueError) as error:
        raise InputError(str(error)) from None


def _rows(fitted: Model, found: Certificate) -> list[tuple[str, float, float, float]]:
    """Name, coefficient, radius and digits of every parameter."""
    made = [
        (name, value, float(radius), float(digits))
        for (name, value), radius, digits in zip(fitted.coef.items(), found.radius, found.digits, strict=True)
    ]
    if fitted.fit_intercept:
        made.append(("(intercept)", fitted.intercept, found.intercept_radius, found.intercept_digits))
    return made


def _print(fitted: Model, found: Certificate) -> None:
    out = console()
    if not found.certified:
        out.print(f"NOT CERTIFIED: {found.reason}", style="bold red", soft_wrap=True)
        return
    numbers = ("coefficient", "radius", "digits")
    made = table("feature", *numbers, right=numbers)
    for name, value, radius, digits in _rows(fitted, found):
        shown = "all" if math.isinf(digits) else f"{math.floor(10 * digits) / 10:.1f}"
        made.add_row(name, repr(value), f"{radius:.1e}", shown)
    out.print(made)
    low, high = found.loss
    out.print(f"\nThe loss at the optimum lies in [{low!r}, {high!r}].")
    out.print(
        f"CERTIFIED: the unique optimum lies within these radii, proved in {found.precision} bits.",
        style="bold green",
    )


def _to_json(fitted: Model, found: Certificate) -> str:
    content = {
        "certified": found.certified,
        "reason": found.reason,
        "precision": found.precision,
        "loss": [number(bound) for bound in found.loss],
        "parameters": {
            name: {"value": number(value), "radius": number(radius), "digits": number(digits)}
            for name, value, radius, digits in _rows(fitted, found)
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
