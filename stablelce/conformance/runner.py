"""Run the checks on a subject and return what they found, as data.

The plan of an audit: for each format that the subject offers, for each quantity, measure the accuracy
(every encoding of the 16-bit formats with hard targets, samples of all regions elsewhere), then run each
check; shrink the counterexample of each one that fails. Results that are known at certain points only are
scored instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from stablelce.conformance.auditor import Auditor
from stablelce.conformance.contract import PROFILES, Profile
from stablelce.conformance.offered import offered_formats, offered_quantities
from stablelce.conformance.points import Tier, budget
from stablelce.conformance.results import AuditResult, CheckResult
from stablelce.conformance.scoring import score
from stablelce.conformance.subjects import from_object, resolve
from stablelce.conformance.subjects.base import Subject, SubjectError
from stablelce.formats import FORMATS, find_format

__all__ = ["audit"]

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
        return score(judged, profile=profile, allow_ftz=allow_ftz, formats=formats)
    started = time.perf_counter()
    offered = offered_formats(judged, wanted)
    if not offered:
        names = ", ".join(fmt.dtype_name for fmt in wanted or FORMATS)
        raise SubjectError(f"{judged.name} offers nothing to judge in {names}: ask for another format.")
    auditor = Auditor(judged, plan, profile, allow_ftz, seed)
    for fmt in offered:
        auditor.runs[fmt].beside = tuple(other for other in offered if other is not fmt)
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
