"""Fits of blocks: the bits of the arrays for every cut, in little memory; and what is refused, and how."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.training.parts import Parts, is_parts
from tests.training.data import noisy, separable, soft

ROOT = Path(__file__).parent.parent.parent


def cut(*arrays: Any, seed: int) -> list[Any]:
    """Tuples of rows in another order, some of them empty."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(arrays[0]))
    cuts = np.sort(rng.integers(0, len(order) + 1, 5))
    return [tuple(array[index] for array in arrays) for index in np.split(order, cuts)]


def bits(model: lce.LogisticRegression) -> Any:
    curve = [loss.hex() for loss in model.loss_curve_]
    return model.coef_.tobytes(), model.intercept_.tobytes(), curve, model.classes_.tolist(), model.n_iter_


OPTIONS: list[dict[str, Any]] = [
    {"solver": "newton"},
    {"solver": "gd", "tol": 1e-1, "l2": 0.1},
    {"solver": "newton", "l2": 0.1, "fit_intercept": False, "class_weight": "balanced"},
    {"solver": "newton", "class_weight": {"yes": 3.5}},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_labels_in_blocks_give_the_bits_of_the_arrays(options: dict[str, Any], weighted: bool) -> None:
    X, y = noisy(200, 4)
    labels = np.array(["no", "yes"])[y]
    weights = soft(200, 4)[2] if weighted else None
    whole = lce.LogisticRegression(**options).fit(X, labels, weights)
    given = (X, labels) if weights is None else (X, labels, weights)
    for seed in range(4):
        blocks = cut(*given, seed=seed)
        assert bits(lce.LogisticRegression(**options).fit(blocks)) == bits(whole)
        assert bits(lce.LogisticRegression(**options).fit(lambda blocks=blocks: iter(blocks))) == bits(whole)


def test_targets_in_blocks_give_the_bits_of_the_arrays() -> None:
    X, t, s = soft(200, 4)
    whole = lce.LogisticRegression(l2=0.01).fit_soft(X, t, s)
    for seed in range(4):
        assert bits(lce.LogisticRegression(l2=0.01).fit_soft(cut(X, t, s, seed=seed))) == bits(whole)


def test_separable_blocks_are_told_as_arrays_are() -> None:
    X, y = separable()
    models = []
    for given in ((X, y), (cut(X, y, seed=0),)):
        model = lce.LogisticRegression()
        with pytest.warns(lce.ConvergenceWarning, match="separate the two classes"):
            model.fit(*given)
        models.append(bits(model))
    assert models[0] == models[1]


def test_blocks_may_differ_in_type_layout_and_weights() -> None:
    X, y = noisy(90, 3)
    X = np.rint(X * 8)
    blocks = [
        (X[:30].astype(np.int16), y[:30].astype(np.int8)),
        (np.asfortranarray(X[30:60].astype(np.float32)), y[30:60], np.ones(30)),
        (X[60:].tolist(), y[60:].astype(bool).tolist()),
    ]
    assert bits(lce.LogisticRegression().fit(blocks)) == bits(lce.LogisticRegression().fit(X, y))


def test_a_fit_of_blocks_resumes_from_the_checkpoint_of_one_of_arrays(tmp_path: Path) -> None:
    X, y = noisy(200, 4)
    options: dict[str, Any] = {"solver": "gd", "l2": 0.1, "tol": 1e-4}
    with pytest.warns(lce.ConvergenceWarning, match="max_iter=5"):
        lce.LogisticRegression(**options, max_iter=5, checkpoint=tmp_path).fit(X, y)
    resumed = lce.LogisticRegression(**options, checkpoint=tmp_path).fit(cut(X, y, seed=1))
    assert bits(resumed) == bits(lce.LogisticRegression(**options).fit(X, y))


# -- solvers that pick rows --------------------------------------------------------------------


def quiet(model: lce.LogisticRegression, *given: Any) -> lce.LogisticRegression:
    """Fit without the warning that a few epochs are no convergence."""
    with pytest.warns(lce.ConvergenceWarning, match="before it converged"):
        return model.fit(*given)


def stochastic(**options: Any) -> lce.LogisticRegression:
    return lce.LogisticRegression(
        **{"solver": "sgd", "max_iter": 6, "random_state": 5, "batch_size": 4, "l2": 0.1, **options}
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_sgd_over_one_block_has_the_bits_of_the_array(weighted: bool) -> None:
    X, y = noisy(200, 4)
    given = (X, y, soft(200, 4)[2]) if weighted else (X, y)
    empty = tuple(array[:0] for array in given)
    whole = bits(quiet(stochastic(), *given))
    assert bits(quiet(stochastic(), [empty, given, empty])) == whole


def test_sgd_over_blocks_depends_on_seed_blocks_and_order_alone() -> None:
    X, y = noisy(200, 4)
    blocks = cut(X, y, seed=1)
    wanted = bits(quiet(stochastic(), blocks))
    assert bits(quiet(stochastic(), lambda: iter(blocks))) == wanted
    for engine in ("numpy", "numba"):
        pytest.importorskip(engine)
        with lce.engine(engine):
            assert bits(quiet(stochastic(), blocks)) == wanted
    others = [stochastic(random_state=6), stochastic(), stochastic()]
    given = [blocks, blocks[::-1], cut(X, y, seed=2)]
    found = [bits(quiet(model, some)) for model, some in zip(others, given, strict=True)]
    assert len({wanted[0], *(coef for coef, *_ in found)}) == 4


def test_sgd_over_blocks_comes_near_the_optimum() -> None:
    X, y = noisy(200, 4)
    best = lce.LogisticRegression(l2=0.1).fit(X, y).loss_curve_[-1]
    losses = quiet(stochastic(max_iter=40), cut(X, y, seed=1)).loss_curve_
    # As over one array (see test_sgd): the rate falls to 1/sqrt(40) of the first, the noise likewise.
    assert losses[-1] - best < (losses[1] - best) / 4


def test_sgd_over_blocks_goes_on_from_its_checkpoint_with_the_same_bits(tmp_path: Path) -> None:
    X, y = noisy(200, 4)
    blocks = cut(X, y, seed=1)
    quiet(stochastic(max_iter=3, checkpoint=tmp_path), blocks)
    resumed = quiet(stochastic(checkpoint=tmp_path), lambda: iter(blocks))
    assert bits(resumed) == bits(quiet(stochastic(), blocks))
    for others in (blocks[::-1], cut(X, y, seed=2), [(X, y)]):
        with pytest.raises(ValueError, match="its order of rows is"):
            stochastic(checkpoint=tmp_path).fit(others)


@pytest.mark.parametrize("weighted", [False, True])
def test_exact_over_blocks_has_the_bits_of_the_array(weighted: bool) -> None:
    pytest.importorskip("flint")
    X, y = noisy(200, 4)
    given = (X.astype(np.float32), y, soft(200, 4)[2]) if weighted else (X.astype(np.float32), y)
    whole = lce.LogisticRegression(solver="exact").fit(*given)
    found = lce.LogisticRegression(solver="exact").fit(cut(*given, seed=3))
    assert found.coef_.tobytes() == whole.coef_.tobytes()
    assert found.intercept_.tobytes() == whole.intercept_.tobytes()


def test_more_rows_than_a_proof_can_hold_are_refused_before_any_work() -> None:
    rows = np.zeros((10**4, 101), np.float32)
    y = np.arange(10**4) % 2
    passes: list[None] = []

    def blocks() -> Iterator[Any]:
        passes.append(None)
        return iter([(rows, y)] * 100)

    with pytest.raises(
        ValueError, match=r"200 bytes for each element.*1000000 rows of 101 features are more"
    ):
        lce.LogisticRegression(solver="exact").fit(blocks)
    assert len(passes) == 2  # the survey and the scales


# -- what is refused ---------------------------------------------------------------------------


def _same_again() -> Callable[[], Iterator[Any]]:
    iterator = iter([noisy()])
    return lambda: iterator


def _dwindling() -> Callable[[], Iterator[Any]]:
    X, y = noisy()
    left = [60, 50]
    return lambda: iter([(X[: left[0]], y[: left.pop(0)])])


X60, Y60 = noisy()
SPOILT = X60.copy()
SPOILT[4, 2] = np.nan


@pytest.mark.parametrize(
    ("blocks", "kind", "said"),
    [
        (iter([(X60, Y60)]), TypeError, "gives its blocks once"),
        (_same_again(), TypeError, "the same iterator again"),
        (_dwindling(), ValueError, "60 rows in the first pass and 50 in a later one"),
        (lambda: 3, TypeError, "the callable returned int, not an iterator of blocks"),
        ([(X60, Y60), X60], TypeError, r"block 1 is a ndarray: give \(X, y\)"),
        ([(X60,)], TypeError, "block 0 is a tuple of 1"),
        (
            [(X60, Y60), (SPOILT, Y60)],
            ValueError,
            "block 1, whose row 0 is row 60 of all: .*NaN, at row 4, column 2",
        ),
        ([(X60, Y60), (X60[:, :2], Y60)], ValueError, "block 1, .* has 2 features, and those before have 3"),
        ([(X60, Y60), (X60, Y60 + 1)], ValueError, "block 1, .*Only binary classification is supported"),
        ([(X60, Y60 * 0), (X60, Y60 * 0)], ValueError, "1 class only"),
        ([(X60, Y60), (X60, Y60, -np.ones(60))], ValueError, "block 1, .*sample_weight must be finite"),
        ([(X60, Y60, Y60 * 1.0)], ValueError, "All rows of the class 0 have the weight 0"),
        ([(X60[:0], Y60[:0])], ValueError, "there are no rows in the blocks"),
    ],
)
def test_wrong_blocks_are_refused_in_one_sentence(blocks: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        lce.LogisticRegression().fit(blocks)


def test_weights_beside_blocks_are_refused() -> None:
    with pytest.raises(TypeError, match="beside blocks"):
        lce.LogisticRegression().fit([(X60, Y60)], sample_weight=np.ones(60))


@pytest.mark.parametrize("table", [X60, X60.tolist(), None, [], "text", {"a": 1}])
def test_a_table_without_labels_is_no_list_of_blocks(table: Any) -> None:
    assert not is_parts(table, None)


def test_any_iterable_that_starts_anew_is_taken() -> None:
    assert is_parts(Parts([(X60, Y60)]), None)
    assert not is_parts([(X60, Y60)], Y60)


# -- memory ------------------------------------------------------------------------------------

FRUGAL = """
import resource, sys
import numpy as np
import stablelce as lce

path, kind = sys.argv[1:]
X, y = np.load(path, mmap_mode="r"), np.load(path + ".y.npy")
small = slice(0, 40_000)  # whatever is loaded or started only once
options = dict(l2=0.1, callbacks=[lambda told: told.iteration >= 2])
lce.LogisticRegression(**options).fit(np.array(X[small]), y[small])

def used():
    return [int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmData")][0]

# The system refuses private memory beyond that; pages of the file do not count.
resource.setrlimit(resource.RLIMIT_DATA, (used() + 100 * 10**6,) * 2)
try:
    np.ones(len(X) * X.shape[1])
except MemoryError:
    pass
else:
    sys.exit("the limit does not hold")
model = lce.LogisticRegression(**options)
if kind == "memory map":
    model.fit(X, y)
else:
    model.fit(lambda: ((X[i : i + 7777], y[i : i + 7777]) for i in range(0, len(X), 7777)))
print(model.coef_.tobytes().hex(), model.intercept_.tobytes().hex())
"""


@pytest.mark.bulk
@pytest.mark.skipif(sys.platform != "linux", reason="limits on private memory, and their use, are Linux's")
def test_a_file_larger_than_100_megabytes_takes_less_than_that(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600_000, 22))
    y = (X[:, 0] + rng.normal(size=len(X)) > 0).astype(np.int64)
    path = tmp_path / "X.npy"
    np.save(path, X)
    np.save(f"{path}.y.npy", y)
    assert path.stat().st_size > 100e6
    whole = lce.LogisticRegression(l2=0.1, callbacks=[lambda told: told.iteration >= 2]).fit(X, y)
    wanted = [whole.coef_.tobytes().hex(), whole.intercept_.tobytes().hex()]
    del X
    for kind in ("memory map", "blocks"):
        run = subprocess.run(
            [sys.executable, "-c", FRUGAL, str(path), kind],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.split() == wanted
