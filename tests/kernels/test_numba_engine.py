"""The compiled engine: the bits of the NumPy engine, for every layout, thread and surrounding."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels import compiled_longer, numpy_engine
from stablelce.kernels.compiled_rows import CHUNK
from stablelce.kernels.longer import longer
from stablelce.kernels.marks import BITS
from stablelce.kernels.numba_engine import PIECE
from stablelce.kernels.numpy_engine import QUANTITIES

COUNT = 100_000

each_format = pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)


@pytest.fixture(autouse=True)
def numba_engine() -> Iterator[None]:
    with lce.engine("numba"):
        yield


def everything(z: Any, t: Any) -> dict[str, Any]:
    """All quantities, loss and gradient also together."""
    found = {name: getattr(lce, name)(z, t) for name in ("loss", "gradient", "hessian")}
    found |= {name: getattr(lce, name)(z) for name in ("sigmoid", "log_sigmoid", "softplus")}
    both = lce.loss_and_gradient(z, t)
    return found | {"both loss": both[0], "both gradient": both[1]}


def assert_engines_agree(z: Any, t: Any, fmt: Format) -> None:
    found = everything(z, t)
    with lce.engine("numpy"):
        wanted = everything(z, t)
    for name, values in wanted.items():
        different = np.flatnonzero(fmt.encodings(found[name]).ravel() != fmt.encodings(values).ravel())
        assert different.size == 0, (name, np.ravel(np.broadcast_arrays(z, t)[0])[different[:3]])


def random_inputs(fmt: Format, count: int, seed: int) -> tuple[Any, Any]:
    """All encodings of the logit alike, and ordinary logits; hard, soft, tiny, near-optimum targets, NaN."""
    rng = np.random.default_rng(seed)
    z = fmt.array(rng.integers(0, 1 << fmt.width, count, dtype=np.uint64).astype(fmt.uint)).copy()
    ordinary = rng.random(count) < 0.5
    z[ordinary] = rng.normal(0, 8, ordinary.sum()).astype(fmt.dtype)
    one = int(fmt.encodings(np.ones(1, fmt.dtype))[0])
    t = fmt.array(rng.integers(0, one + 1, count, dtype=np.uint64).astype(fmt.uint)).copy()
    hard = rng.random(count) < 0.5
    t[hard] = rng.integers(0, 2, hard.sum()).astype(fmt.dtype)
    few = rng.integers(0, count, count // 500)
    with np.errstate(all="ignore"):
        t[few] = (1 / (1 + np.exp(-z[few].astype(np.float64)))).astype(fmt.dtype)
    t[rng.integers(0, count, 20)] = np.nan
    return z, t


@each_format
def test_engines_agree_on_random_encodings(fmt: Format) -> None:
    assert_engines_agree(*random_inputs(fmt, COUNT, 1), fmt)


@each_format
def test_engines_agree_on_infinite_targets_that_were_not_checked(fmt: Format) -> None:
    z = np.array([0.0, 1.5, -700.0, np.inf, -np.inf, np.nan, 3.0]).astype(fmt.dtype)
    t = np.array([[np.inf], [-np.inf], [np.nan], [0.5]]).astype(fmt.dtype)
    for name in ("loss", "gradient", "hessian"):
        found = getattr(lce, name)(z, t, validate=False)
        with lce.engine("numpy"):
            assert found.tobytes() == getattr(lce, name)(z, t, validate=False).tobytes()


@pytest.mark.deep
@each_format
@pytest.mark.parametrize("seed", range(100))
def test_engines_agree_on_ten_million_encodings(
    fmt: Format, seed: int, record_property: Callable[[str, object], None]
) -> None:
    assert_engines_agree(*random_inputs(fmt, COUNT, 1000 + seed), fmt)
    record_property("inputs", COUNT)


@each_format
def test_lengths_and_offsets_do_not_show(fmt: Format) -> None:
    z, t = random_inputs(fmt, 3 * CHUNK, 2)
    whole = everything(z, t)
    chunk = CHUNK
    for start, stop in ((0, 0), (0, 1), (1, 2), (3, 12), (0, chunk - 1), (5, chunk + 6), (1, 3 * chunk)):
        part = everything(z[start:stop], t[start:stop])
        for name, values in part.items():
            assert values.tobytes() == whole[name][start:stop].tobytes(), (name, start, stop)


@each_format
def test_layouts_do_not_show(fmt: Format) -> None:
    z, t = random_inputs(fmt, 4096, 3)
    memory = np.empty(z.nbytes + 1, np.uint8)
    unaligned = memory[1:].view(fmt.dtype)
    unaligned[...] = z
    for other_z, other_t in (
        (z[::-1], t[::3][:1]),
        (np.repeat(z, 2)[::2], t),
        (unaligned, t),
        (z.reshape(64, 64).T, t.reshape(64, 64).T),
        (z[:, np.newaxis][:50], t[np.newaxis, :50]),
        (z.astype(z.dtype.newbyteorder()), t),
    ):
        assert_engines_agree(other_z, other_t, fmt)


@each_format
def test_results_go_to_out_whatever_its_memory(fmt: Format) -> None:
    z, t = random_inputs(fmt, 5000, 4)
    wanted = [values.tobytes() for values in lce.loss_and_gradient(z, t)]
    strided = [np.empty(10_000, fmt.dtype)[::2] for _ in range(2)]
    lce.loss_and_gradient(z, t, out=(strided[0], strided[1]))
    assert [values.tobytes() for values in strided] == wanted
    lce.loss_and_gradient(z, t, out=(t, z))
    assert [t.tobytes(), z.tobytes()] == wanted


@each_format
@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_do_not_show(fmt: Format, threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", threads)
    assert_engines_agree(*random_inputs(fmt, COUNT, 5), fmt)


def test_four_python_threads_at_once() -> None:
    z, t = random_inputs(BINARY64, COUNT, 6)
    wanted = lce.loss(z, t).tobytes()
    found: list[bool] = []
    workers = [
        threading.Thread(target=lambda: found.extend(lce.loss(z, t).tobytes() == wanted for _ in range(3)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [True] * 12


def test_temporaries_do_not_grow_with_the_arrays() -> None:
    count = 8 * PIECE
    z, t = np.linspace(-3, 3, count, dtype=np.float32), np.zeros(count, np.float32)
    out = (np.empty_like(z), np.empty_like(z))
    lce.warmup()  # loading the compiled code is not what is looked at
    tracemalloc.start()
    lce.loss_and_gradient(z, t, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A byte for each element of a piece, and what the later stages need for those that are left.
    assert peak < 2 * PIECE < z.nbytes


def test_no_warning_for_any_input() -> None:
    for fmt in (BINARY32, BINARY64):
        z, t = random_inputs(fmt, 2000, 7)
        with np.errstate(all="raise"):
            everything(z, t)


@pytest.mark.bulk
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_the_compiled_later_stage_is_that_of_numpy(quantity: str) -> None:
    rng = np.random.default_rng(8)
    z = np.concatenate([rng.normal(0, 8, 3000), rng.uniform(690, 746, 500), -rng.uniform(690, 746, 500)])
    near = lce.sigmoid(z)
    t = np.where(np.arange(z.size) % 2 == 0, near, np.where(z > 0, 1.0, 0.0))
    with np.errstate(all="ignore"):
        encodings, decided = longer(quantity, 1.0, z, t, BINARY64)
    left = np.full(z.size, BITS[quantity], np.uint8)
    out, nothing = np.empty(z.size), np.empty(0)
    losses, gradients, hessians = (out if name == quantity else nothing for name in BITS)
    some = compiled_longer.settle(z, t, 0.0, losses, gradients, hessians, left, np.arange(z.size))
    assert some == (not decided.all())
    assert decided.mean() > 0.9
    assert ((left == 0) == decided).all()
    assert (out.view(np.uint64) == encodings)[decided].all()


def test_targets_next_to_the_optimum_and_subnormal_results_reach_no_integers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: list[int] = []
    right = numpy_engine.finish

    def counted(name: str, points: Any, encodings: Any, decided: Any) -> None:
        reached.append(len(encodings))
        right(name, points, encodings, decided)

    monkeypatch.setattr(numpy_engine, "finish", counted)
    z = np.random.default_rng(9).normal(0, 8, 20_000)
    lce.gradient(z, lce.sigmoid(z))
    far = np.random.default_rng(10).uniform(709, 745, 20_000)
    lce.loss_and_gradient(far, np.ones(20_000))
    assert sum(reached) < 20


def test_every_quantity_has_a_mark() -> None:
    assert {quantity.base for quantity in QUANTITIES.values()} == BITS.keys()
    assert all(a & b == 0 for a, b in itertools.combinations(BITS.values(), 2))


# -- surroundings, each in a process of its own --------------------------------------------------------

CODE = """
import hashlib, os, numpy as np, stablelce as lce
from stablelce.kernels import numba_engine
rng = np.random.default_rng(0)
sha = hashlib.sha256()
for dtype in (np.float32, np.float64):
    z, t = rng.normal(0, 8, 70_000).astype(dtype), rng.random(70_000).astype(dtype)
    t[::2] = t[::2] > 0.5
    z[::50] *= 60
    for values in lce.loss_and_gradient(z, t):
        sha.update(values.tobytes())
assert len(numba_engine._loaded) == int(os.environ["COMPILED"])
print(sha.hexdigest())
"""


def run(code: str = CODE, compiled: int = 2, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STABLELCE_ENGINE": "auto", "COMPILED": str(compiled), **variables}
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )


@pytest.fixture(scope="module")
def wanted() -> str:
    return run(compiled=0, STABLELCE_ENGINE="numpy").stdout


def test_it_computes_the_same_in_a_process_of_its_own(wanted: str) -> None:
    done = run()
    assert (done.stdout, done.stderr) == (wanted, "")


def test_without_permission_to_compile_numpy_computes(wanted: str) -> None:
    done = run(compiled=0, NUMBA_DISABLE_JIT="1")
    assert (done.stdout, done.stderr) == (wanted, "")


@pytest.mark.deep  # compiles anew, half a minute for each format
def test_a_cache_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code = CODE.replace("np.float32, np.float64", "np.float32,")  # one compilation is enough
    done = run(code, 1, STABLELCE_CACHE_DIR=str(tmp_path / "file" / "below"))
    assert done.stderr.count("RuntimeWarning: compiled code cannot be kept in") == 1
    assert done.stdout == run(code, 0, STABLELCE_ENGINE="numpy").stdout


CREW = """
import threading, time
import numpy as np, stablelce as lce
z, found = np.linspace(-9, 9, 70_000, dtype=np.float32), []
def late(delay):
    time.sleep(delay)
    found.append(lce.sigmoid(z).tobytes())
crew = [threading.Thread(target=late, args=(delay,)) for delay in (0, 0, 0.5, 1, 2)]
for one in crew: one.start()
for one in crew: one.join()
assert len(found) == len(crew) and len(set(found)) == 1
"""


@pytest.mark.deep  # compiles anew, half a minute for each format
def test_threads_wait_for_the_one_that_compiles_and_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    code = CREW + CODE.replace("np.float32, np.float64", "np.float32,")
    done = run(code, 1, STABLELCE_CACHE_DIR=str(tmp_path))
    assert (done.stdout, done.stderr) == (run(code, 0, STABLELCE_ENGINE="numpy").stdout, "")
    for suffix, length in ((".nbi", 0), (".nbc", 1000)):
        files = list(tmp_path.rglob(f"*{suffix}"))
        assert files
        for file in files:
            os.truncate(file, length)
        again = run(code, 1, STABLELCE_CACHE_DIR=str(tmp_path))
        assert (again.stdout, again.stderr) == (done.stdout, "")
        assert all(file.stat().st_size > length for file in tmp_path.rglob(f"*{suffix}"))


def test_an_interrupted_loading_can_be_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from stablelce.kernels import numba_engine

    lce.warmup()
    monkeypatch.setattr(numba_engine, "_loaded", {})
    z, t = random_inputs(BINARY64, 1000, 11)
    assert_engines_agree(z, t, BINARY64)
    assert BINARY64.width in numba_engine._loaded


@pytest.mark.deep  # compiles anew, half a minute for each format
def test_without_fused_multiply_add_the_bits_are_the_same(wanted: str) -> None:
    done = run(NUMBA_CPU_FEATURES="+sse2", NUMBA_CPU_NAME="generic")
    assert (done.stdout, done.stderr) == (wanted, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_computes_too(wanted: str) -> None:
    code = (
        "import os, sys, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)  # of fork in a process with threads\n"
        + CODE.replace("print(", "before = (")
        + "if (child := os.fork()) == 0:\n"
        + "".join(f"    {line}\n" for line in CODE.strip().splitlines()[1:])
        + "    sys.stdout.flush(); os._exit(0)\n"
        + "assert os.waitpid(child, 0)[1] == 0\n"
    )
    assert run(code, STABLELCE_NUM_THREADS="2").stdout == wanted
