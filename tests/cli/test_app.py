from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import click
import pytest

import stablelce
from stablelce.cli import app
from stablelce.cli.app import application, run


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing command (see 'stablelce --help')"),
        (["audt"], "Did you mean 'audit'?"),
        (["audit"], "name a SUBJECT, or a trainer by --trainer NAME (see 'stablelce audit --help')."),
        (["audit", "scipy", "--tier", "fast"], "'fast' is not one of"),
        (["audit", "scipy", "--format", "float8"], "unknown format 'float8'"),
        (["audit", "scipy", "--no-such-option"], "No such option"),
        (["explain", "--z", "1", "--t", "2"], "--t 2 lies outside [0, 1]"),
        (["audit", "scipy", "--json", "no/such/folder/x"], "there is no folder"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    line = only_line(captured.err)
    assert line.startswith("stablelce: ")
    assert said in line


def test_ctrl_c_is_one_line_and_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(application.commands, "interrupted", interrupted)
    assert run(["interrupted"]) == 130
    assert only_line(capsys.readouterr().err.strip()) == "stablelce: interrupted."


def test_the_status_of_a_command_is_the_status_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.pass_context
    def three(ctx: click.Context) -> None:
        ctx.exit(3)

    monkeypatch.setitem(application.commands, "three", three)
    assert run(["three"]) == 3


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command_and_the_formula(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([option]) == 0
    out = capsys.readouterr().out
    assert "L(z,t) = t*log(1+exp(-z)) + (1-t)*log(1+exp(z))" in out
    assert all(name in out for name in application.commands)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert only_line(capsys.readouterr().out) == f"stablelce {stablelce.__version__}"


def test_the_version_of_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(app, "version", absent)
    assert app._version() == stablelce.__version__
