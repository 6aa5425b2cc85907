"""What a call leaves behind: rounding mode, flush-to-zero, NumPy's error state, random state."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Literal

import numpy as np

from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import QUANTITIES

__all__ = ["ENVIRONMENT", "floating_point_state"]


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


def _environment(run: Run, quantity: str) -> Finding:
    rng = np.random.default_rng(7)
    z, t = sample(next(region for region in REGIONS if region.name == "moderate"), run.fmt, 64, rng)
    if not run.subject.soft_targets:
        t = run.fmt.encodings((run.fmt.array(t) > 0.5).astype(run.fmt.dtype))
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
    if drawn:
        message = "a call seeded or drew from the global generator of random or numpy.random"
        return Finding("failed", 64, "random state altered", message)
    return Finding("passed", 64)


ENVIRONMENT = ArrayCheck("environment", QUANTITIES, _environment)
