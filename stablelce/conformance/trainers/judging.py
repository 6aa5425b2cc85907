"""The shape of a check of trainers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stablelce.conformance.trainers.running import Run

__all__ = ["Check", "Finding"]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    status : str
        "not applicable" where the trainer does not offer what is checked; "inconclusive" where the bound
        exceeds the signal.
    fits : int
        Fits, or runs of steps, that were judged.
    mode : str
        What kind of failure it is.
    message : str
        What was found, with numbers.
    problem : str
        Name of the problem on which it was found.
    digits : float, optional
        The least number of correct digits, where that is what is measured.
    """

    status: Literal["passed", "failed", "inconclusive", "not applicable"]
    fits: int = 0
    mode: str = ""
    message: str = ""
    problem: str = ""
    digits: float | None = None


@dataclass(frozen=True)
class Check:
    """One property."""

    name: str
    judge: Callable[[Run], Finding]
