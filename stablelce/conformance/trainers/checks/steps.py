"""Steps of gradient descent against the exact ones, and the loss on the way."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np

from stablelce.conformance.trainers import reference
from stablelce.conformance.trainers.base import Floats
from stablelce.conformance.trainers.judging import Check, Finding
from stablelce.conformance.trainers.problems import Problem, problem
from stablelce.conformance.trainers.running import Run

__all__ = ["FIFTY_STEPS", "LOSS_CURVE", "MONOTONE", "ONE_STEP"]

NAME = "plain"
DESCENT = 20
"""Steps whose loss is looked at; each is run anew, so the sum of their numbers is what it costs."""


def _setting(run: Run) -> tuple[Problem, Fraction, float]:
    judged = problem(NAME)
    l2 = run.trainer.penalty(judged.total)
    bound = reference.lipschitz(judged, l2, run.trainer.order, intercept=run.intercept)
    return judged, l2, reference.largest_rate(bound)


def _against_exact(run: Run, count: int) -> Finding:
    if run.trainer.steps is None:
        return Finding("not applicable", message="the trainer declares no steps")
    judged, l2, rate = _setting(run)
    order = run.trainer.order
    path = reference.exact_steps(judged, l2, rate, count, order, intercept=run.intercept)
    want = np.array(path[-1], dtype=np.float64)
    bound = count * reference.step_error(judged, l2, rate, path, order)
    got = run.steps(judged, rate, count)
    off = np.abs(got - want)
    if not (off <= bound).all():  # not any greater: a NaN fails
        j = int(np.argmax(np.where(np.isnan(off), np.inf, off / bound)))
        return Finding(
            "failed",
            1,
            "not the exact step",
            f"after {count} with rate {rate!r}, parameter {j} is {float(got[j])!r} and should be "
            f"{float(want[j])!r}: off by {off[j]:.2g}, rounding explains {bound[j]:.2g}",
            NAME,
        )
    return Finding(
        "passed", 1, message=f"off by at most {off.max():.2g}, allowed {bound.max():.2g}", problem=NAME
    )


def _monotone(run: Run) -> Finding:
    """F(v_k+1) <= F(v_k) + what the rounding of a step can add: |grad F| e + L e^2 / 2, e its error.

    In exact arithmetic F falls by rate/2 |grad F|^2 at least (Nesterov 2004, section 2.1.5).
    """
    if run.trainer.steps is None:
        return Finding("not applicable", message="the trainer declares no steps")
    if run.trainer.order == "rows":
        return Finding("not applicable", message="a step that sees one row may raise the loss of the others")
    judged, l2, rate = _setting(run)
    path = reference.exact_steps(judged, l2, rate, DESCENT, "batch", intercept=run.intercept)
    error = float(np.linalg.norm(reference.step_error(judged, l2, rate, path, "batch")))
    moves = np.diff(np.array(path, dtype=np.float64), axis=0)
    slack = float(np.linalg.norm(moves, axis=1).max()) / rate * error + error * error / rate
    points = [np.zeros(len(path[0])), *(run.steps(judged, rate, k) for k in range(1, DESCENT + 1))]
    return _falls(judged, l2, points, slack)


def _falls(judged: Problem, l2: Fraction, points: list[Floats], slack: float) -> Finding:
    if not all(np.isfinite(point).all() for point in points):
        return Finding("failed", len(points), "not finite", "a step leaves NaN or an infinity", judged.name)
    losses = [reference.exact_loss(judged, l2, point) for point in points]
    for k, (before, after) in enumerate(pairwise(losses)):
        if after - before > slack:
            message = f"step {k + 1} raises the loss from {float(before)!r} to {float(after)!r}"
            return Finding("failed", len(points) - 1, "the loss rises", message, judged.name)
    if losses[-1] >= losses[0]:
        message = f"{len(points) - 1} steps leave the loss at {float(losses[-1])!r}"
        return Finding("failed", len(points) - 1, "the loss does not fall", message, judged.name)
    return Finding("passed", len(points) - 1, problem=judged.name)


def _curve(run: Run) -> Finding:
    """Each value of the curve is a sum of n rounded losses: off by (n + 8) u of itself."""
    if run.trainer.order == "rows":
        return Finding("not applicable", message="a step that sees one row may raise the loss of the others")
    judged = problem(NAME)
    losses = np.array(run.fit(judged).losses)
    if not len(losses):
        return Finding("not applicable", message="the trainer has no loss_curve_")
    slack = 2 * (len(judged.x) + 8) * reference.U * np.abs(losses[:-1])
    rises = ~(losses[1:] <= losses[:-1] + slack)
    if rises.any():
        k = int(np.argmax(rises))
        message = f"loss_curve_[{k}] = {float(losses[k])!r} is followed by {float(losses[k + 1])!r}"
        return Finding("failed", 1, "the loss rises", message, NAME)
    return Finding("passed", 1, problem=NAME)


ONE_STEP = Check("one step", lambda run: _against_exact(run, 1))
FIFTY_STEPS = Check("50 steps", lambda run: _against_exact(run, 50))
MONOTONE = Check("monotone loss", _monotone)
LOSS_CURVE = Check("loss curve", _curve)
