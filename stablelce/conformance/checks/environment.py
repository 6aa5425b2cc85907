"""What a call leaves behind: rounding mode, flush-to-zero, NumPy's error state, random state, memory.

A subject that computes in another process is watched there: its process reports what a call altered.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.shrink import simplest
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import UIntArray

__all__ = ["ENVIRONMENT", "MEMORY", "floating_point_state"]


def floating_point_state() -> dict[str, object]:
    """What arithmetic does now, seen from results: each operand is a variable, so nothing is folded."""
    one, tiny, smallest = 1.0, sys.float_info.min, sys.float_info.min * sys.float_info.epsilon
    half_ulp = sys.float_info.epsilon / 2
    return {
        "rounding to nearest": (
            one + half_ulp == one,
            one + 3 * half_ulp == one + 4 * half_ulp,
            -one - half_ulp == -one,
        ),
        "subnormal results": tiny * 0.5 != 0.0,
        "subnormal inputs": smallest * 2.0**60 != 0.0,
        "subnormal arrays": bool((np.full(9, tiny) * 0.5 != 0).all()),
    }


# Not the state before the call that is judged: earlier calls may have altered it for good.
_AT_IMPORT = floating_point_state()

_ERROR_STATES: tuple[Literal["ignore", "warn"], ...] = ("ignore", "warn")


def _random_state() -> tuple[object, ...]:
    # The legacy global generator is the one that a subject could disturb for its caller.
    return random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002


@contextlib.contextmanager
def _moved_generators() -> Iterator[None]:
    """Move both global generators on, so that a subject that seeds them is seen to; then put them back."""
    state, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.random()
    np.random.random()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(legacy)  # noqa: NPY002


def _points(run: Run, count: int) -> tuple[UIntArray, UIntArray]:
    rng = np.random.default_rng(7)
    z, t = sample(next(region for region in REGIONS if region.name == "moderate"), run.fmt, count, rng)
    if not run.subject.soft_targets:
        t = run.fmt.encodings((run.fmt.array(t) > 0.5).astype(run.fmt.dtype))
    return z, t


def _environment(run: Run, quantity: str) -> Finding:
    z, t = _points(run, 64)
    elsewhere = _observed(run)  # by earlier calls: what one call altered may have been put back since
    with _moved_generators():
        chance = _random_state()
        for state in _ERROR_STATES:  # one that a subject sets differs from one of the two
            with np.errstate(all=state):
                run.evaluate(quantity, z, t)
        drawn = _random_state() != chance
    after = floating_point_state()
    changed = [name for name in _AT_IMPORT if _AT_IMPORT[name] != after[name]]
    if changed:
        message = f"loading or calling the subject changed: {', '.join(changed)}"
        return Finding("failed", 64, "floating-point state altered", message)
    if run.error_state_altered:
        message = "a call changed np.geterr() and left it so"
        return Finding("failed", 64, "NumPy error state altered", message)
    elsewhere |= _observed(run)
    if elsewhere:
        return _altered(run, quantity, z, t, sorted(elsewhere))
    if drawn:
        message = "a call seeded or drew from the global generator of random or numpy.random"
        return Finding("failed", 64, "random state altered", message)
    return Finding("passed", 64)


def _observed(run: Run) -> set[str]:
    """What calls in another process altered, since this was asked last."""
    process = run.subject.process
    return set() if process is None else {one for one in process.observed() if one.startswith("altered ")}


def _altered(run: Run, quantity: str, z: UIntArray, t: UIntArray, found: list[str]) -> Finding:
    """The finding, with a simple input that alters something when it is alone, if there is one."""

    def alters(a: int, b: int) -> bool:
        run.evaluate(quantity, *(np.array([one], dtype=run.fmt.uint) for one in (a, b)))
        return bool(_observed(run))

    random = all("rand" in one for one in found)
    mode = "random state altered" if random else "floating-point state altered"
    message = f"a call in its process {', '.join(found)}"
    points = list(zip(z.tolist(), t.tolist(), strict=True))
    point = next((simplest(run.fmt, *point, alters) for point in points if alters(*point)), None)
    return Finding("failed", len(z), mode, message, point)


_ROUNDS, _CALLS, _GROWTH = 4, 150, 1 << 17
"""A library that keeps the memory of one array per call of 257 points grows by 2^18 bytes (in binary32, 2^17)
or more in a round of 150; one that fills a cache in the first round stops growing after it."""


def _memory(run: Run, quantity: str) -> Finding:
    process = run.subject.process
    if process is None or process.resident() is None:
        return Finding("not applicable", message="the memory of a subject in this process is not watched")
    z, t = _points(run, 257)
    sizes = []
    for _ in range(_ROUNDS):
        for _ in range(_CALLS):
            run.evaluate(quantity, z, t)
        sizes.append(process.resident() or 0)
    growth = [after - before for before, after in pairwise(sizes)]
    if min(growth) < _GROWTH:
        return Finding("passed", _ROUNDS * _CALLS * len(z))
    each = sum(growth) // (_CALLS * len(growth))
    message = f"about {each} bytes are not given back after each call of {len(z)} points"
    return Finding("failed", _ROUNDS * _CALLS * len(z), "memory leak", message, (int(z[0]), int(t[0])))


ENVIRONMENT = ArrayCheck("environment", QUANTITIES, _environment)
MEMORY = ArrayCheck("memory", QUANTITIES, _memory)
