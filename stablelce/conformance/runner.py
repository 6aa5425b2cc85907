"""Run the checks on a subject and return what they found, as data.

The plan of an audit: for each format that the subject offers, for each quantity, measure the accuracy
(every encoding of the 16-bit formats with hard targets, samples of all regions elsewhere), then run each
check; shrink the counterexample of each one that fails. Verdicts are reproducible: points come from
seeded generators, and shrinking is deterministic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.checks.accuracy import failure_mode
from stablelce.conformance.contract import CHECKS, PROFILES, Profile
from stablelce.conformance.counterexamples import counterexample
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, PointCheck
from stablelce.conformance.measuring import measure
from stablelce.conformance.points import Budget, Tier, budget, region_points
from stablelce.conformance.reproducers import (
    Batch,
    Point,
    array_script,
    noise_script,
    point_script,
    raising_script,
)
from stablelce.conformance.results import AuditResult, CheckResult, Status
from stablelce.conformance.screening import suspects
from stablelce.conformance.shrink import simplest
from stablelce.conformance.subjects import from_object, resolve
from stablelce.conformance.subjects.base import QUANTITIES, REFUSED, Subject, SubjectError
from stablelce.formats import BINARY64, FORMATS, Format, find_format

__all__ = ["Auditor", "audit", "offered_formats", "offered_quantities"]

Progress = Callable[[int, int, str], None]


def audit(  # noqa: PLR0913 - options, all of them optional and given by name
    subject: str | Subject | object,
    *,
    quantity: str = "loss",
    tier: Tier = "standard",
    profile: Profile = "accurate",
    formats: Sequence[str] | None = None,
    allow_ftz: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
    on_check: Callable[[CheckResult], object] | None = None,
) -> AuditResult:
    """Judge an implementation of the logistic cross-entropy by the contract.

    Parameters
    ----------
    subject : str, callable, mapping, module or object
        What to judge: a name such as ``"scipy"``, ``"package.module:attr"``, ``"./file.py:attr"``, or the
        thing itself; a callable computes `quantity`.
    quantity : {"loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"}
        What a bare callable computes.
    tier : {"smoke", "standard", "deep"}
        How many points: seconds, up to a minute, many minutes.
    profile : {"correctly-rounded", "faithful", "accurate", "stable"}
        The accuracy required.
    formats : sequence of str, optional
        Judge these formats only.
    allow_ftz : bool
        Whether flushed subnormal results are tolerated.
    seed : int
        Seed of the sampled points.
    progress : callable, optional
        Called with (steps done, steps in all, what comes next).
    on_check : callable, optional
        Called with the outcome of each check as soon as it is known.

    Returns
    -------
    AuditResult
        Accuracy per quantity and format, and the outcome of every check.

    Raises
    ------
    SubjectError
        The subject cannot be loaded, or offers nothing in the formats asked for.
    ValueError
        An unknown tier, profile or format.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: use one of {', '.join(PROFILES)}.")
    plan = budget(tier)
    wanted = None if formats is None else [find_format(name) for name in formats]
    judged = resolve(subject, quantity) if isinstance(subject, str) else from_object(subject, quantity)
    if judged.points is not None:
        from stablelce.conformance.scoring import score

        return score(judged, profile=profile, allow_ftz=allow_ftz, formats=formats)
    started = time.perf_counter()
    offered = offered_formats(judged, wanted)
    if not offered:
        names = ", ".join(fmt.dtype_name for fmt in wanted or FORMATS)
        raise SubjectError(f"{judged.name} offers nothing to judge in {names}: ask for another format.")
    auditor = Auditor(judged, plan, profile, allow_ftz, seed)
    if on_check is not None:
        auditor.on_check = on_check
    steps = [(fmt, name) for fmt in offered for name in offered_quantities(judged, fmt)]
    for done, (fmt, name) in enumerate(steps):
        if progress is not None:
            progress(done, len(steps), f"{name} {fmt.dtype_name}")
        auditor.judge(fmt, name)
    for fmt in offered:
        auditor.noise(fmt)
    if progress is not None:
        progress(len(steps), len(steps), "done")
    return AuditResult(
        subject=judged.name,
        version=judged.version,
        device=judged.device,
        threads=judged.threads,
        isolated=judged.isolated,
        tier=tier,
        required_profile=profile,
        offered={fmt.dtype_name: offered_quantities(judged, fmt) for fmt in offered},
        profiles={fmt.dtype_name: auditor.profile_reached(fmt) for fmt in offered},
        accuracy=tuple(auditor.accuracy),
        checks=tuple(auditor.checks),
        seconds=time.perf_counter() - started,
    )


def offered_quantities(subject: Subject, fmt: Format | None = None) -> tuple[str, ...]:
    """What it offers, in that format or at all."""
    return tuple(name for name in QUANTITIES if subject.offers(name, None if fmt is None else fmt.dtype_name))


def offered_formats(subject: Subject, wanted: Sequence[Format] | None) -> list[Format]:
    """The formats declared, or those in which a benign array comes back in its own dtype."""
    candidates = FORMATS if wanted is None else [fmt for fmt in FORMATS if fmt in wanted]
    if subject.formats is not None:
        declared = {find_format(name) for name in subject.formats}
        return [fmt for fmt in candidates if fmt in declared]
    found = [fmt for fmt in FORMATS if _probe(subject, fmt)]
    # A subject that raises everywhere, or returns no array, is judged in binary64, where that shows.
    return [fmt for fmt in candidates if fmt in (found or [BINARY64])]


def _probe(subject: Subject, fmt: Format) -> bool:
    z = np.array([1.0, -1.0, 1.0, -1.0]).astype(fmt.dtype)
    t = np.array([0.0, 0.0, 1.0, 1.0]).astype(fmt.dtype)
    run = Run(subject, fmt, "stable")
    name = offered_quantities(subject)[0]
    try:
        result = run.call(name, z, t)
    except SubjectProblem:
        return False
    return isinstance(result, (np.ndarray, np.generic)) and result.dtype.name == fmt.dtype_name


class Auditor:
    """Collects the results of one subject."""

    def __init__(self, subject: Subject, plan: Budget, profile: Profile, allow_ftz: bool, seed: int) -> None:
        self.runs = {fmt: Run(subject.in_format(fmt.dtype_name), fmt, profile, allow_ftz) for fmt in FORMATS}
        self.plan, self.seed = plan, seed
        self.accuracy: list[Any] = []
        self.checks: list[CheckResult] = []
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

    def _required(self, name: str, run: Run) -> bool:
        return CHECKS[name].required and not (name == "subnormals" and run.allow_ftz)

    def _point_check(self, check: PointCheck, run: Run, quantity: str) -> CheckResult:
        base: dict[str, Any] = {
            "check": check.name,
            "format": run.fmt.dtype_name,
            "quantity": quantity,
            "required": self._required(check.name, run),
        }
        points = failures = inconclusive = 0
        worst: tuple[float, int, int, Batch] | None = None
        for z, t, looked_at in self._points(check, run, quantity):
            points += looked_at
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
                    worst = (size, int(z[i]), int(t[i]), Batch(z, t, int(i)))
        if worst is None:
            status: Status = "passed" if points else "inconclusive" if inconclusive else "not applicable"
            note = f"{inconclusive} points told nothing: the bound exceeds the signal" if inconclusive else ""
            return CheckResult(**base, status=status, points=points, failures=0, message=note)
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
        for z, t in region_points(run, quantity, check.regions, count, self.seed):
            yield z, t, 0
        if check.name == "accuracy" and self.plan.screen:
            for found in suspects(run, quantity, self.plan, self.seed):
                # Each suspect is looked at once more by the oracle, and counted once.
                yield found.z, found.t, max(found.looked_at - len(found.z), 0)

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
        if problem.point is not None or problem.mode == REFUSED:
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
        base: dict[str, Any] = {
            "check": check.name,
            "format": run.fmt.dtype_name,
            "quantity": quantity,
            "required": self._required(check.name, run),
        }
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
