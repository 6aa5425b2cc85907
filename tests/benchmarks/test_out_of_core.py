"""Speed beyond memory: a memory map beside an array, blocks beside an array, two workers beside one.

Run with ``tox -e bench`` (or ``pytest tests/benchmarks/test_out_of_core.py --benchmark-only``). Times are
never asserted. The two that are compared are timed by turns: read the ratio of the fastest ones, in the saved
JSON under ``extra_info``, or on the screen with ``-s``. Every timed call is also checked: both give the same
bits. Untimed, as in the ordinary tests, the data is small. The rows for the workers are those of the
environment variable STABLELCE_BENCH_ROWS, ten million unless set.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from dask import array
from distributed import Client, LocalCluster
from pytest_benchmark.fixture import BenchmarkFixture

import stablelce as lce
from stablelce.training.blocks import ArrayBlocks
from stablelce.training.dask_rows import Chunks, DaskProblem
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
    fastest = _by_turns(
        benchmark,
        {name: lambda p=problem: p.derivatives(coef).gradient for name, problem in problems.items()},
    )
    for name in ("memory map", "blocks"):
        print(f"\n{name}: {fastest['array'] / fastest[name]:.2f} of the array's rate")


def _made(block_info: Any = None, *, features: int) -> Array:
    """A chunk of rows, the label first, from the number of the chunk."""
    (place, *_), (size, *_) = block_info[None]["chunk-location"], block_info[None]["chunk-shape"]
    rng = np.random.default_rng(place)
    rows = rng.standard_normal((size, features + 1))
    rows[:, 0] = rows[:, 0] > 0
    return rows


def _seconds(workers: int, rows: int, coef: Array) -> tuple[float, bytes]:
    """The shortest time of a pass, and the gradient's bits; one thread to a worker: workers are compared."""
    pieces, features = 40, len(coef) - 1
    make: Any = array.map_blocks  # published without types
    cluster: Any = LocalCluster  # likewise
    client: Any = Client  # likewise
    threads = {"STABLELCE_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    options = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0, "env": threads}
    seconds = []
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")  # the cluster's own, such as a port that is taken
        own = stack.enter_context(client(stack.enter_context(cluster(n_workers=workers, **options))))
        own.run(lce.warmup)
        chunks = ((rows // pieces,) * pieces, (features + 1,))
        data = make(_made, chunks=chunks, dtype=float, meta=np.empty((0, 0)), features=features).persist()
        given = Chunks(data[:, 1:], data[:, 0], None)
        problem = DaskProblem(given, given.survey(soft=True), Coding(None), l2=0.0, fit_intercept=True)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            gradient = problem.derivatives(coef).gradient
            seconds.append(time.perf_counter() - start)
    return min(seconds), gradient.tobytes()


def test_two_workers_beside_one(benchmark: BenchmarkFixture) -> None:
    """Not by turns: one cluster is closed before the next starts, so that neither has the load of both."""
    rows = int(os.environ.get("STABLELCE_BENCH_ROWS", "10_000_000")) if benchmark.enabled else 10_000
    coef = np.random.default_rng(0).normal(size=51) / 50**0.5
    found: dict[int, tuple[float, bytes]] = {}

    def both() -> None:
        for workers in (1, 2):
            found[workers] = _seconds(workers, rows, coef)

    benchmark.pedantic(both, rounds=1)  # type: ignore[no-untyped-call]  # the one method without types
    assert found[1][1] == found[2][1]
    ratio = found[1][0] / found[2][0]
    benchmark.extra_info["ratio to one worker"] = ratio
    print(f"\ntwo workers: {ratio:.2f} of one worker's rate, {found[1][0]:.3f} s for one")
