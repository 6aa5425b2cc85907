"""Checkpoints: complete at every moment, of one fit only, and without a trace in the result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.training import checkpoint
from stablelce.training.checkpoint import FILE, Checkpoint, digest, prepare
from stablelce.training.solvers.state import State, start
from tests.training.data import noisy

ROOT = Path(__file__).parent.parent.parent

STATE = replace(
    start(np.array([0.1, -1e-310, 3.0])), iteration=4, loss=0.3, gradient_norm=1e-9, slices=2, ratio=0.1
)
LOSSES = [0.7, 0.5, 0.4, 0.35, 0.3]


def test_what_was_saved_is_loaded_to_the_bit(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "new" / "folder", {"solver": "gd"})
    assert kept.load() is None
    kept.save(STATE, LOSSES, 12345678901234567890)
    found = kept.load()
    assert found is not None
    state, losses, seed = found
    assert state.coef.tobytes() == STATE.coef.tobytes()
    assert asdict(state) | {"coef": None} == asdict(STATE) | {"coef": None}
    assert (losses, seed) == (LOSSES, 12345678901234567890)
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [FILE]


def test_a_checkpoint_of_another_fit_is_refused_and_kept(tmp_path: Path) -> None:
    Checkpoint(tmp_path, {"solver": "gd", "rate": "0.1"}).save(STATE, LOSSES, None)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(ValueError, match=r"of another fit: its rate is 0\.1, not 0\.2\."):
        Checkpoint(tmp_path, {"solver": "gd", "rate": "0.2"}).load()
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-40], lambda text: text.replace('"iteration": 4', '"iteration": 5')]
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: object) -> None:
    kept = Checkpoint(tmp_path, {})
    kept.save(STATE, LOSSES, None)
    text = (tmp_path / FILE).read_text()
    damaged = damage(text)  # type: ignore[operator]
    assert damaged != text
    (tmp_path / FILE).write_text(damaged)
    with pytest.raises(ValueError, match="remove it, or pass another directory"):
        kept.load()


def test_a_file_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Checkpoint(tmp_path, {})
    kept.save(STATE, LOSSES, None)
    monkeypatch.setattr(checkpoint, "VERSION", checkpoint.VERSION + 1)
    with pytest.raises(ValueError, match="damaged or of another version"):
        kept.load()


def test_writing_takes_its_share_of_the_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 19.9, 20.0, 21.0, 22.0, 23.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    kept = Checkpoint(tmp_path, {})

    def written(iteration: int, *, last: bool = False) -> bool:
        kept.save(replace(STATE, iteration=iteration), LOSSES, None, last=last)
        content = json.loads((tmp_path / FILE).read_text())
        return bool(content["body"]["state"]["iteration"] == iteration)

    assert written(1)  # from 0 to 1 s: a twentieth of 20 s
    assert not written(2)  # at 19.9 s
    assert written(3)  # from 20 to 21 s
    assert written(4, last=True)


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checkpoint(tmp_path, {})
    kept.save(STATE, LOSSES, None)
    before = (tmp_path / FILE).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept.save(replace(STATE, iteration=5), LOSSES, None, last=True)
    assert (tmp_path / FILE).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_digest_tells_bits_and_shapes_apart() -> None:
    one = np.array([0.0, 1.0])
    assert digest([one]) == digest(iter([one.copy()]))
    others = [np.array([-0.0, 1.0]), one.astype(np.float32), one.reshape(1, 2)]
    assert len({digest([array]) for array in (one, *others)}) == 4


@pytest.mark.parametrize(
    "content", [b"", bytes(range(256)), b"[]", b"null", b'{"body": [1], "sha256": "x"}', b"3"]
)
def test_what_is_no_checkpoint_is_refused_before_the_fit(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match=r"fit\.json is no checkpoint of a fit: remove it, or pass another"):
        prepare(tmp_path)


def test_a_directory_that_cannot_be_used_is_named_before_the_fit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "taken" / FILE).mkdir(parents=True)
    for name, said in (
        ("file", "no checkpoint can be kept in '.*file': it is a file; pass a directory"),
        ("file/below", "no checkpoint can be kept in '.*below': Not a directory; pass a directory"),
        ("taken", r"cannot read .*fit\.json: .*; remove it, or pass another directory"),
    ):
        model = lce.LogisticRegression(checkpoint=tmp_path / name)
        with pytest.raises(OSError, match=said):
            model.fit(_unread, None)
    with pytest.raises(ValueError, match="checkpoint is an empty name"):
        lce.LogisticRegression(checkpoint="").fit(_unread, None)


def _unread() -> Any:
    raise AssertionError("the data were read")


# -- whole fits --------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
import stablelce as lce
from tests.training.data import noisy

from stablelce.training import checkpoint

solver, watched, *directories = sys.argv[1:]
watched = bool(int(watched))
if watched:
    checkpoint.SHARE = 1.0  # write every state, so that a kill at any moment is likely to hit a write

def tell(told):
    if watched:
        print(told.iteration, flush=True)

import warnings
warnings.simplefilter("ignore")
X, y = noisy(120, 4, seed=5)
for directory in directories:
    model = lce.LogisticRegression(
        solver=solver, l2=1e-3, max_iter=40, tol=1e-5, random_state=3, batch_size=10,
        checkpoint=directory or None, callbacks=[tell],
    )
    model.fit(X, y)
    losses = " ".join(loss.hex() for loss in model.loss_curve_)
    print("bits", model.coef_.tobytes().hex(), model.intercept_.tobytes().hex(), model.n_iter_, losses)
"""


def command(solver: str, *directories: Path | str, watched: bool) -> list[str]:
    return [sys.executable, "-c", PROGRAM, solver, str(int(watched)), *map(str, directories)]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "STABLELCE_ENGINE": "numpy"}


def outcomes(solver: str, *directories: Path | str) -> list[str]:
    """What one process finds that makes these fits one after another."""
    run = subprocess.run(
        command(solver, *directories, watched=False),
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    return run.stdout.splitlines()[-len(directories) :]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
@pytest.mark.parametrize(("solver", "stops"), [("gd", (1, 9)), ("newton", (2, 3)), ("sgd", (1, 9))])
def test_a_fit_that_is_killed_ends_with_the_same_bits(
    tmp_path: Path, solver: str, stops: tuple[int, ...]
) -> None:
    for stop in stops:
        with subprocess.Popen(
            command(solver, tmp_path, watched=True),
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            cwd=ROOT,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                assert line.strip().isdigit(), "it ended before it was killed"
                if int(line) >= stop:  # the state is written already, the next is about to be
                    time.sleep(0.003 * stop)
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL
    iteration = json.loads((tmp_path / FILE).read_text())["body"]["state"]["iteration"]
    assert 0 < iteration < 40
    # A finished fit is finished at once, with the same bits.
    resumed, whole, finished = outcomes(solver, tmp_path, "", tmp_path)
    assert resumed.startswith("bits ")
    assert resumed == whole
    assert resumed == finished


def test_another_fit_does_not_go_on_from_the_checkpoint(tmp_path: Path) -> None:
    X, y = noisy()

    def fit(solver: Any = "newton", l2: float = 0.1, rows: int = 60) -> lce.LogisticRegression:
        return lce.LogisticRegression(solver=solver, l2=l2, checkpoint=tmp_path).fit(X[:rows], y[:rows])

    fit()
    with pytest.raises(ValueError, match="its solver is newton, not exact"):
        fit(solver="exact")
    with pytest.raises(ValueError, match="its data is"):
        fit(l2=0.2)
    with pytest.raises(ValueError, match="its data is"):
        fit(rows=59)


def test_rows_in_another_order_are_the_same_fit_but_for_sgd(tmp_path: Path) -> None:
    X, y = noisy()
    model = lce.LogisticRegression(l2=0.1, checkpoint=tmp_path / "newton").fit(X, y)
    again = lce.LogisticRegression(l2=0.1, checkpoint=tmp_path / "newton").fit(X[::-1], y[::-1])
    assert again.coef_.tobytes() == model.coef_.tobytes()
    sgd = lce.LogisticRegression(solver="sgd", l2=0.1, tol=0.1, random_state=0, checkpoint=tmp_path / "sgd")
    sgd.fit(X, y)
    reversed_rows = X[::-1].copy()
    with pytest.raises(ValueError, match="its order of rows is"):
        sgd.fit(reversed_rows, y[::-1])


def test_a_fit_that_ran_out_of_iterations_goes_on(tmp_path: Path) -> None:
    X, y = noisy()
    options: dict[str, Any] = {"solver": "gd", "l2": 0.1, "tol": 1e-4}
    short = lce.LogisticRegression(**options, max_iter=5, checkpoint=tmp_path)
    with pytest.warns(lce.ConvergenceWarning, match="stopped at max_iter=5"):
        short.fit(X, y)
    longer = short.set_params(max_iter=1000).fit(X, y)
    whole = lce.LogisticRegression(**options).fit(X, y)
    assert longer.coef_.tobytes() == whole.coef_.tobytes()
    assert longer.loss_curve_ == whole.loss_curve_


def test_a_seed_that_was_drawn_is_kept(tmp_path: Path) -> None:
    X, y = noisy()
    stop_at_three = [lambda told: told.iteration >= 3]
    options: dict[str, Any] = {"solver": "sgd", "l2": 0.1, "tol": 0.02, "checkpoint": tmp_path}
    lce.LogisticRegression(**options, callbacks=stop_at_three).fit(X, y)
    seed = json.loads((tmp_path / FILE).read_text())["body"]["seed"]
    resumed = lce.LogisticRegression(**options).fit(X, y)
    whole = lce.LogisticRegression(**{**options, "checkpoint": None}, random_state=seed).fit(X, y)
    assert resumed.coef_.tobytes() == whole.coef_.tobytes()
    assert resumed.loss_curve_ == whole.loss_curve_


def test_a_state_has_no_field_that_is_not_kept(tmp_path: Path) -> None:
    Checkpoint(tmp_path, {}).save(STATE, LOSSES, None)
    kept = json.loads((tmp_path / FILE).read_text())["body"]["state"]
    assert set(kept) == set(State.__dataclass_fields__)


@pytest.mark.parametrize("scale", [1.0, 2.0**-1030, 2.0**400])
def test_features_paired_otherwise_are_another_fit(tmp_path: Path, scale: float) -> None:
    """The sums over each class, which are all that the derivatives at 0 see, are the same."""
    rng = np.random.default_rng(1)
    X = rng.integers(-8, 8, size=(60, 2)) * np.array([1.0, scale])
    y = (rng.random(60) > 0.5).astype(int)
    other = X.copy()
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        other[rows, 1] = X[rng.permutation(rows), 1]
    model = lce.LogisticRegression(l2=0.1, max_iter=1, checkpoint=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lce.ConvergenceWarning)
        model.fit(X, y)
        with pytest.raises(ValueError, match="its data is"):
            model.fit(other, y)


def test_another_seed_is_another_fit(tmp_path: Path) -> None:
    X, y = noisy()
    model = lce.LogisticRegression(solver="sgd", l2=0.1, tol=0.1, random_state=1, checkpoint=tmp_path)
    model.fit(X, y)
    for seed, said in ((2, "1, not 2"), (None, "1, not None")):
        with pytest.raises(ValueError, match=f"its random_state is {said}"):
            model.set_params(random_state=seed).fit(X, y)
