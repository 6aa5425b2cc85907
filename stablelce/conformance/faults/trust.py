"""Whether the suite can be trusted on this machine: faults that it must catch, and a right subject.

The sample is the same everywhere. It goes through the collection and takes a fault of the smoke tier when it
is expected to fail a check that no fault taken so far is, or has a failure mode, or is of a format, that
none taken so far has: so each check, each failure mode and each format is tried on this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stablelce.conformance.faults.base import ALL, Fault
from stablelce.conformance.faults.matrix import judge
from stablelce.conformance.faults.planting import right
from stablelce.conformance.faults.registry import FAULTS
from stablelce.conformance.runner import audit
from stablelce.conformance.subjects.base import KEYWORDS, QUANTITIES, Subject

__all__ = ["Trial", "control", "sample", "trials"]


@dataclass(frozen=True)
class Trial:
    """One audit of the self-test: whom, whether the suite behaved, and in what it did not."""

    name: str
    passed: bool
    complaint: str = ""


def sample() -> tuple[Fault, ...]:
    """Faults that together fail every check, in every failure mode and every format of the collection."""
    seen: set[tuple[str, str]] = set()
    chosen = []
    for fault in FAULTS:
        if fault.tier != "smoke":
            continue
        tries = {("check", name) for name in fault.expected}
        tries |= {("mode", fault.failure_mode), *(("format", name) for name in fault.formats)}
        if tries - seen:
            seen |= tries
            chosen.append(fault)
    return tuple(chosen)


def control() -> Subject:
    """The implementation in which faults are planted, without a fault."""
    return Subject(
        name="control",
        functions={name: right(name) for name in (*QUANTITIES, "loss_and_gradient")},
        formats=ALL,
        keywords=frozenset(KEYWORDS),
        version="1",
    )


def trials(progress: Callable[[int, int, str], None] | None = None) -> tuple[Trial, ...]:
    """Judge the control and the sample; ``progress`` is called with (done, in all, what comes next)."""
    faults = sample()
    made = []
    for done, fault in enumerate((None, *faults)):
        name = "right implementation" if fault is None else fault.name
        if progress is not None:
            progress(done, len(faults) + 1, name)
        made.append(_silent() if fault is None else _caught(fault))
    if progress is not None:
        progress(len(faults) + 1, len(faults) + 1, "done")
    return tuple(made)


def _silent() -> Trial:
    alarms = [check for check in audit(control(), tier="smoke").checks if check.status == "failed"]
    if not alarms:
        return Trial("right implementation", True)
    first = alarms[0]
    where = " ".join(part for part in (first.quantity, first.format) if part)
    return Trial("right implementation", False, f"{first.check} fails for {where}: {first.mode}")


def _caught(fault: Fault) -> Trial:
    failed = [(c.check, c.mode) for c in judge(fault).checks if c.status == "failed"]
    missed = [f"{check} ({mode})" for check, mode in fault.expected.items() if (check, mode) not in failed]
    return Trial(fault.name, not missed, f"not seen by {', '.join(missed)}" if missed else "")
