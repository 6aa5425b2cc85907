"""``stablelce audit --trainer``: judge trainers of logistic regression."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from stablelce.cli.judging import exit_status, judge_in_turn
from stablelce.cli.options import write_text
from stablelce.cli.terminal import console, table
from stablelce.cli.workers import Outcome, TrainerJob
from stablelce.conformance.trainers.contract import PROFILES, TrainerProfile
from stablelce.conformance.trainers.results import TrainerCheck, TrainerRecord, TrainerResult

__all__ = ["audit_trainers", "print_trainer", "to_options"]

_PACKAGES = ("numpy", "mpmath", "python-flint", "scipy", "scikit-learn", "statsmodels")


def to_options(_ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Keyword arguments from texts such as ``C=inf``: what Python reads as a literal is one."""
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (equals and key.isidentifier()):
            raise click.BadParameter(f"{text!r} is no option: write KEY=VALUE, such as C=inf.")
        options[key] = _literal(value)
    return options


def _literal(text: str) -> Any:
    if text.lower() in ("inf", "-inf", "nan"):
        return float(text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def audit_trainers(
    names: Sequence[str], options: dict[str, Any], profile: str, json_file: Path | None, command: str
) -> int:
    """Judge each, print what was found, write the record; the exit status of the command."""
    jobs = [TrainerJob(name, tuple(options.items()), _profile(profile)) for name in dict.fromkeys(names)]
    save = partial(_save, command, json_file)
    outcomes = judge_in_turn(jobs, _show, save)
    save(outcomes)
    return exit_status(outcomes)


def _save(command: str, json_file: Path | None, outcomes: Sequence[Outcome]) -> list[str]:
    """Write the record where it was asked for, and say so."""
    if json_file is None:
        return []
    write_text(json_file, _record(command, outcomes).to_json())
    return [f"findings written to {json_file}"]


def _profile(name: str) -> TrainerProfile:
    for known in PROFILES:
        if name == known:
            return known
    raise click.UsageError(f"--profile {name} is none of trainers: use one of {', '.join(PROFILES)}.")


def _show(outcome: Outcome) -> None:
    if outcome.trainer is not None:
        print_trainer(outcome.trainer)


def _record(command: str, outcomes: Sequence[Outcome]) -> TrainerRecord:
    from stablelce.conformance.provenance import provenance
    from stablelce.conformance.trainers.provenance import sources

    return TrainerRecord(
        provenance=provenance(command, _PACKAGES, sources()),
        trainers=tuple(outcome.trainer for outcome in outcomes if outcome.trainer is not None),
        absent={outcome.subject: outcome.message for outcome in outcomes if outcome.trainer is None},
    )


# -- what is printed ---------------------------------------------------------------------------


def print_trainer(result: TrainerResult) -> None:
    """Everything a person wants to know about one audit, the verdict last."""
    out = console()
    given = ", ".join(f"{name}={value}" for name, value in result.options.items()) or "none"
    out.print(f"{result.trainer}  (version {result.version}, options: {given})", style="bold")
    out.print()
    made = table("check", "status", "fits", "digits", right=("fits", "digits"))
    for check in result.checks:
        made.add_row(*_row(check))
    out.print(made)
    for check in result.failed:
        out.print(f"\nFAILED {check.check} ({check.mode})", style="red", soft_wrap=True)
        out.print(f"  {check.message}", soft_wrap=True)
    informational = [c for c in result.checks if not c.required and c.status == "failed"]
    if informational:
        out.print("\nInformational, not part of the verdict:")
        for check in informational:
            out.print(f"  {check.check} ({check.mode}): {check.message}", soft_wrap=True)
    out.print()
    out.print(_verdict(result), style="bold green" if result.passed else "bold red")


def _row(check: TrainerCheck) -> tuple[str, str, str, str]:
    # Rounded down: 3.97 digits are not the 4.0 that are asked for.
    digits = "-" if check.digits is None else f"{math.floor(10 * check.digits) / 10:.1f}"
    name = check.check if check.required else f"{check.check} (informational)"
    return name, check.status, str(check.fits), digits


def _verdict(result: TrainerResult) -> str:
    required = [c for c in result.checks if c.required and c.status in ("passed", "failed")]
    if result.passed:
        return f"CERTIFIED: all {len(required)} required checks hold (profile {result.required_profile})."
    return (
        f"NOT CERTIFIED: {len(result.failed)} of {len(required)} required checks fail "
        f"(profile required: {result.required_profile})."
    )
