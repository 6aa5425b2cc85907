"""Dask arrays: the bits of NumPy's, for every chunking and number of workers, and though a worker dies."""

from __future__ import annotations

import os
import pickle
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from dask import array
from dask.delayed import Delayed
from distributed import Client, LocalCluster, wait

import stablelce as lce
from stablelce.training.dask_rows import Chunks
from tests.training.data import noisy, soft

X, Y = noisy(500, 4)
S = soft(500, 4)[2]
WORKERS = 2
chunked: Any = array.from_array  # published without types


def bits(model: lce.LogisticRegression) -> Any:
    return model.coef_.tobytes(), model.intercept_.tobytes(), [x.hex() for x in model.loss_curve_]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own, such as a port that is taken
        with (
            LocalCluster(  # type: ignore[no-untyped-call]  # published without types
                n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]  # likewise
        ):
            yield client


CHUNKS: list[Any] = [(500, 4), (77, 4), (100, 2), ((1, 0, 499), (3, 1))]


@pytest.mark.parametrize("chunks", CHUNKS)
def test_chunks_do_not_show(chunks: Any) -> None:
    given = chunked(X, chunks=chunks)
    for options in ({"solver": "newton"}, {"solver": "gd", "l2": 0.1, "tol": 0.1}):
        wanted = lce.LogisticRegression(**options).fit(X, Y, S)
        found = lce.LogisticRegression(**options).fit(given, chunked(Y, chunks=123), S)
        assert bits(found) == bits(wanted)
        assert found.classes_.tolist() == [0, 1]


def test_workers_do_not_show(client: Client) -> None:
    assert len(client.scheduler_info()["workers"]) == WORKERS
    targets = soft(500, 4)[1]
    wanted = lce.LogisticRegression(l2=0.1).fit_soft(X, targets, S)
    given = chunked(X, chunks=(100, 4))
    assert bits(lce.LogisticRegression(l2=0.1).fit_soft(given, targets, S)) == bits(wanted)


def _slowly(rows: Any, log: str) -> Any:
    """The rows, after a while: time to be killed in; each call leaves a file with the worker's number."""
    (Path(log) / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(0.05)
    return rows


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_a_worker_killed_during_a_pass_costs_time_only(client: Client, tmp_path: Path) -> None:
    wanted = lce.LogisticRegression(l2=0.1).fit(X, Y)
    given = chunked(X, chunks=(50, 4)).map_blocks(_slowly, str(tmp_path), dtype=X.dtype, meta=X[:0])
    before = {worker["pid"] for worker in client.run(lambda: {"pid": os.getpid()}).values()}
    killed = []

    def kill() -> None:
        while len(list(tmp_path.iterdir())) < 45:  # ten calls to a pass: in the middle of the fifth
            time.sleep(0.005)
        last = max(tmp_path.iterdir(), key=lambda path: int(path.name.split("-")[1]))
        killed.append(int(last.name.split("-")[0]))
        os.kill(killed[0], signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    found = lce.LogisticRegression(l2=0.1).fit(given, Y)
    killer.join()
    assert bits(found) == bits(wanted)
    assert killed[0] in before
    passes = 2 + 1 + found.n_iter_  # the survey, the scales, and the derivatives at the start and each step
    assert len(list(tmp_path.iterdir())) > 10 * passes, "nothing was computed again"


@pytest.mark.parametrize("solver", ["newton", "gd"])
def test_persisted_chunks_are_used_where_they_lie(client: Client, solver: Any, tmp_path: Path) -> None:
    wanted = lce.LogisticRegression(solver=solver, l2=3.0, tol=0.1).fit(X, Y, S)
    made = chunked(X, chunks=(100, 4)).map_blocks(_slowly, str(tmp_path), dtype=X.dtype, meta=X[:0])
    published: Any = client  # without types
    given = published.persist([made, chunked(Y, chunks=100), chunked(S, chunks=70)])
    wait(given)  # type: ignore[no-untyped-call]  # likewise
    found = lce.LogisticRegression(solver=solver, l2=3.0, tol=0.1).fit(*given)
    assert bits(found) == bits(wanted)
    assert len(list(tmp_path.iterdir())) == 5, "no chunk was made twice"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_persisted_chunks_lost_with_their_workers_are_made_anew(client: Client, tmp_path: Path) -> None:
    wanted = lce.LogisticRegression(l2=0.1).fit(X, Y)
    made = chunked(X, chunks=(50, 4)).map_blocks(_slowly, str(tmp_path), dtype=X.dtype, meta=X[:0])
    published: Any = client  # without types
    (given,) = published.persist([made])
    wait(given)  # type: ignore[no-untyped-call]  # likewise
    killed = []

    def kill(told: Any) -> None:
        """Kill every worker: of chunks as small as these each may have copies of all."""
        if told.iteration == 2:
            killed.extend(client.run(os.getpid).values())
            for worker in killed:
                os.kill(worker, signal.SIGKILL)

    found = lce.LogisticRegression(l2=0.1, callbacks=[kill]).fit(given, Y)
    assert bits(found) == bits(wanted)
    makers = [int(path.name.split("-")[0]) for path in tmp_path.iterdir()]
    assert len(killed) == WORKERS
    assert sum(maker in killed for maker in makers) == 10
    assert len(makers) >= 20, "what was lost was made anew"


def test_the_arguments_of_a_pass_are_in_one_task(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def compute(whole: Any) -> None:
        sizes.extend(len(pickle.dumps(task)) for task in dict(whole.dask).values())

    monkeypatch.setattr(Delayed, "compute", compute)
    chunks = Chunks(array.zeros((64, 3), chunks=(1, 3)), np.zeros(64), None)
    chunks.gather(len, np.zeros(10**5))
    assert len(sizes) > 64
    assert sum(size >= 8e5 for size in sizes) == 1


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ((chunked(X), None), ValueError, "there are no labels or targets"),
        ((chunked(X[0]), Y), ValueError, "X must have two dimensions"),
        ((chunked(X), Y[:7]), ValueError, r"y must have one element for each row of X: got \(7,\)"),
        ((chunked(X), chunked(Y * 1.5)), ValueError, "Unknown label type: continuous"),
        (
            (chunked(X, chunks=(200, 4)), Y, -S),
            ValueError,
            "row 0 is row (0|200|400) of all: sample_w",
        ),
    ],
)
def test_what_is_wrong_is_said(given: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        lce.LogisticRegression().fit(*given)


def test_a_gap_is_found_on_the_workers_and_placed(client: Client) -> None:
    assert client.status == "running"
    spoilt = X.copy()
    spoilt[333, 2] = np.nan
    with pytest.raises(ValueError, match=r"row 0 is row 300 of all: .*NaN, at row 33, column 2"):
        lce.LogisticRegression().fit(chunked(spoilt, chunks=(100, 4)), Y)


def test_solvers_that_pick_rows_fetch_the_chunks(client: Client) -> None:
    assert client.status == "running"
    pytest.importorskip("flint")
    exact = lce.LogisticRegression(solver="exact")
    wanted = exact.fit(X, Y, S).coef_.tobytes()
    assert exact.fit(chunked(X, chunks=(77, 2)), chunked(Y, chunks=50), S).coef_.tobytes() == wanted
    sgd = lce.LogisticRegression(solver="sgd", max_iter=3, batch_size=25, random_state=1)
    cuts = [slice(i, i + 77) for i in range(0, 500, 77)]
    fits = []
    for given in (([(X[c], Y[c], S[c]) for c in cuts],), (chunked(X, chunks=(77, 2)), Y, S)):
        with pytest.warns(lce.ConvergenceWarning, match="before it converged"):
            fits.append(bits(sgd.fit(*given)))
    assert fits[0] == fits[1]
