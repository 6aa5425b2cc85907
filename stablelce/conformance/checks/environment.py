"""What a call leaves behind: rounding mode, flush-to-zero, NumPy's error state, random state, memory.

A subject that computes in another process is watched there: its process reports what a call altered.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.shrink import simplest
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Deed, Process
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
    with _moved_generators():
        for state in _ERROR_STATES:  # one that a subject sets differs from one of the two
            with np.errstate(all=state):
                run.elementwise(quantity, z, t)
    after = floating_point_state()
    changed = [name for name in _AT_IMPORT if _AT_IMPORT[name] != after[name]]
    if changed:
        message = f"loading or calling the subject changed: {', '.join(changed)}"
        return Finding("failed", 64, "floating-point state altered", message)
    if run.error_state_altered:
        message = "a call changed np.geterr() and left it so"
        return Finding("failed", 64, "NumPy error state altered", message)
    # By earlier calls too: what one altered in another process has been put back since.
    process = run.subject.process
    deeds = () if process is None else process.observed("altered ", "loading ")
    if process is not None and deeds:
        return _altered(run, quantity, process, deeds)
    if run.drew:
        return _drew(run, quantity)
    return Finding("passed", 64)


def _altered(run: Run, quantity: str, process: Process, deeds: tuple[Deed, ...]) -> Finding:
    """The finding of what was altered in another process: by this quantity if by it too."""
    name = quantity if quantity in run.subject.functions else "loss_and_gradient"
    first = next((one for one in deeds if one[1:3] == (name, run.fmt.dtype_name)), deeds[0])
    texts = sorted(one.text for one in deeds if one[1:3] == first[1:3])

    def alters(z: UIntArray, t: UIntArray) -> bool:
        with contextlib.suppress(SubjectProblem):
            run.evaluate(quantity, z, t)
        return any(one.text in texts for one in process.observed("altered "))

    random = all("rand" in text for text in texts)
    mode = "random state altered" if random else "floating-point state altered"
    point = None
    if first[1:3] == (name, run.fmt.dtype_name):
        point = _example(run, first.columns[0], first.columns[-1], alters)
    calls = [text for text in texts if text.startswith("altered ")]
    said = [text for text in texts if text not in calls]
    if calls:
        said.append(f"a call of {first.quantity} ({first.dtype_name}) in its process {', '.join(calls)}")
    return Finding("failed", 64, mode, "; ".join(said), point)


def _drew(run: Run, quantity: str) -> Finding:
    """The finding of a generator that was used: by this quantity if by it too."""
    name = quantity if quantity in run.drew else next(iter(run.drew))
    arrays = run.drew[name]
    run.drew.clear()

    def draws(z: UIntArray, t: UIntArray) -> bool:
        alone = Run(run.subject, run.fmt, run.profile, run.allow_ftz)
        with _moved_generators(), contextlib.suppress(SubjectProblem):
            alone.evaluate(quantity, z, t)
        return bool(alone.drew)

    z, t = np.broadcast_arrays(arrays[0], arrays[0 if name in ONE_ARGUMENT else 1])
    point = None
    if name == quantity:
        point = _example(run, run.fmt.encodings(z).ravel(), run.fmt.encodings(t).ravel(), draws)
    message = f"a call of {name} seeded or drew from the global generator of random or numpy.random"
    return Finding("failed", 64, "random state altered", message, point)


def _example(
    run: Run, z: UIntArray, t: UIntArray, does: Callable[[UIntArray, UIntArray], bool]
) -> tuple[int, int] | None:
    """A simple point that does alone what a call of many did, found by halving; None where none does."""
    while z.size > 1:
        half = z.size // 2
        parts = ((z[:half], t[:half]), (z[half:], t[half:]))
        found = next((part for part in parts if does(*part)), None)
        if found is None:
            return None
        z, t = found

    def alone(a: int, b: int) -> bool:
        return does(np.array([a], dtype=run.fmt.uint), np.array([b], dtype=run.fmt.uint))

    if not z.size or not does(z, t):
        return None
    return simplest(run.fmt, int(z[0]), int(t[0]), alone)


_ROUNDS, _CALLS, _GROWTH = 4, 150, 1 << 17
"""A library that keeps the memory of one array per call of 257 points grows by 2^18 bytes (in binary32, 2^17)
or more in a round of 150; one that fills a cache in the first round stops growing after it."""


def _memory(run: Run, quantity: str) -> Finding:
    process = run.subject.process
    if process is None or process.resident() is None:
        return Finding("not applicable", message="the memory of a subject in this process is not watched")
    process.renew()  # a leak shows no growth while it fills what large arrays of earlier calls left free
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
