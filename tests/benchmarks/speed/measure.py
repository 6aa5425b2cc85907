"""Times of several calls, taken in turns, so that what slows the machine for a while slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from tests.benchmarks.speed.systems import Call

__all__ = ["in_turns", "ratios"]

SLICE = 0.03
"""Seconds that a call is repeated for, at least, before the next one has its turn."""


def in_turns(calls: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """Seconds per call, a list of one figure for each round."""
    repeats = {name: _repeats(call) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(_timed(call, repeats[name]))
    return times


def ratios(times: Mapping[str, list[float]], base: str) -> dict[str, float]:
    """Median over the rounds of each call's time over that of the base in the same round."""
    return {
        name: statistics.median(a / b for a, b in zip(taken, times[base], strict=True))
        for name, taken in times.items()
    }


def _repeats(call: Call) -> int:
    call()  # compiles, fills caches
    return max(1, round(SLICE / max(_timed(call, 1), 1e-7)))


def _timed(call: Call, repeats: int) -> float:
    begin = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - begin) / repeats
