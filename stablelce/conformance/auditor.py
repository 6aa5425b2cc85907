"""One check after another of a subject: run it, and say what it found, with the simplest point that fails.

Verdicts are reproducible: points come from seeded generators, and shrinking is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.checks.accuracy import failure_mode
from stablelce.conformance.contract import CHECKS, PROFILES, Profile
from stablelce.conformance.counterexamples import counterexample
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, PointCheck
from stablelce.conformance.measuring import measure
from stablelce.conformance.points import Budget, region_points
from stablelce.conformance.reproducers import (
    Batch,
    Point,
    array_script,
    noise_script,
    point_script,
    raising_script,
)
from stablelce.conformance.results import CheckResult, Status
from stablelce.conformance.screening import Suspects, suspects
from stablelce.conformance.shrink import simplest
from stablelce.conformance.subjects.base import Subject
from stablelce.formats import FORMATS, Format

__all__ = ["Auditor"]


class Auditor:
    """Collects the results of one subject."""

    def __init__(self, subject: Subject, plan: Budget, profile: Profile, allow_ftz: bool, seed: int) -> None:
        sparing = subject.compiles and not plan.every_shape
        self.runs = {
            fmt: Run(subject.in_format(fmt.dtype_name), fmt, profile, allow_ftz, sparing=sparing)
            for fmt in FORMATS
        }
        self.plan, self.seed = plan, seed
        self.accuracy: list[Any] = []
        self.checks: list[CheckResult] = []
        self._found: dict[tuple[Format, str], list[Suspects]] = {}
        self.on_check: Callable[[CheckResult], object] = lambda _: None

    def judge(self, fmt: Format, quantity: str) -> None:
        """Measure the accuracy of one quantity in one format and run every check on it."""
        run = self.runs[fmt]
        unanswered, first = None, len(self.checks)
        try:
            measured = measure(run, quantity, self.plan, self.seed)
        except SubjectProblem as problem:
            measured, unanswered = [], problem  # the checks below say what went wrong
        self.accuracy += measured
        for check in POINT_CHECKS:
            if quantity in check.quantities:
                self._add(self._point_check(check, run, quantity))
        for array_check in ARRAY_CHECKS:
            if quantity in array_check.quantities:
                self._add(self._array_check(array_check, run, quantity))

        if unanswered is not None and all(c.status != "failed" for c in self.checks[first:]):
            # Only the exhaustive measurement of a 16-bit format met it.
            self._add(self._unmeasured(run, quantity, unanswered))

    def _add(self, outcome: CheckResult) -> None:
        self.checks.append(outcome)
        self.on_check(outcome)

    def check(self, fmt: Format, quantity: str, name: str) -> CheckResult:
        """Run one check alone."""
        run = self.runs[fmt]
        for check in POINT_CHECKS:
            if check.name == name:
                return self._point_check(check, run, quantity)
        return self._array_check(next(one for one in ARRAY_CHECKS if one.name == name), run, quantity)

    def _unmeasured(self, run: Run, quantity: str, problem: SubjectProblem) -> CheckResult:
        return CheckResult(
            check="accuracy",
            format=run.fmt.dtype_name,
            quantity=quantity,
            required=True,
            status="failed",
            points=1,
            failures=1,
            mode=problem.mode,
            message=str(problem),
            counterexample=None if problem.point is None else counterexample(run, quantity, *problem.point),
        )

    def noise(self, fmt: Format) -> None:
        """Report what the subject warned of or printed in this format, once."""
        noise = self.runs[fmt].noise
        texts = [f"{kind}: {text}" for kind, text in sorted(noise.items())]
        self._add(
            CheckResult(
                check="warnings and output",
                format=fmt.dtype_name,
                quantity=None,
                required=False,
                status="failed" if texts else "passed",
                points=0,
                failures=len(texts),
                mode=" and ".join(sorted(noise)),
                message="; ".join(texts),
                reproducer=noise_script(self.runs[fmt]),
            )
        )

    def profile_reached(self, fmt: Format) -> Profile | None:
        """The highest profile that every measured quantity reaches; None below all of them."""
        reached = [a.profile for a in self.accuracy if a.format == fmt.dtype_name]
        if not reached or None in reached:
            return None
        return PROFILES[max(PROFILES.index(profile) for profile in reached)]

    # -- one check -----------------------------------------------------------------------------

    @staticmethod
    def _described(name: str, run: Run, quantity: str) -> dict[str, Any]:
        """The fields of an outcome that are known before it."""
        required = CHECKS[name].required and not (name == "subnormals" and run.allow_ftz)
        return {"check": name, "format": run.fmt.dtype_name, "quantity": quantity, "required": required}

    def _point_check(self, check: PointCheck, run: Run, quantity: str) -> CheckResult:
        base = self._described(check.name, run, quantity)
        points = failures = inconclusive = 0
        worst: tuple[float, int, int, Batch] | None = None
        for z, t, looked_at in self._points(check, run, quantity):
            points += looked_at
            if not z.size:
                continue
            try:
                judgement = check.judge(run, quantity, z, t)
            except SubjectProblem as problem:
                return self._problem(base, check, run, quantity, problem, z, t)
            points += int(judgement.judged.sum())
            inconclusive += judgement.inconclusive
            for i in np.flatnonzero(judgement.failed):
                failures += 1
                size = 0.0 if judgement.errors is None else float(judgement.errors[i])
                if worst is None or size > worst[0]:
                    worst = (size, int(z[i]), int(t[i]), Batch(*run.padded(z, t), int(i)))
        if worst is None:
            status: Status = "passed" if points else "inconclusive" if inconclusive else "not applicable"
            note = f"{inconclusive} points told nothing: the bound exceeds the signal" if inconclusive else ""
            return CheckResult(**base, status=status, points=points, failures=0, message=note)
        with run.search():
            mode = self._mode(check, run, quantity, worst[1], worst[2])
            z0, t0 = simplest(
                run.fmt, worst[1], worst[2], lambda a, b: self._mode(check, run, quantity, a, b) == mode
            )
        related = self._related(check, run, quantity, z0, t0)
        points_there = [Point(quantity, z0, t0), *(Point(*other[:3]) for other in related)]
        return CheckResult(
            **base,
            status="failed",
            points=max(points, failures),
            failures=failures,
            mode=mode or "fails in an array, not alone",
            message=CHECKS[check.name].summary,
            counterexample=counterexample(run, quantity, z0, t0, related=related),
            reproducer=point_script(run, check.name, mode, points_there, worst[3]),
        )

    @staticmethod
    def _mode(check: PointCheck, run: Run, quantity: str, z: int, t: int) -> str:
        """How a single point fails, or nothing: shrinking must not trade one failure for another."""
        one = np.array([z], dtype=run.fmt.uint), np.array([t], dtype=run.fmt.uint)
        try:
            judgement = check.judge(run, quantity, *one)
        except SubjectProblem:
            return ""
        if not judgement.failed[0]:
            return ""
        if judgement.got is None or judgement.want is None or judgement.errors is None:
            return f"violates: {check.name}"
        return failure_mode(
            run.fmt, int(judgement.got[0]), int(judgement.want[0]), float(judgement.errors[0])
        )

    @staticmethod
    def _related(
        check: PointCheck, run: Run, quantity: str, z: int, t: int
    ) -> list[tuple[str, int, int, int]]:
        """The other results that a relation compares at a point."""
        one = np.array([z], dtype=run.fmt.uint), np.array([t], dtype=run.fmt.uint)
        try:
            related = check.judge(run, quantity, *one).related
        except SubjectProblem:
            return []
        return [(other.quantity, int(other.z[0]), int(other.t[0]), int(other.got[0])) for other in related]

    def _points(self, check: PointCheck, run: Run, quantity: str) -> Iterator[Any]:
        relation = check.name not in ("accuracy", "hard cases", "tails", "subnormals")
        count = self.plan.relations if relation else self.plan.accuracy
        if check.name == "accuracy":
            self._found = {(run.fmt, quantity): []}
        for z, t in region_points(run, quantity, check.regions, count, self.seed):
            yield z, t, 0
        # Each suspect is looked at once more by the oracle, and counted once.
        if check.name == "accuracy" and self.plan.screen:
            for found in suspects(run, quantity, self.plan, self.seed):
                self._found[run.fmt, quantity].append(found)
                yield found.z, found.t, max(found.looked_at - len(found.z), 0)
        if check.name == "subnormals" and self.plan.screen:
            for z, t, subnormal in self._flushed(run, quantity):
                yield z, t, max(subnormal - len(z), 0)

    def _flushed(self, run: Run, quantity: str) -> Iterator[tuple[Any, Any, int]]:
        """Zeros for subnormals in the arrays that were screened for the accuracy, which comes first.

        They are screened here only for one who asks for this check alone.
        """
        arrays = self._found.get((run.fmt, quantity))
        for found in suspects(run, quantity, self.plan, self.seed) if arrays is None else arrays:
            yield *found.flushed, found.subnormal

    def _problem(
        self,
        base: dict[str, Any],
        check: PointCheck,
        run: Run,
        quantity: str,
        problem: SubjectProblem,
        z: Any,
        t: Any,
    ) -> CheckResult:
        """A subject that raises, or returns no proper array: find a single point that does it, if any."""

        def raises(a: int, b: int) -> bool:
            one = np.array([a], dtype=run.fmt.uint), np.array([b], dtype=run.fmt.uint)
            try:
                check.judge(run, quantity, *one)
            except SubjectProblem as again:
                return again.mode == problem.mode
            return False

        example = None
        suspects = list(zip(z.tolist(), t.tolist(), strict=True))[:200]
        if problem.searched:
            suspects = [problem.point] if problem.point else []
        for a, b in suspects:
            if raises(a, b):
                example = counterexample(run, quantity, *simplest(run.fmt, a, b, raises))
                break
        return CheckResult(
            **base,
            status="failed",
            points=len(z),
            failures=1,
            mode=problem.mode,
            message=str(problem),
            counterexample=example,
            reproducer=raising_script(run, check.name, quantity, problem),
        )

    def _array_check(self, check: ArrayCheck, run: Run, quantity: str) -> CheckResult:
        base = self._described(check.name, run, quantity)
        try:
            finding = check.judge(run, quantity)
        except SubjectProblem as problem:
            point = problem.point
            return CheckResult(
                **base,
                status="failed",
                points=1,
                failures=1,
                mode=problem.mode,
                message=str(problem),
                counterexample=None if point is None else counterexample(run, quantity, *point),
                reproducer=raising_script(run, check.name, quantity, problem),
            )
        example = None
        if finding.point is not None:
            example = counterexample(run, quantity, *finding.point, got=finding.got, want=finding.want)
        failed = finding.status == "failed"
        return CheckResult(
            **base,
            status=finding.status,
            points=finding.points,
            failures=int(failed),
            mode=finding.mode,
            message=finding.message,
            counterexample=example,
            reproducer=array_script(run, check.name, quantity, finding) if failed else "",
        )
