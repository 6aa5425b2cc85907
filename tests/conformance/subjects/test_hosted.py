"""Python subjects whose calls are made in another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stablelce.conformance.subjects import resolve
from stablelce.conformance.subjects.base import SubjectError, SubjectFault
from stablelce.conformance.subjects.foreign import RaisedError
from stablelce.conformance.subjects.hosted import hosted
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits

SOURCE = """
import os
import numpy as np
def loss(z, t):
    print("computing")
    if (z == 7).any():
        os._exit(3)
    if (z == 8).any():
        raise ValueError("not 8")
    if (z == 9).any():
        return np.float32([1])
    return np.logaddexp(0, z) - t * z
def loss_and_gradient(z, t):
    return loss(z, t), 1 / (1 + np.exp(-z)) - t
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "mine.py").write_text(f"{SOURCE}\nclass Both:\n    loss = staticmethod(loss)\n"
                                      "    loss_and_gradient = staticmethod(loss_and_gradient)\n",
                                      encoding="utf-8")  # fmt: skip
    monkeypatch.setattr(sys, "path", list(sys.path))
    return f"{tmp_path}/mine.py:Both"


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_results_come_back_bit_for_bit(spec: str, name: str) -> None:
    direct = resolve(spec)
    there = hosted(direct, "loss", DEFAULT_LIMITS)
    assert there.isolated
    assert there.expressions == direct.expressions
    z, t = np.linspace(-6, 6, 6, dtype=name).reshape(2, 3), np.array(0.25, name)
    want = direct.functions["loss_and_gradient"](z, t)
    for got, right in zip(there.functions["loss_and_gradient"](z, t), want, strict=True):
        assert got.dtype == right.dtype
        assert np.array_equal(got, right)
    assert np.array_equal(there.functions["loss"](z, t), want[0])


@pytest.mark.parametrize(
    ("z", "said"),
    [(8.0, "ValueError: not 8"), (9.0, r"the result is float32 \(1,\), not float64 \(2,\)")],
)
def test_what_a_call_raises_is_told_and_the_process_goes_on(spec: str, z: float, said: str) -> None:
    there = hosted(resolve(spec), "loss", DEFAULT_LIMITS)
    with pytest.raises(RaisedError, match=said):
        there.functions["loss"](np.array([1.0, z]), np.zeros(2))
    assert there.functions["loss"](np.array([0.0]), np.zeros(1)) == np.log(2)


def test_the_input_that_ends_the_process_is_found(spec: str) -> None:
    there = hosted(resolve(spec), "loss", DEFAULT_LIMITS)
    with pytest.raises(SubjectFault, match="exited with status 3") as caught:
        there.functions["loss"](np.arange(8.0), np.full(8, 0.5))
    assert caught.value.mode == "process died"
    assert caught.value.point == tuple(np.array([7.0, 0.5]).view(np.uint64).tolist())


def test_a_process_that_ends_too_often_is_not_started_for_ever(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Before and after each start: 100 s for the first, which do not count, then 20 s and 11 s.
    clock = iter([0.0, 100.0, 200.0, 220.0, 300.0, 311.0])
    monkeypatch.setattr(
        "stablelce.conformance.subjects.hosted.time", SimpleNamespace(monotonic=lambda: next(clock))
    )
    there = hosted(resolve(spec), "loss", Limits(seconds=10))
    for points in (1, 2):
        with pytest.raises(SubjectFault, match="exited with status 3"):
            there.functions["loss"](np.full(points, 7.0), np.zeros(points))
        assert there.functions["loss"](np.array([0.0]), np.zeros(1)) == np.log(2)
    with pytest.raises(SubjectFault, match="not called any more, since its process ended too often"):
        there.functions["loss"](np.array([1.0]), np.zeros(1))
    with pytest.raises(SubjectFault, match="exited with status 3"):
        there.functions["loss"](np.array([7.0]), np.zeros(1))


def test_a_subject_that_cannot_be_loaded_there_is_unusable(spec: str) -> None:
    direct = resolve(spec)
    Path(spec.removesuffix(":Both")).unlink()
    with pytest.raises(SubjectError, match="there is no file"):
        hosted(direct, "loss", DEFAULT_LIMITS)


def test_what_the_subject_prints_is_no_answer(spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "stablelce.conformance.subjects.python_host", spec, "loss"]
    request = b"stablelce 1\nloss float64 1 binary\n" + np.zeros(2).tobytes()
    done = subprocess.run(command, input=request, capture_output=True, check=True, timeout=60)
    offer, _, answer = done.stdout.partition(b"ready\n")
    assert offer.splitlines()[-1] == b"encodings binary"
    assert answer == b"results 1\n" + np.log([2.0]).tobytes() + b"end\n"
    assert done.stderr == b"computing\n"
    assert capfd.readouterr().out == ""
