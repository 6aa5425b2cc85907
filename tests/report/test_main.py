from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stablelce.report.__main__ import main
from stablelce.report.markdown import BEGIN, END, readme_table
from tests.report import records


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    readme, accuracy = tmp_path / "README.md", tmp_path / "accuracy.json"
    readme.write_text(f"# Title\n{BEGIN}\n{END}\n", encoding="utf-8")
    accuracy.write_text(records.record("scipy").to_json(), encoding="utf-8")
    return [str(readme), str(accuracy)]


def test_the_table_is_written_and_then_up_to_date(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(files) == 0
    assert readme_table(records.record("scipy")) in Path(files[0]).read_text(encoding="utf-8")
    assert main(files) == 0
    assert capsys.readouterr().out == f"{files[0]}: updated\n{files[0]}: up to date\n"


def test_wrong_usage_and_bad_files_are_one_sentence_and_status_2(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme, accuracy = files
    bare, broken = tmp_path / "bare.md", tmp_path / "broken.json"
    bare.write_text("# Title\n", encoding="utf-8")
    broken.write_text("{}", encoding="utf-8")
    for arguments, message in (
        ([], "usage: python -m stablelce.report README.md reports/accuracy.json"),
        ([readme, str(tmp_path / "none.json")], "Cannot open"),
        ([readme, str(broken)], "is not an accuracy record: 2 errors."),
        ([str(bare), accuracy], "needs one line"),
    ):
        assert main(arguments) == 2
        shown = capsys.readouterr().err
        assert message in shown
        assert shown.count("\n") == 1


def test_it_runs_as_a_module(files: list[str]) -> None:
    command = [sys.executable, "-m", "stablelce.report", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{files[0]}: updated\n"
