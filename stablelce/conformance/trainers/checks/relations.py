"""What a change of the data must do to the coefficients: exact for exact optima, so bounded by their errors.

With w the fit of the problem and w' that of the changed one, mapped back, |w_j - w'_j| is at most the sum of
both errors: twice what the profile allows one. Of a trainer coarser than its profile the contract speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stablelce.conformance.trainers.base import Floats
from stablelce.conformance.trainers.checks.optimum import parameter
from stablelce.conformance.trainers.contract import COARSE
from stablelce.conformance.trainers.judging import Check, Finding
from stablelce.conformance.trainers.problems import BENIGN, Problem, problem, scaled
from stablelce.conformance.trainers.running import Run

__all__ = ["DUPLICATION", "LABEL_FLIP", "ROW_BITS", "ROW_ORDER", "SCALING"]

SHIFTS = (-2, 2)
"""Powers of two that a feature is scaled by: the problem stays benign, so its digits may be asked for."""


def _compare(
    run: Run,
    base: Problem,
    changed: Problem,
    back: Callable[[Floats], Floats],
    what: str,
    plain: Problem | None = None,
) -> Finding:
    """Compare the fit of the changed problem, mapped back, with that of the problem.

    How coarse the trainer is is measured on ``plain``, where the base uses what is in question.
    """
    here, there = run.fit(base).values, back(run.fit(changed).values)
    exact = np.abs(run.optimum(base))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(here - there) / exact
    worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
    measured = plain or base
    own = float(run.errors(measured, run.fit(measured).values).max())
    message = (
        f"{base.name}: {what}, {parameter(base, worst)} is {float(here[worst])!r} before and "
        f"{float(there[worst])!r} after, {apart[worst]:.2g} of its size apart; allowed {2 * run.allowed:.2g}"
    )
    if apart[worst] <= 2 * run.allowed:
        return Finding("passed", 2, "", message, base.name)
    if apart[worst] <= COARSE * own and own > run.allowed:
        return Finding("inconclusive", 2, "", f"{message}; its own error is {own:.2g}", base.name)
    # Both fail: the changed problem is benign too. The mode tells too few digits there from another answer.
    mode = "coarse" if apart[worst] <= COARSE * 2 * run.allowed else "relation broken"
    return Finding("failed", 2, mode, message, base.name)


def _over_benign(compare: Callable[[Problem], Finding]) -> Finding:
    return _worst([compare(problem(name)) for name in BENIGN])


def _worst(findings: list[Finding]) -> Finding:
    order = ("failed", "inconclusive", "passed")
    worst = min(findings, key=lambda found: order.index(found.status))
    return replace(worst, fits=sum(found.fits for found in findings))


def _flip(run: Run) -> Finding:
    """L(-z, 1-t) = L(z, t), so the optimum of the exchanged labels is -w*."""

    def compare(base: Problem) -> Finding:
        flipped = replace(base, name=f"{base.name}, labels exchanged", t=1 - base.t)
        return _compare(run, base, flipped, lambda values: -values, "labels exchanged")

    return _over_benign(compare)


def _duplicate(run: Run) -> Finding:
    """sum_i s_i L_i / sum_i s_i is the same sum either way; every third row is doubled."""
    if not run.trainer.takes_weights:
        return Finding("not applicable", message="fit takes no sample_weight")

    def compare(base: Problem) -> Finding:
        again = np.arange(0, len(base.x), 3)
        weights = np.ones(len(base.x))
        weights[again] = 2.0
        weighted = replace(base, name=f"{base.name}, weights", s=weights)
        twice = Problem(
            f"{base.name}, rows twice", np.vstack([base.x, base.x[again]]), np.append(base.t, base.t[again])
        )
        return _compare(run, weighted, twice, lambda values: values, "rows given twice", base)

    return _over_benign(compare)


def _permuted(base: Problem) -> Problem:
    """The rows, every seventh first: 7 divides neither 120 nor 240."""
    order = np.arange(len(base.x)) * 7 % len(base.x)
    return replace(base, name=f"{base.name}, rows in another order", x=base.x[order], t=base.t[order])


def _order(run: Run) -> Finding:
    return _over_benign(
        lambda base: _compare(run, base, _permuted(base), lambda values: values, "rows in another order")
    )


def _bits(run: Run) -> Finding:
    def compare(base: Problem) -> Finding:
        here, there = run.fit(base).values, run.fit(_permuted(base)).values
        different = np.flatnonzero(here != there)
        if not len(different):
            return Finding("passed", 2, problem=base.name)
        j = int(different[0])
        before, after = float(here[j]).hex(), float(there[j]).hex()
        message = f"{base.name}: {parameter(base, j)} is {before} and, rows in another order, {after}"
        return Finding("failed", 2, "other bits", message, base.name)

    return _over_benign(compare)


def _scaling(run: Run) -> Finding:
    """x_j 2^k and w_j 2^-k have the same product; a penalty sees w_j alone, so there must be none."""
    if run.penalised:
        return Finding("not applicable", message="the objective has a penalty, which scaling changes")
    base = problem(BENIGN[0])

    def compare(exponent: int) -> Finding:
        factors = np.ones(base.x.shape[1] + run.intercept)
        factors[0] = 2.0**exponent
        changed = scaled(base, 0, exponent)
        return _compare(run, base, changed, lambda w: w * factors, f"column 0 times 2^{exponent}")

    return _worst([compare(exponent) for exponent in SHIFTS])


LABEL_FLIP = Check("label flip", _flip)
DUPLICATION = Check("duplication", _duplicate)
ROW_ORDER = Check("row order", _order)
ROW_BITS = Check("row order, bits", _bits)
SCALING = Check("feature scaling", _scaling)
