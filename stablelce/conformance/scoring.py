"""Judge results that were computed elsewhere, at the points where there are any.

What can be said of a point alone is said: accuracy, tails, subnormals, sign and range, and the values at
infinite logits and NaN. Relations between points, arrays and surroundings need a subject that can be called.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from stablelce.conformance.auditor import Auditor
from stablelce.conformance.checks import POINT_CHECKS
from stablelce.conformance.checks.accuracy import expect, wrong, zero_for_subnormal
from stablelce.conformance.checks.special import limit
from stablelce.conformance.contract import CHECKS, PROFILES, Profile
from stablelce.conformance.counterexamples import counterexample
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import PointCheck
from stablelce.conformance.measuring import Tally
from stablelce.conformance.points import budget
from stablelce.conformance.results import AccuracyResult, AuditResult, CheckResult
from stablelce.conformance.subjects.base import Subject, SubjectError
from stablelce.conformance.subjects.vectors import Results
from stablelce.conformance.vectors import shipped
from stablelce.formats import Format, UIntArray, find_format

__all__ = ["Extent", "Grades", "Worst", "extent", "grades", "score"]

Points = tuple[UIntArray, UIntArray]

_OF_A_POINT = ("accuracy", "tails", "subnormals", "sign and range")
"""Checks that ask for the result at the point itself and for no other."""


def score(
    subject: Subject,
    *,
    profile: Profile = "accurate",
    allow_ftz: bool = False,
    formats: Sequence[str] | None = None,
    partial: bool = False,
) -> AuditResult:
    """Judge the results of a subject that are known at its `points` only.

    Parameters
    ----------
    subject : Subject
        With `points`, one quantity and one format.
    profile, allow_ftz, formats
        As in :func:`stablelce.audit`.
    partial : bool
        Whether results of a set of vectors may be missing: who leaves out what fails would be certified.

    Raises
    ------
    SubjectError
        The results are in none of the formats asked for, or some are missing.
    """
    started = time.perf_counter()
    assert subject.points is not None
    assert subject.formats is not None
    fmt = find_format(subject.formats[0])
    if formats is not None and fmt not in [find_format(name) for name in formats]:
        raise SubjectError(f"{subject.name} holds {fmt.dtype_name} only: ask for that format.")
    scorer = _Scorer(subject, profile, allow_ftz)
    (quantity,) = subject.points
    count = extent(subject)
    if count is not None and not count.is_whole and not partial:
        raise SubjectError(
            f"{subject.name} has a result for {count}: give one for each, or grade what is there by "
            f"'stablelce score --partial'."
        )
    scorer.judge(fmt, quantity)
    if count is not None and not count.is_whole:
        scorer.checks.append(_missing(fmt, quantity, count))
    return AuditResult(
        subject=subject.name,
        version=subject.version,
        isolated=True,
        tier="given points",
        required_profile=profile,
        offered={fmt.dtype_name: (quantity,)},
        profiles={fmt.dtype_name: scorer.profile_reached(fmt)},
        accuracy=tuple(scorer.accuracy),
        checks=tuple(scorer.checks),
        seconds=time.perf_counter() - started,
    )


class Extent(NamedTuple):
    """How many of how many vectors of a set have a result."""

    present: int
    total: int

    @property
    def is_whole(self) -> bool:
        return self.present == self.total

    def __str__(self) -> str:
        return f"{self.present} of {self.total} vectors"


def extent(subject: Subject) -> Extent | None:
    """How much of the set of vectors that a file says to hold is there; None for points of one's own."""
    if not isinstance(subject, Results) or not subject.titled:
        return None
    assert subject.points is not None
    assert subject.formats is not None
    (quantity,), fmt = subject.points, find_format(subject.formats[0])
    pairs = ((int(one.z, 16), int(one.t or "0", 16)) for one in shipped(quantity, fmt).tests)
    wanted = {_point(fmt, z, t) for z, t in pairs}
    z, t = subject.points[quantity]
    given = {_point(fmt, *pair) for pair in zip(z.tolist(), t.tolist(), strict=True)}
    return Extent(len(wanted & given), len(wanted))


def _point(fmt: Format, z: int, t: int) -> tuple[int, int]:
    """One pair for all encodings of NaN: "nan" in a file has lost its own."""
    return fmt.nan if fmt.is_nan(z) else z, fmt.nan if fmt.is_nan(t) else t


def _missing(fmt: Format, quantity: str, count: Extent) -> CheckResult:
    """What a verdict on a part of the vectors says beside it."""
    return CheckResult(
        check="all vectors",
        format=fmt.dtype_name,
        quantity=quantity,
        required=False,
        status="failed",
        points=count.total,
        failures=count.total - count.present,
        mode="results missing",
        message=f"the verdict is of {count} only",
    )


@dataclass(frozen=True)
class Worst:
    """A result with a large error, as encodings, and the error in units."""

    z: int
    t: int
    got: int
    want: int
    error: float


@dataclass(frozen=True)
class Grades:
    """How many of the finite points miss each profile, and the points with the largest errors."""

    points: int
    missed: dict[Profile, int]
    worst: tuple[Worst, ...]


def grades(subject: Subject, *, allow_ftz: bool = False, count: int = 5) -> Grades:
    """What all profiles say of results that are known at certain points; the worst of them, worst first.

    Parameters
    ----------
    subject : Subject
        With `points`, one quantity and one format.
    allow_ftz : bool
        Whether flushed subnormals count as right.
    count : int
        How many points are named; only wrong ones are.
    """
    assert subject.points is not None
    assert subject.formats is not None
    (quantity,), fmt = subject.points, find_format(subject.formats[0])
    z, t = _finite(fmt, *subject.points[quantity])
    expected = expect(fmt, quantity, z, t)
    runs = {profile: Run(subject, fmt, profile, allow_ftz) for profile in PROFILES}
    got = runs["accurate"].evaluate(quantity, z, t)
    excused = zero_for_subnormal(fmt, expected, got) if allow_ftz else np.zeros(z.shape, dtype=bool)
    missed = {profile: int((wrong(run, expected, got) & ~excused).sum()) for profile, run in runs.items()}
    errors = np.where(excused | (got == expected.encodings), -1.0, expected.errors(got))
    worst = [int(i) for i in np.argsort(-errors, kind="stable")[:count] if errors[i] >= 0]
    rows = (
        Worst(int(z[i]), int(t[i]), int(got[i]), int(expected.encodings[i]), float(errors[i])) for i in worst
    )
    return Grades(len(z), missed, tuple(rows))


class _Scorer(Auditor):
    """An auditor that takes the points there are."""

    def __init__(self, subject: Subject, profile: Profile, allow_ftz: bool) -> None:
        super().__init__(subject, budget("smoke"), profile, allow_ftz, seed=0)

    def judge(self, fmt: Format, quantity: str) -> None:
        """Measure what is finite, and judge every point."""
        run = self.runs[fmt]
        finite = list(self._points(POINT_CHECKS[0], run, quantity))
        for z, t, _ in finite:
            self.accuracy += _measure(run, quantity, z, t)
        for check in POINT_CHECKS if finite else ():
            if check.name in _OF_A_POINT:
                self.checks.append(self._point_check(check, run, quantity))
        self.checks += _specials(run, quantity)

    def _points(
        self, _check: PointCheck, run: Run, quantity: str
    ) -> Iterator[tuple[UIntArray, UIntArray, int]]:
        """All points with a finite logit and target, if there are any."""
        z, t = _finite(run.fmt, *_given(run, quantity))
        if z.size:
            yield z, t, 0


def _finite(fmt: Format, z: UIntArray, t: UIntArray) -> Points:
    chosen = np.isfinite(_values(fmt, z)) & np.isfinite(_values(fmt, t))
    return z[chosen], t[chosen]


def _given(run: Run, quantity: str) -> Points:
    assert run.subject.points is not None
    return run.subject.points[quantity]


def _values(fmt: Format, encodings: UIntArray) -> Any:
    return fmt.array(encodings).astype(np.float64)


def _measure(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> list[AccuracyResult]:
    """Accuracy with hard and with soft targets, or of a function of z alone."""
    hard = (_values(run.fmt, t) == 0) | (_values(run.fmt, t) == 1)
    alone = quantity not in ("loss", "gradient")
    groups: dict[Literal["hard", "soft", "none"], Any] = (
        {"none": np.ones_like(hard)} if alone else {"hard": hard, "soft": ~hard}
    )
    results = []
    for targets, chosen in groups.items():
        if chosen.any():
            tally = Tally(run, quantity)
            tally.add(z[chosen], t[chosen], expect(run.fmt, quantity, z[chosen], t[chosen]))
            results.append(tally.result(targets, "sampled", ()))
    return results


# -- infinite logits and NaN -------------------------------------------------------------------


def _specials(run: Run, quantity: str) -> list[CheckResult]:
    """One result for each check of special values that the file has points for."""
    z, t = _given(run, quantity)
    logits, targets = _values(run.fmt, z), _values(run.fmt, t)
    alone = quantity not in ("loss", "gradient")
    nan = np.isnan(logits) | (np.isnan(targets) & (not alone))
    infinite = np.isinf(logits) & ~nan
    soft = np.zeros_like(nan) if alone else (targets > 0) & (targets < 1)
    names = {
        "infinite logits, hard targets": infinite & ~soft,
        "infinite logits, soft targets": infinite & soft,
        "NaN": nan,
    }
    return [_special(run, quantity, name, z[at], t[at]) for name, at in names.items() if at.any()]


def _special(run: Run, quantity: str, name: str, z: UIntArray, t: UIntArray) -> CheckResult:
    fmt = run.fmt
    got = run.evaluate(quantity, z, t).tolist()
    want = [limit(fmt, quantity, a, b) for a, b in zip(z.tolist(), t.tolist(), strict=True)]
    missed = [i for i in range(len(got)) if not _agrees(run, got[i], want[i])]
    example = None
    if missed:
        i = missed[0]
        point = int(z[i]), int(t[i])
        example = counterexample(run, quantity, *point, got=got[i], want=want[i])
    return CheckResult(
        check=name,
        format=fmt.dtype_name,
        quantity=quantity,
        required=CHECKS[name].required,
        status="failed" if missed else "passed",
        points=len(got),
        failures=len(missed),
        mode=("NaN swallowed" if name == "NaN" else "wrong limit at infinity") if missed else "",
        message=CHECKS[name].summary if missed else "",
        counterexample=example,
    )


def _agrees(run: Run, got: int, want: int) -> bool:
    """Both NaN, or the same value up to the sign of zero; a limit that was rounded (1-t), by the profile."""
    fmt = run.fmt
    if fmt.is_nan(want) or fmt.is_nan(got):
        return fmt.is_nan(want) and fmt.is_nan(got)
    if got == want or (fmt.is_zero(got) and fmt.is_zero(want)):
        return True
    near = fmt.is_finite(got) and fmt.is_finite(want) and run.profile in ("accurate", "stable")
    return near and abs(fmt.ordinal(got) - fmt.ordinal(want)) <= run.bound
