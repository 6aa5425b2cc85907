"""Speed beyond memory: a memory map and blocks beside an array.

Run with ``tox -e bench`` (or ``pytest tests/benchmarks/test_out_of_core.py --benchmark-only``). Times are
never asserted. Those that are compared are timed by turns: read the ratio of the fastest ones, in the saved
JSON under ``extra_info``, or on the screen with ``-s``. Every timed call is also checked: all give the same
bits. Untimed, as in the ordinary tests, the data is small.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pytest_benchmark.fixture import BenchmarkFixture

import stablelce as lce
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.parts import PartBlocks, Parts
from stablelce.training.problem import Problem
from stablelce.training.survey import Coding

Array = npt.NDArray[Any]

ROUNDS = 7


def _by_turns(benchmark: BenchmarkFixture, runs: dict[str, Callable[[], Array]]) -> dict[str, float]:
    """The shortest time of each, timed in turns; all return the same bits."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    results: dict[str, bytes] = {}

    def turn() -> None:
        for name, function in runs.items():
            start = time.perf_counter()
            results[name] = function().tobytes()
            seconds[name].append(time.perf_counter() - start)

    benchmark.pedantic(turn, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]
    assert len(set(results.values())) == 1
    fastest = {name: min(found) for name, found in seconds.items()}
    benchmark.extra_info["seconds"] = fastest
    return fastest


def test_memory_map_and_blocks(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    rows, features = (500_000, 100) if benchmark.enabled else (5_000, 10)
    rng = np.random.default_rng(0)
    path = tmp_path / "X.npy"
    np.save(path, rng.standard_normal((rows, features)))
    X, t = np.load(path), (rng.random(rows) < 0.5).astype(np.float64)
    mapped = np.load(path, mmap_mode="r")
    coef = rng.normal(size=features + 1) / features**0.5
    parts = Parts([(X[i : i + 40_000], t[i : i + 40_000]) for i in range(0, rows, 40_000)])
    found = parts.survey(soft=True)
    problems = {
        "array": Problem(ArrayBlocks(X, t)),
        "memory map": Problem(ArrayBlocks(mapped, t)),
        "blocks": Problem(PartBlocks(parts, found, Coding.of(found, None, soft=True))),
    }
    lce.warmup()

    def run(problem: Problem) -> Callable[[], Array]:
        return lambda: problem.derivatives(coef).gradient

    fastest = _by_turns(benchmark, {name: run(problem) for name, problem in problems.items()})
    for name in ("memory map", "blocks"):
        print(f"\n{name}: {fastest['array'] / fastest[name]:.2f} of the array's rate")
