"""What a fault is: a subject that is right except in one way, and an input at which that shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

from stablelce.conformance.contract import Profile
from stablelce.conformance.faults.shows import Shows
from stablelce.conformance.points import Tier
from stablelce.conformance.subjects.base import Process, Subject

__all__ = [
    "ALL",
    "GITHUB",
    "LOST",
    "OVERFLOW",
    "ROUNDING",
    "SPURIOUS_NAN",
    "SUBNORMAL",
    "WIDE",
    "WRONG_SIGN",
    "ZERO",
    "Fault",
    "Kind",
    "Trigger",
    "subject_of",
]

Array = npt.NDArray[Any]
Function = Callable[..., Any]
Kind = Literal["element", "batch", "state"]
"""A fault in the formula of an element; in what elements do to each other; in what calls do."""

GITHUB = "https://github.com"

# How checks of points name what is wrong with a result (checks/accuracy.py).
ZERO, SUBNORMAL = "premature underflow or cancellation to 0", "flushed subnormal"
OVERFLOW, SPURIOUS_NAN = "spurious overflow", "spurious NaN"
LOST, ROUNDING = "more than half of the significand lost", "rounding error beyond the bound"
WRONG_SIGN = "wrong sign"

WIDE = ("float32", "float64")
ALL = ("float16", "bfloat16", *WIDE)


@dataclass(frozen=True)
class Trigger:
    """A call at which the fault shows.

    Attributes
    ----------
    z, t : tuple of float
        Logits and targets, rounded to the format; t is not passed where the quantity takes none.
    format : str
        Name of the dtype.
    keywords : mapping
        ``weight`` and ``pos_weight``, a number for all elements or one for each.
    """

    z: tuple[float, ...]
    t: tuple[float, ...] = (0.0,)
    format: str = "float64"
    keywords: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A subject with one bug.

    Attributes
    ----------
    name : str
        A few words for the bug.
    formula : str
        What it computes, or does, in one line.
    functions : mapping
        What the subject offers; `quantity` names the faulty one, the others are right.
    quantity : str
        Which function is wrong.
    failure_mode : str
        The bug in the vocabulary of the suite.
    url : str
        A thread where it was reported; empty for one that no thread shows, with the reason in `formula`.
    trigger : Trigger
        An input at which it shows.
    expected : mapping
        The checks that must fail (others may), and the failure mode that each must name.
    formats : tuple of str
        Where it is planted; the subject offers no other.
    kind : {"element", "batch", "state"}
        What it concerns.
    tier : {"smoke", "standard", "deep"}
        The first tier that must catch it.
    profile : str
        The accuracy asked for; a fault of less than a few units shows in the strictest only.
    keywords : frozenset of str
        Weights that the functions take.
    mend : callable
        Forgets earlier calls, and undoes what they left behind in the process.
    process : Process, optional
        What stands for the process of a subject, where that is what the fault is in.
    shows : callable, optional
        Calls that contradict each other (shows.py), for a fault that no single result shows.
    """

    name: str
    formula: str
    functions: Mapping[str, Function]
    quantity: str
    failure_mode: str
    url: str
    trigger: Trigger
    expected: Mapping[str, str]
    formats: tuple[str, ...] = WIDE
    kind: Kind = "element"
    tier: Tier = "smoke"
    profile: Profile = "accurate"
    keywords: frozenset[str] = frozenset()
    mend: Callable[[], object] = lambda: None
    process: Process | None = None
    shows: Shows | None = None

    @property
    def expected_checks(self) -> tuple[str, ...]:
        """The checks that must fail."""
        return tuple(self.expected)


def subject_of(fault: Fault) -> Subject:
    """The subject to audit."""
    return Subject(
        name=f"fault: {fault.name}",
        functions=fault.functions,
        formats=fault.formats,
        keywords=fault.keywords,
        version="1",
        process=fault.process,
    )
