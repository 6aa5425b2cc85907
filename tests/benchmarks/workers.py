"""Two workers beside one: the time of a pass over dask arrays that lie in the workers' memory.

Run on a machine with nothing else to do, and 8 bytes of memory for each element and as much again::

    OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.workers --rows 10_000_000

A worker is a process with one thread. Each makes its chunks itself, from the number of the chunk, and keeps
them; then passes are timed: gradient and loss at a fixed point, and once with the Hessian. The clusters run
one after the other, so that neither has the load of both. The gradients must have the same bits.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dask import array
from distributed import Client, LocalCluster, wait

import stablelce as lce
from stablelce.training.dask_rows import Chunks, DaskProblem
from stablelce.training.survey import Coding

__all__ = ["Times", "main", "measure"]

Floats = npt.NDArray[np.float64]

CHUNK = 50_000_000
"""Bytes of a chunk, about: large beside what a task costs the scheduler, small beside a worker's memory."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each pass, and the bits of what they gave."""

    gradient: list[float]
    hessian: float
    bits: bytes


def measure(workers: int, rows: int, features: int, rounds: int) -> Times:
    """Passes over the data on a cluster of so many workers.

    Parameters
    ----------
    workers : int
        Processes, of one thread each.
    rows, features : int
        The size of the data.
    rounds : int
        Passes to be timed, after one that is not.
    """
    coef = np.random.default_rng(0).normal(size=features + 1) / features**0.5
    with _cluster(workers) as client:
        X, t = _data(rows, features)
        kept: Any = client  # published without types
        X, t = kept.persist([X, t])
        wait([X, t])  # type: ignore[no-untyped-call]  # likewise
        client.run(lce.warmup)
        chunks = Chunks(X, t, None)
        found = chunks.survey(soft=True)
        problem = DaskProblem(chunks, found, Coding(None), l2=0.0, fit_intercept=True)
        problem.derivatives(coef, hessian=True)  # what is compiled or started only once
        problem.derivatives(coef)
        seconds, bits = [], b""
        for _ in range(rounds):
            begun = time.perf_counter()
            here = problem.derivatives(coef)
            seconds.append(time.perf_counter() - begun)
            bits = here.gradient.tobytes() + np.float64(here.loss).tobytes()
        begun = time.perf_counter()
        problem.derivatives(coef, hessian=True)
        return Times(seconds, time.perf_counter() - begun, bits)


@contextmanager
def _cluster(workers: int) -> Iterator[Client]:
    start: Any = LocalCluster  # published without types
    connect: Any = Client  # likewise
    one_thread = {"STABLELCE_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # Without a limit, so that nothing is spilled to the disk: what is measured is memory and processor.
    options = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0, "env": one_thread}
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")  # the cluster's own, such as a port that is taken
        yield stack.enter_context(connect(stack.enter_context(start(n_workers=workers, **options))))


def _data(rows: int, features: int) -> tuple[Any, Any]:
    """Features and targets, made where they will lie."""
    pieces = max(8, -(-rows * features * 8 // CHUNK))
    sizes = tuple(len(part) for part in np.array_split(np.empty(rows, np.bool_), pieces))
    make: Any = array.map_blocks  # published without types
    none = np.empty((0, 0))
    X = make(_features, chunks=(sizes, (features,)), dtype=float, meta=none, features=features)
    return X, X.map_blocks(_targets, drop_axis=1, dtype=float, meta=np.empty(0))


def _features(block_info: Any = None, *, features: int) -> Floats:
    (place, *_), (size, *_) = block_info[None]["chunk-location"], block_info[None]["chunk-shape"]
    return np.random.default_rng(place).standard_normal((size, features))


def _targets(X: Floats) -> Floats:
    return (X[:, 0] + X[:, -1] > 0).astype(np.float64)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the shortest times and their ratios."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workers")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args(arguments)
    found = {}
    for workers in (1, 2):
        one = found[workers] = measure(workers, given.rows, given.features, given.rounds)
        every = " ".join(f"{seconds:.3f}" for seconds in one.gradient)
        print(f"workers {workers}: gradient {every} s; with the Hessian {one.hessian:.3f} s", flush=True)
    if found[1].bits != found[2].bits:
        raise SystemExit("the gradients differ: the numbers of workers show in the result.")
    gradient = min(found[1].gradient) / min(found[2].gradient)
    hessian = found[1].hessian / found[2].hessian
    print(f"{given.rows} x {given.features}: two workers have {gradient:.2f} times the rate of one;", end=" ")
    print(f"with the Hessian {hessian:.2f} times. The gradients have the same bits.")


if __name__ == "__main__":
    main()
