from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest
import rich

import stablelce
from stablelce.cli import main


def forget_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("stablelce.cli.")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("package", [click.__name__, rich.__name__])
def test_without_the_extra_one_sentence_holds_the_pip_line(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_commands(monkeypatch)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["--version"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"stablelce: the command line needs the package '{package}': pip install 'stablelce[suite]'\n"
    )


def test_a_fault_of_our_own_imports_is_not_blamed_on_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_commands(monkeypatch)
    monkeypatch.setitem(sys.modules, "stablelce.cli.app", None)
    with pytest.raises(ModuleNotFoundError, match="stablelce"):
        main(["--version"])


def test_arguments_come_from_the_command_line_unless_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stablelce", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"stablelce {stablelce.__version__}\n"


def test_importing_the_main_module_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.import_module("stablelce.__main__").main is main
    assert capsys.readouterr() == ("", "")


def test_python_m_stablelce_is_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stablelce", "explain", "--z", "1", "--t", "2"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "stablelce: --t 2 lies outside [0, 1]; a target is a probability.\n"
