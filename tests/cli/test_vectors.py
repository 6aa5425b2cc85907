from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stablelce.cli.app import application
from stablelce.conformance.vectors import csv_text, json_text, shipped
from stablelce.conformance.vectors.files import DATA


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["vectors", *arguments])


def test_json_goes_to_standard_output_as_it_ships() -> None:
    found = invoke("--dtype", "float32", "--quantity", "hessian")
    assert found.exit_code == 0
    assert found.output == (DATA / "hessian_float32.json").read_text(encoding="utf-8")
    assert json.loads(found.output)["number_of_tests"] == shipped("hessian", "float32").number_of_tests


def test_files_are_written_where_they_are_named(tmp_path: Path) -> None:
    found = invoke("--csv", str(tmp_path / "v.csv"), "--json", str(tmp_path / "v.json"))
    assert (found.exit_code, found.output) == (0, "")
    assert (tmp_path / "v.csv").read_text(encoding="utf-8") == csv_text(shipped("loss", "float64"))
    assert (tmp_path / "v.json").read_text(encoding="utf-8") == json_text(shipped("loss", "float64"))


def test_anew_asks_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def build(quantity: str, fmt: object) -> object:
        asked.append((quantity, fmt))
        return shipped("loss", "float16")

    monkeypatch.setattr("stablelce.conformance.vectors.build", build)
    found = invoke("--anew", "--dtype", "float16")
    assert found.output == json_text(shipped("loss", "float16"))
    assert len(asked) == 1


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_a_folder_that_is_not_there_is_2(option: str) -> None:
    found = invoke(option, "no/such/folder/v")
    assert found.exit_code == 2
    assert "there is no folder" in found.output


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_a_link_to_itself_is_2(option: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    found = invoke(option, str(tmp_path / "loop"))
    assert found.exit_code == 2
    assert isinstance(found.exception, SystemExit)
    assert "cannot write" in found.output


def test_an_unknown_format_is_2() -> None:
    found = invoke("--dtype", "float80")
    assert found.exit_code == 2
    assert "unknown format 'float80'" in found.output
