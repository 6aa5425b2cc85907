"""The command: files, what it prints, interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.kernels.search import __main__ as command
from stablelce.kernels.search import draws
from stablelce.kernels.search.__main__ import main

SHORT = ["--drawn", "4096", "--moved", "32"]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(draws, "binades", lambda _: range(-3, -2))
    return main([*SHORT, "--write", str(folder)])


def test_it_writes_the_same_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a", monkeypatch) == run(tmp_path / "b", monkeypatch) == 0
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [f"hard_binary{n}.{s}" for n in (32, 64) for s in ("json", "npz")]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    made = json.loads((tmp_path / "a" / "hard_binary64.json").read_text(encoding="utf-8"))
    assert made["command"] == "python -m stablelce.kernels.search --drawn 4096 --moved 32"
    assert made["searched"] == 4096
    with np.load(tmp_path / "a" / "hard_binary64.npz") as data:
        assert made["kept"] == {q: data[q].shape[1] for q in ("loss", "gradient", "hessian")}
        assert data["loss"].dtype == np.uint64
        assert max(made["smallest_distance_bits"].values()) == max(
            int(data[f"{q}_bits"].max()) for q in ("loss", "gradient", "hessian")
        )
    assert "binary64: 4096 inputs through the sieve" in capsys.readouterr().out


def test_an_interrupted_search_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, monkeypatch) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "search", interrupted)
    assert main([*SHORT, "--seed", "1", "--write", str(tmp_path)]) == 130
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert "Interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["1", "-3"])
def test_too_few_inputs_are_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--drawn", count])
    assert "at least two inputs are needed" in capsys.readouterr().err
