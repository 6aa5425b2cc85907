"""What is measured: each part gives rows of a table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

import stablelce as lce
from tests.benchmarks.speed.measure import in_turns, ratios
from tests.benchmarks.speed.systems import Call, available, own

__all__ = ["frameworks", "hard_inputs", "memory", "threads"]

Array = npt.NDArray[Any]
Row = dict[str, Any]

NANO = 1e9


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """That many threads for the library, and as many cores for the process where the system can."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    os.environ["STABLELCE_NUM_THREADS"] = str(count)
    if before is not None:
        os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        del os.environ["STABLELCE_NUM_THREADS"]
        if before is not None:
            os.sched_setaffinity(0, before)


def _usual(dtype: str, length: int) -> tuple[Array, Array]:
    """Logits N(0, 4^2) and hard targets."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 4, length).astype(dtype), rng.integers(0, 2, length).astype(dtype)


def frameworks(dtype: str, length: int, rounds: int) -> list[Row]:
    """Each system on one thread: nanoseconds per element, and its time over ours."""
    z, t = _usual(dtype, length)
    with _threads(1):
        calls = {name: make(z, t) for name, make in available().items()}
        times = in_turns(calls, rounds)
    relative = ratios(times, "stablelce")
    return [
        {
            "system": name,
            "dtype": dtype,
            "length": length,
            "ns": statistics.median(taken) / length * NANO,
            "ratio": relative[name],
        }
        for name, taken in times.items()
    ]


def threads(dtype: str, length: int, rounds: int) -> Row:
    """Our time on one thread over that on two, taken in turns."""
    z, t = _usual(dtype, length)
    call = own(z, t)

    def on(count: int) -> Call:
        def run() -> None:
            os.environ["STABLELCE_NUM_THREADS"] = str(count)
            call()

        return run

    with _threads(2):
        times = in_turns({"one": on(1), "two": on(2)}, rounds)
    return {
        "dtype": dtype,
        "length": length,
        "ns one": statistics.median(times["one"]) / length * NANO,
        "ns two": statistics.median(times["two"]) / length * NANO,
        "speed-up": ratios(times, "two")["one"],
    }


def hard_inputs(dtype: str, length: int, rounds: int) -> list[Row]:
    """Arrays of nothing but hard elements, on one thread: their time over that of usual ones."""
    rng = np.random.default_rng(2)
    usual = _usual(dtype, length)
    far, edge = (700.0, 745.0) if dtype == "float64" else (88.0, 103.0)
    tail = rng.uniform(30, far, length).astype(dtype) * rng.choice([-1, 1], length).astype(dtype)
    subnormal = rng.uniform(far + 9 if dtype == "float64" else far, edge, length).astype(dtype)
    inputs = {
        "usual": usual,
        "tail, hard targets": (tail, (tail > 0).astype(dtype)),
        "subnormal results": (subnormal, np.ones(length, dtype)),
        "soft targets next to sigmoid(z)": (usual[0], lce.sigmoid(usual[0])),
        "soft targets next to sigmoid(z), tail": (-np.abs(tail), lce.sigmoid(-np.abs(tail))),
        "zero logits, targets 1/2": (np.zeros(length, dtype), np.full(length, 0.5, dtype)),
        "logits N(0, 1e-15), targets 1/2": ((1e-15 / 4) * usual[0], np.full(length, 0.5, dtype)),
    }
    with _threads(1):
        times = in_turns({name: own(*pair) for name, pair in inputs.items()}, rounds)
    relative = ratios(times, "usual")
    return [
        {
            "input": name,
            "dtype": dtype,
            "length": length,
            "ns": statistics.median(taken) / length * NANO,
            "ratio": relative[name],
        }
        for name, taken in times.items()
    ]


MEMORY = """
import resource, sys
import numpy as np, stablelce as lce
lce.warmup()
n = int(sys.argv[1])
rng = np.random.default_rng(1)
z = rng.standard_normal(n, np.float32)
z *= 4
t = np.zeros(n, np.float32)
t[::2] = 1
out = (np.ones(n, np.float32), np.ones(n, np.float32))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lce.loss_and_gradient(z, t, out=out)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def memory(length: int) -> Row:
    """Peak memory above that of the arrays, in megabytes, of a call in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(length)], capture_output=True, text=True, check=True
    )
    return {"dtype": "float32", "length": length, "megabytes": int(done.stdout) * 1024 / 1e6}
