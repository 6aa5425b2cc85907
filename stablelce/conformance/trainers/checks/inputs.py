"""Data that need an answer other than a number, or that the range of binary64 makes hard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stablelce.conformance.trainers.base import Coefficients
from stablelce.conformance.trainers.checks.optimum import digits, least
from stablelce.conformance.trainers.judging import Check, Finding
from stablelce.conformance.trainers.problems import EXTREME, SEPARABLE, Problem, problem, scaled
from stablelce.conformance.trainers.running import Run, TrainerProblem

__all__ = ["EXTREME_DIGITS", "EXTREME_FEATURES", "INPUTS", "NON_FINITE", "SEPARABLE_DATA"]

INVALID = (("NaN", np.nan), ("infinity", np.inf), ("-infinity", -np.inf))


def _attempt(run: Run, judged: Problem) -> Coefficients | TrainerProblem:
    try:
        return run.fit(judged)
    except TrainerProblem as amiss:
        return amiss


def _raised(found: TrainerProblem, name: str, *, allowed: bool) -> Finding:
    return Finding("passed" if allowed else "failed", 1, "" if allowed else found.mode, str(found), name)


def _separable(run: Run) -> Finding:
    """Without a penalty there is no optimum: coefficients that are handed over in silence pass for one."""
    findings = []
    for name in SEPARABLE:
        judged = problem(name)
        found = _attempt(run, judged)
        if isinstance(found, TrainerProblem):
            refused = found.mode == "raised" and not run.penalised
            findings.append(_raised(found, name, allowed=refused))
        elif not np.isfinite(found.values).all():
            message = f"{name}: the coefficients are {found.values.tolist()}"
            findings.append(Finding("failed", 1, "not finite", message, name))
        elif run.penalised or found.warnings:
            said = found.warnings[0] if found.warnings else "the penalty gives an optimum"
            findings.append(Finding("passed", 1, "", f"{name}: {said:.160}", name))
        else:
            message = f"{name}: no optimum exists, and it returned {found.values.tolist()} without a warning"
            findings.append(Finding("failed", 1, "silent", message, name))
    return least(findings)


def _non_finite(run: Run) -> Finding:
    findings = []
    for said, value in INVALID:
        base = problem("plain")
        x = base.x.copy()
        x[7, 1] = value
        judged = replace(base, name=f"plain with {said} in row 7, column 1", x=x)
        found = _attempt(run, judged)
        if isinstance(found, TrainerProblem) and found.mode == "raised":
            findings.append(Finding("passed", 1, "", str(found), judged.name))
        else:
            what = found if isinstance(found, TrainerProblem) else f"coefficients {found.values.tolist()}"
            findings.append(Finding("failed", 1, "not refused", f"{judged.name}: {what}", judged.name))
    return least(findings)


def _extreme(run: Run) -> Finding:
    """An error is an answer here: the trainer may take no such column."""
    findings = []
    for name, column, exponent in EXTREME:
        judged = scaled(problem("plain"), column, exponent, name)
        found = _attempt(run, judged)
        if isinstance(found, TrainerProblem):
            findings.append(_raised(found, name, allowed=found.mode == "raised"))
        elif not np.isfinite(found.values).all():
            message = f"{name}: the coefficients are {found.values.tolist()}"
            findings.append(Finding("failed", 1, "not finite", message, name))
        else:
            findings.append(Finding("passed", 1, "", f"{name}: finite", name))
    return least(findings)


def _extreme_digits(run: Run) -> Finding:
    """Silent and wrong is what fails; a warning or an error says not to trust the figures."""
    findings = []
    for name, column, exponent in EXTREME:
        judged = scaled(problem("plain"), column, exponent, name)
        found = _attempt(run, judged)
        if isinstance(found, TrainerProblem):
            findings.append(Finding("passed", 1, "", str(found), name))
            continue
        error = float(np.nan_to_num(run.errors(judged, found.values), nan=np.inf).max())
        reached = digits(error)
        said = f"it warned: {found.warnings[0]:.80}" if found.warnings else "it did not warn"
        message = f"{name}: {reached:.1f} digits; {said}"
        silent = error > run.allowed and not found.warnings
        findings.append(
            Finding("failed" if silent else "passed", 1, "silent" if silent else "", message, name, reached)
        )
    worst = least(findings)
    return replace(worst, message="; ".join(one.message for one in findings))


def _unchanged(run: Run) -> Finding:
    """Of all fits that the other checks made."""
    fits = run.fits
    if run.altered:
        message = f"fit wrote to {', '.join(run.altered[:4])}"
        return Finding("failed", fits, "inputs altered", message)
    return Finding("passed", fits)


SEPARABLE_DATA = Check("separable data", _separable)
NON_FINITE = Check("non-finite features", _non_finite)
EXTREME_FEATURES = Check("extreme features", _extreme)
EXTREME_DIGITS = Check("extreme features, digits", _extreme_digits)
INPUTS = Check("inputs unchanged", _unchanged)
