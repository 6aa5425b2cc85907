"""The command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stablelce.kernels.proof import __main__ as command
from stablelce.kernels.proof.cells import CellBound
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.table_layout import ENTRIES


def test_a_few_cells(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--cells", "30:33", "--processes", "1"]) == 0
    out = capsys.readouterr().out
    assert "cells 30 to 33" in out
    assert out.count("not all cells") == 12
    assert "2^-70." in out
    assert "longer_limbs" in out
    assert "<= 2^-146." in out


def test_a_record_is_written_of_all_cells_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def proved(_: str, first: int, last: int, *__: object) -> list[CellBound]:
        return [CellBound(k, 2.0**-70, 2.0**-70) for k in range(first, last + 1)]

    monkeypatch.setattr(command, "prove", proved)
    assert command.main(["--cells", "0:1", "--write", str(tmp_path)]) == 2
    assert not list(tmp_path.iterdir())
    assert command.main(["--write", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert record["cells"] == [0, ENTRIES - 1]
    assert all(bound["complete"] for bound in record["bounds"])
    assert record["command"].startswith("python -m stablelce.kernels.proof --write ")


def test_what_is_not_proved_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ProofError("cell 7: fast_two_sum: no")

    monkeypatch.setattr(command, "prove", refuse)
    assert command.main([]) == 1
    assert capsys.readouterr().err == "pairs: not proved. cell 7: fast_two_sum: no\n"
    monkeypatch.setattr(command, "KERNELS", {})
    monkeypatch.setattr(command, "prove_limbs", refuse)
    assert command.main([]) == 1
    assert capsys.readouterr().err == "longer_limbs: not proved. cell 7: fast_two_sum: no\n"


@pytest.mark.parametrize("arguments", [["--cells", "3:2"], ["--cells", f"0:{ENTRIES}"], ["--processes", "0"]])
def test_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(arguments)
    assert raised.value.code == 2


def test_importing_the_package_does_not_import_the_proof() -> None:
    code = "import sys, stablelce.kernels; print([m for m in sys.modules if 'proof' in m or m == 'flint'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_without_python_flint_one_sentence_says_what_to_install() -> None:
    code = (
        "import sys, runpy; sys.modules['flint'] = None; "
        "runpy.run_module('stablelce.kernels.proof', run_name='__main__')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.strip() == "The proof needs the package flint: pip install 'stablelce[suite]'."
