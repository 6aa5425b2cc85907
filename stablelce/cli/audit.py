"""``stablelce audit``: judge implementations by the contract."""

from __future__ import annotations

import shlex
from contextlib import closing
from pathlib import Path

import click

from stablelce.cli.options import json_option, tier_option, to_formats, write_text
from stablelce.cli.terminal import console, print_audit, progress_bar
from stablelce.cli.workers import Job, Outcome, run_jobs
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.points import Tier
from stablelce.conformance.results import Record
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import Format

__all__ = ["audit"]

_STATUS = {"audited": 0, "absent": 2, "unusable": 2, "died": 3}


@click.command()
@click.argument("subjects", metavar="SUBJECT...", nargs=-1, required=True)
@click.option(
    "--quantity",
    type=click.Choice(QUANTITIES),
    default="loss",
    show_default=True,
    help="What a subject that is a bare function computes.",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="accurate",
    show_default=True,
    help="The accuracy that is required.",
)
@click.option(
    "--format",
    "formats",
    metavar="DTYPE",
    multiple=True,
    callback=to_formats,
    help="Judge this dtype only; may be repeated.",
)
@tier_option("standard")
@click.option("--allow-ftz", is_flag=True, help="Flushed subnormals do not fail the audit.")
@json_option
@click.pass_context
def audit(
    ctx: click.Context,
    subjects: tuple[str, ...],
    quantity: str,
    profile: Profile,
    formats: tuple[Format, ...],
    tier: Tier,
    allow_ftz: bool,
    json_file: Path | None,
) -> None:
    """Judge each SUBJECT, in a process of its own.

    A SUBJECT is stablelce, numpy:naive, numpy:logaddexp, numpy:fused, scipy, sklearn, torch,
    package.module:attr or ./file.py:attr.

    \b
    Exit status: 0 every required check holds; 1 one fails; 2 wrong usage, an absent subject or
    nothing to judge; 3 the subject's process died or hung. The highest applies.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    names = tuple(dict.fromkeys(fmt.dtype_name for fmt in formats)) or None
    jobs = [Job(one, quantity, tier, profile, names, allow_ftz) for one in dict.fromkeys(subjects)]
    outcomes = _run(jobs)
    if json_file is not None:
        command = shlex.join(["stablelce", *(ctx.obj or ["audit", *subjects])])
        write_text(json_file, _record(command, outcomes).to_json())
    ctx.exit(max(_status(outcome) for outcome in outcomes))


def _run(jobs: list[Job]) -> list[Outcome]:
    out = console()
    outcomes: list[Outcome] = []
    with progress_bar() as bar:
        task = bar.add_task("", total=None)

        def on_progress(name: str, done: int, total: int, doing: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{name}: {doing}"[:34])

        # One at a time, so that the findings of each stand together and the times are its own.
        with closing(run_jobs(jobs, 1, on_progress)) as finished:
            for outcome in finished:
                bar.reset(task, total=None)
                if outcomes:
                    out.print()
                if outcome.result is not None:
                    print_audit(outcome.result, out)
                else:
                    click.echo(f"stablelce: {outcome.message}", err=True)
                outcomes.append(outcome)
    return outcomes


def _status(outcome: Outcome) -> int:
    if outcome.result is not None:
        return 0 if outcome.result.passed else 1
    return _STATUS[outcome.status]


def _record(command: str, outcomes: list[Outcome]) -> Record:
    from stablelce.conformance.provenance import provenance

    return Record(
        provenance=provenance(command, ("numpy",)),
        subjects=tuple(outcome.result for outcome in outcomes if outcome.result is not None),
        absent={outcome.subject: outcome.message for outcome in outcomes if outcome.result is None},
    )
