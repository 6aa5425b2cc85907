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
from dask import array, config
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


def test_two_workers_beside_one(benchmark: BenchmarkFixture) -> None:
    rows = int(os.environ.get("STABLELCE_BENCH_ROWS", "10_000_000")) if benchmark.enabled else 10_000
    features, pieces = 50, 40
    coef = np.random.default_rng(0).normal(size=features + 1) / features**0.5
    make: Any = array.map_blocks  # published without types
    chunks = ((rows // pieces,) * pieces, (features + 1,))
    runs: dict[str, Callable[[], Array]] = {}
    with ExitStack() as stack:
        # One thread to a worker: what is compared is workers.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # the clusters' own, such as a port that is taken
        stack.enter_context(config.set({"distributed.worker.memory.terminate": False}))
        for workers in (1, 2):
            cluster: Any = LocalCluster  # published without types
            client: Any = Client
            started = stack.enter_context(
                cluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    memory_limit=0,
                    env={"STABLELCE_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                )
            )
            own = stack.enter_context(client(started, set_as_default=False))
            data = make(_made, chunks=chunks, dtype=float, meta=np.empty((0, 0)), features=features)
            data = own.persist(data)
            own.run(lce.warmup)
            given = Chunks(data[:, 1:], data[:, 0], None)
            with config.set(scheduler=own):
                found = given.survey(soft=True)
                problem = DaskProblem(given, found, Coding(None), l2=0.0, fit_intercept=True)

            def run(own: Any = own, problem: Problem = problem) -> Array:
                with config.set(scheduler=own):
                    return problem.derivatives(coef).gradient

            runs[f"{workers} workers"] = run
        fastest = _by_turns(benchmark, runs)
    ratio = fastest["1 workers"] / fastest["2 workers"]
    print(f"\ntwo workers: {ratio:.2f} of one worker's rate, {fastest['1 workers']:.3f} s for one")
