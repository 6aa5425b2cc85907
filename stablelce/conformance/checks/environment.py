"""What a call leaves behind: rounding mode, flush-to-zero, NumPy's error state, random state."""

from __future__ import annotations

import random
import sys

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


def _random_state() -> tuple[object, ...]:
    # The legacy global generator is the one that a subject could disturb for its caller.
    return random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002


def _environment(run: Run, quantity: str) -> Finding:
    rng = np.random.default_rng(7)
    z, t = sample(next(region for region in REGIONS if region.name == "moderate"), run.fmt, 64, rng)
    if not run.subject.soft_targets:
        t = run.fmt.encodings((run.fmt.array(t) > 0.5).astype(run.fmt.dtype))
    before, errors, chance = floating_point_state(), np.geterr(), _random_state()
    run.evaluate(quantity, z, t)
    after = floating_point_state()
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        return Finding(
            "failed", 64, "floating-point state altered", f"the call changed: {', '.join(changed)}"
        )
    if np.geterr() != errors:
        np.seterr(**errors)
        return Finding(
            "failed", 64, "NumPy error state altered", "the call changed np.geterr() and left it so"
        )
    if _random_state() != chance:
        message = "the call drew from the global random state of random or numpy.random"
        return Finding("failed", 64, "random state altered", message)
    return Finding("passed", 64)


ENVIRONMENT = ArrayCheck("environment", QUANTITIES, _environment)
