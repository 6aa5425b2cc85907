"""Run the checks on a trainer and return what they found, as data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from stablelce.conformance.trainers.adapters import from_object, resolve
from stablelce.conformance.trainers.base import Trainer
from stablelce.conformance.trainers.checks import ALL
from stablelce.conformance.trainers.contract import CHECKS, PROFILES, TrainerProfile
from stablelce.conformance.trainers.judging import Check, Finding
from stablelce.conformance.trainers.results import TrainerCheck, TrainerResult
from stablelce.conformance.trainers.running import Run, TrainerProblem

__all__ = ["audit"]

Progress = Callable[[int, int, str], None]


def audit(
    trainer: str | Trainer | object,
    *,
    options: Mapping[str, Any] | None = None,
    profile: TrainerProfile = "accurate",
    progress: Progress | None = None,
) -> TrainerResult:
    """Judge a trainer of logistic regression.

    Parameters
    ----------
    trainer : str, class, factory or estimator
        What to judge: a name such as ``"sklearn:lbfgs"``, ``"package.module:Class"``,
        ``"./file.py:Class"``, or the thing itself.
    options : mapping, optional
        Keyword arguments of the class or factory, such as ``{"C": 10.0}``.
    profile : {"correctly-rounded", "accurate", "stable"}
        The digits required on benign problems: all, 4, 2.
    progress : callable, optional
        Called with (checks done, checks in all, the one that comes next).

    Returns
    -------
    TrainerResult
        The outcome of every check.

    Raises
    ------
    SubjectError
        The trainer cannot be loaded, or does not take the options.
    ValueError
        An unknown profile.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r} of trainers: use one of {', '.join(PROFILES)}.")
    judged = resolve(trainer, options) if isinstance(trainer, str) else from_object(trainer, options)
    started = time.perf_counter()
    run = Run(judged, profile)
    checks = []
    for done, check in enumerate(ALL):
        if progress is not None:
            progress(done, len(ALL), check.name)
        checks.append(_outcome(check, run))
    if progress is not None:
        progress(len(ALL), len(ALL), "done")
    return TrainerResult(
        trainer=judged.name,
        version=judged.version,
        options={name: repr(value) for name, value in judged.options.items()},
        isolated=judged.isolated,
        required_profile=profile,
        checks=tuple(checks),
        seconds=time.perf_counter() - started,
    )


def _outcome(check: Check, run: Run) -> TrainerCheck:
    try:
        found = check.judge(run)
    except TrainerProblem as amiss:
        found = Finding("failed", 1, amiss.mode, str(amiss))
    return TrainerCheck(
        check=check.name,
        required=CHECKS[check.name].required,
        status=found.status,
        fits=found.fits,
        digits=found.digits,
        mode=found.mode,
        problem=found.problem,
        message=found.message,
    )
