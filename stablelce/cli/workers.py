"""Audits in processes of their own: a subject that dies or hangs takes nothing with it.

One that does so in a call is judged again with its calls made in a further process: that audit goes on.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Literal

from stablelce.conformance.contract import Profile
from stablelce.conformance.points import Tier
from stablelce.conformance.results import AuditResult
from stablelce.conformance.subjects.base import FATAL, AbsentSubjectError, SubjectError, SubjectFault
from stablelce.conformance.subjects.importing import describe
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits
from stablelce.conformance.trainers.contract import TrainerProfile
from stablelce.conformance.trainers.results import TrainerResult

__all__ = ["Job", "Outcome", "TrainerJob", "run_jobs"]

SILENCE = {"smoke": 300.0, "standard": 600.0, "deep": 7200.0}
"""Seconds without progress, by tier, after which a subject counts as hung; a whole audit of one of NumPy's
speed takes 3 s, 60 s and many minutes."""

TRAINER_SILENCE = 300.0
"""The same for a trainer, whose slowest check makes a dozen fits of some hundred rows."""

PATIENCE = 5.0
"""Seconds that a process gets to end by itself once its result is here."""

_FOREIGN = ("lib:", "cmd:", "vectors:")
"""Subjects whose calls are not made in the process of the audit."""

Status = Literal["audited", "absent", "unusable", "died"]
OnProgress = Callable[[str, int, int, str], None]
"""Called with the subject, the steps done, the steps in all, and what is being done."""


@dataclass(frozen=True)
class Job:
    """One audit to do.

    Attributes
    ----------
    subject, quantity, tier, profile, formats, allow_ftz
        As in :func:`stablelce.audit`.
    limits : Limits
        What the process of a library or program may take, or that of a subject that died.
    died : str
        How the process of an audit ended that was tried before; empty for the first.
    keep : Path, optional
        Folder in which the result is kept, and found by a later run.
    sources : str
        Hash of the sources that judge; a kept result counts only for the same ones.
    """

    subject: str
    quantity: str = "loss"
    tier: Tier = "standard"
    profile: Profile = "accurate"
    formats: tuple[str, ...] | None = None
    allow_ftz: bool = False
    limits: Limits = DEFAULT_LIMITS
    died: str = ""
    keep: Path | None = None
    sources: str = ""

    @property
    def silence(self) -> float:
        """Seconds without progress after which the subject counts as hung."""
        # A library or program is waited for within the audit, which gives it up after ten such times.
        if self.died or self.subject.startswith(_FOREIGN):
            return SILENCE[self.tier] + 12 * self.limits.seconds
        return SILENCE[self.tier] * min(1.0, self.limits.seconds / DEFAULT_LIMITS.seconds)

    def kept(self, version: str) -> Path | None:
        """Where the result for this version of the subject is kept."""
        if self.keep is None:
            return None
        identity = {**asdict(self), "keep": "", "version": version}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return self.keep / f"{digest[:32]}.json"


@dataclass(frozen=True)
class TrainerJob:
    """One audit of a trainer; the attributes are as in :func:`stablelce.conformance.trainers.audit`."""

    subject: str
    options: tuple[tuple[str, Any], ...] = ()
    profile: TrainerProfile = "accurate"

    @property
    def silence(self) -> float:
        """Seconds without progress after which the trainer counts as hung."""
        return TRAINER_SILENCE


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with a result, or with one sentence that says why there is none."""

    subject: str
    status: Status
    result: AuditResult | None = None
    message: str = ""
    trainer: TrainerResult | None = None


@dataclass
class _Running:
    job: Job | TrainerJob
    process: SpawnProcess
    heard: float
    doing: str = ""


def run_jobs(
    jobs: Sequence[Job | TrainerJob], processes: int, on_progress: OnProgress
) -> Generator[Outcome, None, None]:
    """Do the jobs, at most so many at once, and yield each outcome as it comes.

    Closing the iterator, or an exception in its loop such as Ctrl-C, ends every process that still runs.
    """
    waiting = deque(jobs)
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                pipe, worker = _start(waiting.popleft())
                running[pipe] = worker
            ready = wait(list(running), timeout=1.0)
            for pipe in list(running):
                outcome = _hear(pipe, running[pipe], pipe in ready, on_progress)
                if outcome is None:
                    continue
                died = isinstance(outcome, Job) or outcome.status == "died"
                running[pipe].process.join(0 if died else PATIENCE)
                _end(pipe, running.pop(pipe))
                if isinstance(outcome, Job):
                    waiting.appendleft(outcome)
                else:
                    yield outcome
    finally:
        for pipe, worker in running.items():
            _end(pipe, worker)


def _start(job: Job | TrainerJob) -> tuple[Connection, _Running]:
    # A fresh interpreter: frameworks with threads of their own do not survive a fork.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs))
    process.start()
    theirs.close()  # so that the end of the process closes the pipe
    return ours, _Running(job, process, time.monotonic())


def _hear(pipe: Connection, worker: _Running, ready: bool, on_progress: OnProgress) -> Outcome | Job | None:
    """The outcome, the job to do instead, or None while neither is known."""
    if not ready:
        allowed = worker.job.silence
        hung = time.monotonic() - worker.heard > allowed
        return _died(worker, f"made no progress for {allowed:.0f} s") if hung else None
    try:
        message = pipe.recv()
    except EOFError:
        worker.process.join()
        return _died(worker, _cause(worker.process.exitcode))
    if isinstance(message, Outcome):
        return message
    done, total, worker.doing = message
    worker.heard = time.monotonic()
    on_progress(worker.job.subject, done, total, worker.doing)
    return None


def _died(worker: _Running, how: str) -> Outcome | Job:
    job = worker.job
    what = f"its process {how} during {worker.doing or 'import'}"
    text = f"subject {job.subject!r}: {what}; run that part alone under a debugger."
    if isinstance(job, Job) and worker.doing and not job.died and not job.subject.startswith(_FOREIGN):
        return replace(job, died=text)
    return Outcome(job.subject, "died", message=getattr(job, "died", "") or text)


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        known = -exitcode in set(signal.Signals)  # most real-time signals have no name
        return f"was ended by {signal.Signals(-exitcode).name if known else f'signal {-exitcode}'}"
    return f"exited with status {exitcode}"


def _end(pipe: Connection, worker: _Running) -> None:
    pipe.close()
    worker.process.kill()
    worker.process.join()


# -- in the process of the subject -------------------------------------------------------------


def _work(job: Job | TrainerJob, pipe: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; the parent is the one that ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a subject prints is no part of our output

    def progress(done: int, total: int, doing: str) -> None:
        pipe.send((done, total, doing))

    try:
        outcome = _attempt(job, progress)
    except Exception as error:  # noqa: BLE001 - what a subject raises is a finding: this is a fault of the suite
        traceback.print_exc()
        fault = f"the suite itself failed ({describe(error)})"
        text = f"subject {job.subject!r}: {fault}; please report the lines above."
        outcome = Outcome(job.subject, "died", message=text)
    pipe.send(outcome)


def _attempt(job: Job | TrainerJob, progress: Callable[[int, int, str], None]) -> Outcome:
    try:
        if isinstance(job, TrainerJob):
            return Outcome(job.subject, "audited", trainer=_audit_trainer(job, progress))
        result = _audit(job, progress)
        if job.died and not any(check.mode in FATAL for check in result.checks):
            return Outcome(job.subject, "died", message=job.died)  # it takes something else than one call
        return Outcome(job.subject, "audited", result)
    except (SubjectError, SubjectFault) as error:
        return _without_result(job, error)


def _without_result(job: Job | TrainerJob, error: SubjectError | SubjectFault) -> Outcome:
    if isinstance(job, Job) and job.died:
        # How it died is to be told, not why it cannot be tried again.
        return Outcome(job.subject, "died", message=job.died)
    if isinstance(error, AbsentSubjectError):
        return Outcome(job.subject, "absent", message=str(error))
    if isinstance(error, SubjectError):
        return Outcome(job.subject, "unusable", message=str(error))
    return Outcome(job.subject, "died", message=f"subject {job.subject!r} could not be started: {error}.")


def _audit(job: Job, progress: Callable[[int, int, str], None]) -> AuditResult:
    from stablelce.conformance.runner import audit
    from stablelce.conformance.subjects import resolve
    from stablelce.conformance.subjects.hosted import hosted

    subject = replace(resolve(job.subject, job.quantity, job.limits), isolated=True)
    if job.died:
        subject = hosted(subject, job.quantity, job.limits)
    kept = job.kept(subject.version)
    if kept is not None and kept.is_file():
        return AuditResult.model_validate_json(kept.read_text(encoding="utf-8"))
    progress(0, 1, "the first call")
    result: AuditResult = audit(
        subject,
        quantity=job.quantity,
        tier=job.tier,
        profile=job.profile,
        formats=job.formats,
        allow_ftz=job.allow_ftz,
        progress=progress,
    )
    if kept is not None:
        _write_whole(kept, result.model_dump_json())
    return result


def _audit_trainer(job: TrainerJob, progress: Callable[[int, int, str], None]) -> TrainerResult:
    from stablelce.conformance.trainers.adapters import resolve as find
    from stablelce.conformance.trainers.runner import audit

    trainer = replace(find(job.subject, dict(job.options)), isolated=True)
    progress(0, 1, "the first call")
    return audit(trainer, profile=job.profile, progress=progress)


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, whenever the process is ended."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
