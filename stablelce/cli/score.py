"""``stablelce score``: grade results that were computed elsewhere, in any language."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stablelce.cli.options import InputError, json_option, to_format, write_text
from stablelce.cli.terminal import console, print_audit, table, units
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.results import AuditResult, Record, Value
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject, SubjectError
from stablelce.formats import Format, find_format

if TYPE_CHECKING:
    from stablelce.conformance.scoring import Grades

__all__ = ["score"]


def _format(ctx: click.Context, param: click.Parameter, value: str | None) -> Format | None:
    return None if value is None else to_format(ctx, param, value)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--dtype", "fmt", metavar="DTYPE", callback=_format, help="The format, if FILE does not say it."
)
@click.option("--quantity", type=click.Choice(QUANTITIES), help="What was computed, if FILE does not say it.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="accurate",
    show_default=True,
    help="The accuracy that is required.",
)
@click.option("--allow-ftz", is_flag=True, help="Flushed subnormals do not fail the results.")
@click.option("--partial", is_flag=True, help="Grade what is there, though vectors have no result.")
@json_option
@click.pass_context
def score(
    ctx: click.Context,
    file: Path,
    fmt: Format | None,
    quantity: str | None,
    profile: Profile,
    allow_ftz: bool,
    partial: bool,
    json_file: Path | None,
) -> None:
    """Grade the results in FILE: CSV with the columns id, z, t and result.

    Numbers are hexadecimal floats (0x1.8p+3), bits (0x4028000000000000), inf, -inf or nan. A first line
    `# stablelce-vectors-v1 quantity=loss dtype=float64`, as `stablelce vectors --csv` writes it, says what
    was computed, and that there is a result for each vector. Without it the points are your own, and the
    options say what was computed (the loss in float64 unless given).

    \b
    Exit status: 0 every required check holds; 1 one fails; 2 wrong usage or an unreadable file.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    from stablelce.conformance.scoring import extent, grades
    from stablelce.conformance.scoring import score as judge
    from stablelce.conformance.subjects.vectors import from_file

    try:
        subject = from_file(file, f"vectors:{file}", quantity, fmt)
        result = judge(subject, profile=profile, allow_ftz=allow_ftz, partial=partial)
    except SubjectError as error:
        raise InputError(str(error)) from None
    count = extent(subject)
    print_audit(result, console(), "" if count is None or count.is_whole else str(count).upper())
    _print_grades(subject, grades(subject, allow_ftz=allow_ftz))
    if json_file is not None:
        command = shlex.join(["stablelce", *(ctx.obj or ["score", str(file)])])
        write_text(json_file, _record(command, result).to_json())
    ctx.exit(0 if result.passed else 1)


def _record(command: str, result: AuditResult) -> Record:
    from stablelce.conformance.provenance import provenance

    return Record(provenance=provenance(command, ("numpy",)), subjects=(result,))


def _print_grades(subject: Subject, found: Grades) -> None:
    """A verdict for each profile, and the inputs with the largest errors."""
    if not found.points:
        return
    out = console()
    verdicts = table("profile", "points beyond it", "verdict", right=("points beyond it",))
    for profile, missed in found.missed.items():
        verdicts.add_row(profile, f"{missed} of {found.points}", "missed" if missed else "reached")
    out.print()
    out.print(verdicts)
    (quantity,), fmt = subject.functions, find_format((subject.formats or ())[0])
    if found.worst:
        out.print("\nWorst inputs, with errors in units:")
    for row in found.worst:
        z, t, got, want = (Value.of(fmt, e).decimal for e in (row.z, row.t, row.got, row.want))
        inputs = f"z = {z}" if quantity in ONE_ARGUMENT else f"z = {z}, t = {t}"
        out.print(f"  {units(row.error):7} {inputs}: got {got}, want {want}", soft_wrap=True)
