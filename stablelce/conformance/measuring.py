"""The accuracy of a quantity in a format, as numbers: largest error, worst input, shares, profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from stablelce.conformance import exhaustive16
from stablelce.conformance.checks.accuracy import expect, zero_for_subnormal
from stablelce.conformance.contract import PROFILES, Profile, allowed_error
from stablelce.conformance.counterexamples import counterexample
from stablelce.conformance.curve import curve
from stablelce.conformance.evaluation import Run
from stablelce.conformance.points import Budget, region_points
from stablelce.conformance.results import AccuracyResult, CurveBin
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import UIntArray
from stablelce.oracle import Expected

__all__ = ["Tally", "measure"]

Targets = Literal["hard", "soft", "none"]
Batch = tuple[UIntArray, UIntArray, Expected]


def measure(run: Run, quantity: str, plan: Budget, seed: int) -> list[AccuracyResult]:
    """Accuracy with hard and with soft targets, or of a function of z alone.

    Raises
    ------
    SubjectProblem
        The subject raised or returned no proper array.
    """
    alone = quantity in ONE_ARGUMENT or quantity == "hessian"
    groups: tuple[Targets, ...] = ("none",) if alone else ("hard", "soft")
    if not run.subject.soft_targets:
        groups = tuple(group for group in groups if group != "soft")
    results = []
    for targets in groups:
        exhaustive = run.fmt.width == 16 and targets != "soft"
        batches = (
            _every_encoding(run, quantity, targets)
            if exhaustive
            else _sampled(run, quantity, targets, plan, seed)
        )
        tally = Tally(run, quantity)
        for batch in batches:
            tally.add(*batch)
        if tally.points:
            bins = curve(run, quantity, plan.curve, seed) if plan.curve and targets == "hard" else ()
            results.append(tally.result(targets, "exhaustive" if exhaustive else "sampled", bins))
    return results


def _every_encoding(run: Run, quantity: str, targets: Targets) -> Iterator[Batch]:
    for target in (None,) if targets == "none" else (0, 1):
        z, expected = exhaustive16.table(quantity, target, run.fmt)
        t = run.fmt.encodings(np.full(z.shape, target or 0).astype(run.fmt.dtype))
        yield z, t, expected


def _sampled(run: Run, quantity: str, targets: Targets, plan: Budget, seed: int) -> Iterator[Batch]:
    one = run.fmt.encodings(np.ones(1, dtype=run.fmt.dtype))[0]
    for z, t in region_points(run, quantity, (), plan.accuracy, seed):
        hard = (t == 0) | (t == one)
        chosen = hard if targets == "hard" else ~hard if targets == "soft" else np.ones_like(hard)
        if chosen.any():
            logits, aims = z[chosen], t[chosen]
            yield logits, aims, expect(run.fmt, quantity, logits, aims)


class Tally:
    """Running totals over batches of points."""

    def __init__(self, run: Run, quantity: str) -> None:
        self.run, self.quantity = run, quantity
        self.points = self.right = self.zeros = 0
        self.largest = -1.0
        self.worst: tuple[int, int] = (0, 0)
        self.reached = dict.fromkeys(PROFILES, True)

    def add(self, z: UIntArray, t: UIntArray, expected: Expected) -> None:
        fmt = self.run.fmt
        got = self.run.elementwise(self.quantity, z, t)
        errors = expected.errors(got)
        magnitude = fmt.uint.type(fmt.sign_bit - 1)
        normal = (expected.encodings & magnitude) >= fmt.min_normal
        self.points += len(z)
        self.right += int((got == expected.encodings).sum())
        self.zeros += int((normal & ((got & magnitude) == 0)).sum())
        counted = (
            ~zero_for_subnormal(fmt, expected, got) if self.run.allow_ftz else np.ones(len(z), dtype=bool)
        )
        self._grade(expected, got, errors, counted)
        i = int(np.argmax(np.where(counted, errors, -1.0)))
        if counted[i] and errors[i] > self.largest:
            self.largest, self.worst = float(errors[i]), (int(z[i]), int(t[i]))

    def _grade(
        self,
        expected: Expected,
        got: UIntArray,
        errors: npt.NDArray[np.float64],
        counted: npt.NDArray[np.bool_],
    ) -> None:
        fine: dict[Profile, npt.NDArray[np.bool_]] = {
            "correctly-rounded": got == expected.encodings,
            "faithful": expected.is_faithful(got),
            "accurate": errors <= allowed_error("accurate", self.run.fmt),
            "stable": errors <= allowed_error("stable", self.run.fmt),
        }
        for profile, good in fine.items():
            self.reached[profile] &= bool((good | ~counted).all())

    def result(
        self, targets: Targets, coverage: Literal["exhaustive", "sampled"], bins: tuple[CurveBin, ...]
    ) -> AccuracyResult:
        profile: Profile | None = next((p for p in PROFILES if self.reached[p]), None)
        example = counterexample(self.run, self.quantity, *self.worst)
        return AccuracyResult(
            quantity=self.quantity,
            format=self.run.fmt.dtype_name,
            targets=targets,
            points=self.points,
            coverage=coverage,
            correctly_rounded=self.right,
            largest_error=max(self.largest, 0.0),
            zeros=self.zeros,
            profile=profile,
            worst=example,
            curve=bins,
        )
