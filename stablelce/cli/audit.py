"""``stablelce audit``: judge implementations by the contract."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from stablelce.cli.judging import exit_status, judge_in_turn
from stablelce.cli.options import json_option, tier_option, to_formats, to_limits, write_text
from stablelce.cli.reproducers import make_folder, write_reproducers
from stablelce.cli.terminal import console, print_audit
from stablelce.cli.trainers import audit_trainers, to_options
from stablelce.cli.workers import Job, Outcome
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.points import Tier
from stablelce.conformance.results import Record
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits
from stablelce.formats import Format

__all__ = ["audit"]

_FOR_SUBJECTS = ("quantity", "formats", "tier", "allow_ftz", "directory", "timeout", "memory")
"""Options that mean nothing for trainers."""

_OPTIONS = {"formats": "--format", "directory": "--reproducers"}
"""How an argument is called on the command line, where that is not its name."""


@click.command()
@click.argument("subjects", metavar="[SUBJECT...]", nargs=-1)
@click.option(
    "--trainer",
    "trainers",
    metavar="NAME",
    multiple=True,
    help="Judge a trainer instead; may be repeated.",
)
@click.option(
    "--option",
    "options",
    metavar="KEY=VALUE",
    multiple=True,
    callback=to_options,
    help="An argument of the trainers' class, such as C=inf; may be repeated.",
)
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
@click.option(
    "--reproducers",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a script for each failed check into DIR; it needs the subject's framework only.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=float,
    default=DEFAULT_LIMITS.seconds,
    show_default=True,
    callback=to_limits,
    help="How long a library or program may take for one array.",
)
@click.option(
    "--memory",
    metavar="MIB",
    type=int,
    default=DEFAULT_LIMITS.memory,
    show_default=True,
    callback=to_limits,
    help="How much memory its process may use.",
)
@json_option
@click.pass_context
def audit(  # noqa: PLR0913, PLR0917 - click passes one argument per option
    ctx: click.Context,
    subjects: tuple[str, ...],
    trainers: tuple[str, ...],
    options: dict[str, Any],
    quantity: str,
    profile: Profile,
    formats: tuple[Format, ...],
    tier: Tier,
    allow_ftz: bool,
    directory: Path | None,
    timeout: float,
    memory: int,
    json_file: Path | None,
) -> None:
    """Judge each SUBJECT, or each trainer, in a process of its own.

    A SUBJECT is stablelce, numpy:naive, numpy:logaddexp, numpy:fused, scipy, sklearn, torch, jax, optax,
    tensorflow, keras:tensorflow, keras:jax, keras:torch, statsmodels, xgboost, onnxruntime, tinygrad,
    package.module:attr, ./file.py:attr, lib:./libfoo.so:symbol, 'cmd:./program --flag' or
    vectors:results.csv. A trainer is stablelce, stablelce:gd, sklearn:lbfgs (or another solver), statsmodels,
    statsmodels:glm, package.module:Class or ./file.py:Class.

    \b
    Exit status: 0 every required check holds; 1 one fails; 2 wrong usage, an absent subject or
    nothing to judge; 3 the subject's process died or hung. The highest applies.
    """  # noqa: D301 - click's mark for lines that are not rewrapped is this control character
    _check_usage(ctx, subjects, trainers, options)
    command = shlex.join(["stablelce", *(ctx.obj or ["audit", *subjects])])
    if trainers:
        ctx.exit(audit_trainers(trainers, options, profile, json_file, command))
    names = tuple(dict.fromkeys(fmt.dtype_name for fmt in formats)) or None
    limits = Limits(timeout, memory)
    jobs = [Job(one, quantity, tier, profile, names, allow_ftz, limits) for one in dict.fromkeys(subjects)]
    if directory is not None:
        make_folder(directory)
    save = partial(_save, command, directory, json_file)
    outcomes = judge_in_turn(jobs, _show, save)
    written = save(outcomes)
    if directory is not None:
        console().print(f"\n{written[0]}", soft_wrap=True)
    ctx.exit(exit_status(outcomes))


def _save(
    command: str, directory: Path | None, json_file: Path | None, outcomes: Sequence[Outcome]
) -> list[str]:
    """Write what was asked for, and say what was written."""
    written = []
    try:
        if directory is not None:
            found = [outcome.result for outcome in outcomes if outcome.result is not None]
            written.append(f"{len(write_reproducers(directory, found))} reproducers written to {directory}")
    finally:  # what refuses the one need not refuse the other
        if json_file is not None:
            write_text(json_file, _record(command, outcomes).to_json())
            written.append(f"findings written to {json_file}")
    return written


def _check_usage(
    ctx: click.Context, subjects: tuple[str, ...], trainers: tuple[str, ...], options: dict[str, Any]
) -> None:
    if subjects and trainers:
        raise click.UsageError("name subjects or trainers, not both: they are judged by different suites.")
    if not (subjects or trainers):
        raise click.UsageError("name a SUBJECT, or a trainer by --trainer NAME.")
    if options and not trainers:
        raise click.UsageError("--option is for trainers: name one by --trainer NAME.")
    for name in _FOR_SUBJECTS if trainers else ():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
            raise click.UsageError(f"{option} is for subjects and has no meaning for trainers: leave it out.")


def _show(outcome: Outcome) -> None:
    if outcome.result is not None:
        print_audit(outcome.result, console())


def _record(command: str, outcomes: Sequence[Outcome]) -> Record:
    from stablelce.conformance.provenance import provenance

    return Record(
        provenance=provenance(command, ("numpy",)),
        subjects=tuple(outcome.result for outcome in outcomes if outcome.result is not None),
        absent={outcome.subject: outcome.message for outcome in outcomes if outcome.result is None},
    )
