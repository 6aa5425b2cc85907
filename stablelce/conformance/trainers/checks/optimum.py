"""How far from the certified optimum a fit ends."""

from __future__ import annotations

import math

import numpy as np

from stablelce.conformance.trainers.base import Coefficients
from stablelce.conformance.trainers.judging import Check, Finding
from stablelce.conformance.trainers.problems import BENIGN, HARD, SOFT, Problem, problem
from stablelce.conformance.trainers.running import Run, TrainerProblem

__all__ = ["HARD_PROBLEMS", "OPTIMUM", "SOFT_TARGETS", "digits", "distance", "parameter"]


def digits(error: float) -> float:
    """-log10 of a relative error, at least 0; 15.95 for the nearest float: more is not in it."""
    if not math.isfinite(error):
        return 0.0
    return min(max(0.0, -math.log10(max(error, 2.0**-53))), 53 * math.log10(2))


def parameter(judged: Problem, j: int) -> str:
    """What the parameter of that index is called."""
    return "the intercept" if j == judged.x.shape[1] else f"coefficient {j}"


def distance(run: Run, judged: Problem, found: Coefficients) -> Finding:
    """The digits of a fit against those of the profile."""
    errors = run.errors(judged, found.values)
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    error = float(errors[worst])
    got, want = float(found.values[worst]), float(run.optimum(judged)[worst])
    said = f"; it warned: {found.warnings[0]:.80}" if found.warnings else "; it did not warn"
    message = (
        f"{judged.name}: {digits(error):.1f} digits, {parameter(judged, worst)} is {got!r} and the exact one "
        f"rounds to {want!r}{said}"
    )
    if not np.isfinite(found.values).all():
        return Finding("failed", 1, "not finite", message, judged.name, 0.0)
    # By encodings: the nearest float has error 0, and one ulp may be less than 2^-52 of the value.
    exact = not errors.any()
    good = exact if run.profile == "correctly-rounded" else error <= run.allowed
    mode = "" if good else "too few digits"
    return Finding("passed" if good else "failed", 1, mode, message, judged.name, digits(error))


def least(findings: list[Finding]) -> Finding:
    """The finding to show for several: one that failed, or the one of the fewest digits."""
    worst = min(findings, key=lambda f: (f.status != "failed", math.inf if f.digits is None else f.digits))
    return Finding(worst.status, len(findings), worst.mode, worst.message, worst.problem, worst.digits)


def _optimum(run: Run) -> Finding:
    return least([distance(run, problem(name), run.fit(problem(name))) for name in BENIGN])


def _hard(run: Run) -> Finding:
    """Every problem in the message, whatever becomes of the others."""
    findings = []
    for name in HARD:
        try:
            findings.append(distance(run, problem(name), run.fit(problem(name))))
        except TrainerProblem as amiss:
            findings.append(Finding("failed", 1, amiss.mode, f"{name}: {amiss}", name, 0.0))
    found = least(findings)
    message = "; ".join(one.message for one in findings)
    return Finding(found.status, found.fits, found.mode, message, found.problem, found.digits)


def _soft(run: Run) -> Finding:
    """Digits on soft targets; and on hard ones the errors of fit and fit_soft add."""
    if not run.soft:
        return Finding("not applicable", message="the trainer has no fit_soft")
    soft, hard = problem(SOFT), problem(BENIGN[0])
    found = distance(run, soft, run.fit(soft, soft=True))
    if found.status == "failed":
        return found
    apart = distance(run, hard, run.fit(hard, soft=True))
    return least([found, apart])


OPTIMUM = Check("optimum", _optimum)
HARD_PROBLEMS = Check("hard problems", _hard)
SOFT_TARGETS = Check("soft targets", _soft)
