"""What an audit of subjects and one of trainers share: a job after the other, and the exit status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import click

from stablelce.cli.terminal import console, progress_bar
from stablelce.cli.workers import Job, Outcome, TrainerJob, run_jobs
from stablelce.conformance.subjects.base import FATAL

__all__ = ["exit_status", "judge_in_turn"]

_STATUS = {"audited": 0, "absent": 2, "unusable": 2, "died": 3}


def judge_in_turn(
    jobs: Sequence[Job | TrainerJob],
    show: Callable[[Outcome], None],
    save: Callable[[Sequence[Outcome]], Sequence[str]],
) -> list[Outcome]:
    """Do the jobs and print each outcome as it comes.

    Parameters
    ----------
    jobs : sequence of Job or TrainerJob
        One at a time, so that the findings of each stand together and the times are its own.
    show : callable
        Prints an outcome that has a result; the others are a sentence on stderr.
    save : callable
        Writes the files that were asked for and says what each holds. It is called where Ctrl-C ends the
        run, so that no verdict is lost; the outcomes of jobs that were not done say so.
    """
    outcomes: list[Outcome] = []
    try:
        _judge(jobs, show, outcomes)
    except KeyboardInterrupt:
        if outcomes:
            _rescue(jobs, outcomes, save)
        raise
    return outcomes


def _judge(
    jobs: Sequence[Job | TrainerJob], show: Callable[[Outcome], None], outcomes: list[Outcome]
) -> None:
    out = console()
    with progress_bar() as bar:
        task = bar.add_task("", total=None)

        def on_progress(name: str, done: int, total: int, doing: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{name}: {doing}"[:34])

        with closing(run_jobs(jobs, 1, on_progress)) as finished:
            for outcome in finished:
                bar.reset(task, total=None)
                if outcomes:
                    out.print()
                outcomes.append(outcome)
                if _judged(outcome) is not None:
                    show(outcome)
                else:
                    click.echo(f"stablelce: {outcome.message}", err=True)


def _rescue(
    jobs: Sequence[Job | TrainerJob],
    outcomes: Sequence[Outcome],
    save: Callable[[Sequence[Outcome]], Sequence[str]],
) -> None:
    left = jobs[len(outcomes) :]
    undone = [Outcome(job.subject, "unusable", message="interrupted before its verdict") for job in left]
    try:
        written = save([*outcomes, *undone])
    except click.ClickException as error:
        click.echo(f"stablelce: {error.format_message()}", err=True)
        return
    if written:
        kept = f"{len(outcomes)} of {len(jobs)} verdicts are kept"
        click.echo(f"stablelce: {kept}: {', '.join(written)}.", err=True)


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """The highest status of any: 0 passed, 1 failed, 2 absent or unusable, 3 died or hung."""
    return max(_status(outcome) for outcome in outcomes)


def _judged(outcome: Outcome) -> bool | None:
    """Whether it passed; None where there is no result."""
    result = outcome.result if outcome.trainer is None else outcome.trainer
    return None if result is None else result.passed


def _status(outcome: Outcome) -> int:
    if outcome.result is not None and any(check.mode in FATAL for check in outcome.result.checks):
        return _STATUS["died"]
    passed = _judged(outcome)
    return _STATUS[outcome.status] if passed is None else int(not passed)
