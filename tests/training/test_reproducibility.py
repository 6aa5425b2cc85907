"""One set of bits after training: for every engine, number of threads, cut, order of rows, and processor."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.training.blocks import ArrayBlocks, Block
from stablelce.training.problem import Problem
from tests.training.problems import ENGINES, data, permuted, problem, random_cuts, trained

each_engine = pytest.mark.parametrize("engine", ENGINES)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
ROWS = 3001


@pytest.fixture(scope="module")
def wanted() -> dict[Any, str]:
    with lce.engine("numpy"):
        return {dtype: trained(problem(data(ROWS, 13, dtype=dtype))) for dtype in (np.float64, np.float32)}


@each_engine
@each_dtype
@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_engines_and_threads_do_not_show(
    engine: Any, dtype: type, threads: str, wanted: dict[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", threads)
    # Work for a second thread, however few the rows.
    monkeypatch.setattr("stablelce.kernels.threads.LEAST", 1 << 10)
    with lce.engine(engine):
        assert trained(problem(data(ROWS, 13, dtype=dtype))) == wanted[dtype]


@each_engine
@each_dtype
@pytest.mark.parametrize("seed", range(5))
def test_order_and_cuts_of_the_rows_do_not_show(
    engine: Any, dtype: type, seed: int, wanted: dict[Any, str]
) -> None:
    blocks = random_cuts(data(ROWS, 13, dtype=dtype), np.random.default_rng(seed))
    with lce.engine(engine):
        assert trained(Problem(blocks, l2=0.01)) == wanted[dtype]


@each_engine
def test_a_plain_sum_would_show_the_order(engine: Any, wanted: dict[Any, str]) -> None:
    """The data is such that order matters: NumPy's own product differs for most orders."""
    block = data(ROWS, 13)
    r = np.random.default_rng(0).uniform(-1, 1, ROWS)
    seen = set()
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(ROWS)
        seen.add((block.X[order].T @ r[order]).tobytes())
    assert len(seen) > 5
    with lce.engine(engine):
        changed = permuted(block, np.arange(ROWS))
        changed.X[17, 4] = np.nextafter(changed.X[17, 4], 9.0)
        assert trained(problem(changed)) != wanted[np.float64]


@each_engine
@pytest.mark.parametrize("features", [0, 1, 7, 8, 9, 64])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_numbers_of_columns_do_not_show_the_engine(engine: Any, features: int, fit_intercept: bool) -> None:
    for weighted in (False, True):
        block = data(700, features, weighted=weighted)
        with lce.engine("numpy"):
            before = trained(problem(block, fit_intercept=fit_intercept), 2)
        with lce.engine(engine):
            task = Problem(ArrayBlocks(*block, rows=123), l2=0.01, fit_intercept=fit_intercept)
            assert trained(task, 2) == before


@each_engine
def test_rows_of_weight_0_and_duplicates_are_as_the_objective_says(engine: Any) -> None:
    block = data(500, 5)
    assert block.s is not None
    kept = np.flatnonzero(block.s)
    twice = np.repeat(kept, 2)
    halved = permuted(block, twice)
    assert halved.s is not None
    with lce.engine(engine):
        before = trained(problem(permuted(block, kept)))
        assert trained(problem(block)) == before
        assert trained(problem(Block(halved.X, halved.t, halved.s / 2))) == before


CODE = """
import numpy as np, stablelce as lce, sys
from tests.training.problems import data, problem, trained
for dtype in (np.float64, np.float32):
    print(trained(problem(data(%d, 13, dtype=dtype))))
"""

WITHOUT_FMA = {
    "NUMBA_CPU_FEATURES": "+sse2",
    "NUMBA_CPU_NAME": "generic",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX AVX512_ICL X86_V3 X86_V4",
    "OPENBLAS_CORETYPE": "Prescott",
}
WITHOUT_AVX512 = {
    "NUMBA_CPU_FEATURES": "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+avx,+avx2,+fma",
    "NUMBA_CPU_NAME": "haswell",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX512_ICL X86_V4",
    "OPENBLAS_CORETYPE": "Haswell",
}


# A compiler of fewer instructions compiles anew: one of its two cases, the nearer one, is for the deep tier.
SETTINGS = [
    pytest.param(engine, without, id=f"{engine}-{name}", marks=[pytest.mark.deep] if anew else [])
    for engine in ENGINES
    for name, without in {"fma": WITHOUT_FMA, "avx512": WITHOUT_AVX512}.items()
    for anew in [engine == "numba" and name == "avx512"]
]


@pytest.mark.bulk
@pytest.mark.parametrize(("engine", "without"), SETTINGS)
def test_instructions_do_not_show(engine: str, without: dict[str, str], wanted: dict[Any, str]) -> None:
    # NumPy names the features that it does not know in a warning, which differ from version to version.
    environment = {**os.environ, "STABLELCE_ENGINE": engine, "PYTHONWARNINGS": "ignore", **without}
    done = subprocess.run(
        [sys.executable, "-c", CODE % ROWS], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == list(wanted.values())
