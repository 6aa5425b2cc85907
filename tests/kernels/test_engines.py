"""Which engine computes, and how that is said."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS
from stablelce.kernels import engines, numba_engine, numpy_engine


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No engine chosen yet."""
    monkeypatch.setattr(engines._state, "chosen", None)
    monkeypatch.delenv("STABLELCE_ENGINE", raising=False)
    return monkeypatch


def served(monkeypatch: pytest.MonkeyPatch, size: int = 10, dtype: Any = np.float64) -> str:
    """The engine that one call reaches."""
    calls: list[str] = []
    for name, module in (("numpy", numpy_engine), ("numba", numba_engine)):
        monkeypatch.setattr(module, "evaluate", lambda *_, name=name: calls.append(name))
    engines.evaluate({"loss": np.empty(size, dtype)}, np.zeros(size, dtype), np.zeros(size, dtype))
    return calls[0]


def test_an_unknown_engine_is_refused_with_the_names_there_are(fresh: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="engine must be one of auto, numpy, numba: got 'cuda'"):
        lce.engine("cuda")  # type: ignore[arg-type]
    fresh.setenv("STABLELCE_ENGINE", "gpu")
    with pytest.raises(ValueError, match="STABLELCE_ENGINE must be one of auto, numpy, numba: got 'gpu'"):
        lce.loss(1.0, 1.0)


def test_numba_that_is_absent_is_one_sentence_with_the_install_line(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "stablelce\[fast\]"'):
        lce.engine("numba")


def test_numba_that_may_not_compile_is_not_taken(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(importlib.util, "find_spec", lambda _: object())
    fresh.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(ValueError, match="NUMBA_DISABLE_JIT is set"):
        lce.engine("numba")
    engines._has_numba.cache_clear()
    assert served(fresh, engines.LARGE) == "numpy"
    engines._has_numba.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_choice_in_a_with_block_ends_with_it() -> None:
    lce.engine("auto")
    with lce.engine("numpy"):
        assert engines._state.chosen == "numpy"
        with lce.engine("auto"):
            assert engines._state.chosen == "auto"
        assert engines._state.chosen == "numpy"
    assert engines._state.chosen == "auto"


@pytest.mark.usefixtures("fresh")
def test_a_refused_choice_changes_nothing() -> None:
    lce.engine("numpy")
    with pytest.raises(ValueError, match="engine must be"):
        lce.engine("")  # type: ignore[arg-type]
    assert engines._state.chosen == "numpy"


@pytest.mark.parametrize(
    ("choice", "size", "loaded", "expected"),
    [
        ("numpy", 1 << 20, True, "numpy"),
        ("auto", 10, False, "numpy"),
        ("auto", 10, True, "numba"),
        ("auto", engines.LARGE, False, "numba"),
        ("numba", 1, False, "numba"),
    ],
)
def test_compiled_code_serves_large_arrays_and_all_once_it_is_loaded(
    fresh: pytest.MonkeyPatch, choice: Any, size: int, loaded: bool, expected: str
) -> None:
    fresh.setattr(importlib.util, "find_spec", lambda _: object())
    engines._has_numba.cache_clear()
    fresh.setattr(numba_engine, "_loaded", {64: None} if loaded else {})
    with lce.engine(choice):
        assert served(fresh, size) == expected
        assert engines.block(BINARY64, size, weighted=False) == (
            numba_engine.LARGE_BLOCK if expected == "numba" else engines.BLOCK
        )
    engines._has_numba.cache_clear()


def test_weights_and_short_formats_are_left_to_numpy() -> None:
    served_formats = [fmt for fmt in FORMATS if numba_engine.serves(fmt, weighted=False)]
    assert served_formats == [BINARY32, BINARY64]
    assert not any(numba_engine.serves(fmt, weighted=True) for fmt in FORMATS)


def test_the_numpy_engine_gets_blocks_of_its_own_size(fresh: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    fresh.setattr(numpy_engine, "evaluate", lambda _, z, *__: sizes.append(len(z)))
    count = 2 * engines.BLOCK + 3
    z = np.zeros(count, np.float16)
    engines.evaluate({"sigmoid": np.empty(count, np.float16)}, z)
    assert sizes == [engines.BLOCK, engines.BLOCK, 3]
    assert engines.block(BINARY16, 1 << 20, weighted=False) == engines.BLOCK


def test_importing_and_small_arrays_load_no_compiler() -> None:
    code = (
        "import sys, numpy, stablelce as lce\n"
        "lce.loss_and_gradient(numpy.zeros(1000), 1)\n"
        "lce.engine('numpy'); lce.warmup()\n"
        "print([m for m in ('numba', 'llvmlite', 'mpmath', 'flint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
