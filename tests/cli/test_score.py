from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stablelce.cli.app import application
from stablelce.conformance.results import Record
from stablelce.conformance.vectors import csv_text, shipped

SCRIPT = Path(__file__).parents[1] / "examples" / "javascript" / "score.mjs"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["score", *arguments])


def as_results(tmp_path: Path, quantity: str, old: str = "", new: str = "") -> str:
    """The shipped vectors with the expected column renamed, and some text replaced."""
    text = csv_text(shipped(quantity, "float64")).replace(",expected,", ",result,", 1)
    path = tmp_path / "results.csv"
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return str(path)


def test_right_results_reach_every_profile(tmp_path: Path) -> None:
    found = invoke(as_results(tmp_path, "gradient"))
    assert found.exit_code == 0, found.output
    assert found.output.count("reached") == 5
    assert "missed" not in found.output
    assert "Worst inputs" not in found.output
    assert "CERTIFIED: all" in found.output


def test_a_wrong_result_is_1_and_named_with_the_worst(tmp_path: Path) -> None:
    log2, inf = "0x3fe62e42fefa39ef", "0x7ff0000000000000"
    path, record = as_results(tmp_path, "loss", log2, inf), tmp_path / "out.json"
    found = invoke(path, "--json", str(record))
    assert found.exit_code == 1
    assert "NOT CERTIFIED" in found.output
    assert "  inf     z = 0.0, t = 0.0: got inf, want 0.6931471805599453" in found.output.splitlines()
    result = Record.model_validate_json(record.read_text(encoding="utf-8")).subjects[0]
    assert result.subject == f"vectors:{path}"
    assert result.failed


def test_the_profile_that_is_required_decides(tmp_path: Path) -> None:
    path = as_results(tmp_path, "softplus", "0x3fe62e42fefa39ef", "0x3fe62e42fefa39f0")
    assert invoke(path).exit_code == 0
    assert invoke(path, "--profile", "correctly-rounded").exit_code == 1
    found = invoke(path)
    assert ": got 0.6931471805599454, want 0.6931471805599453\n" in found.output
    assert "t = " not in found.output


def test_options_say_what_a_file_does_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("z,result\n0x00000000,0x3f000000\n", encoding="utf-8")
    found = invoke(str(path), "--quantity", "sigmoid", "--dtype", "float32")
    assert found.exit_code == 0, found.output
    assert "float32: sigmoid" in found.output


def first_rows(tmp_path: Path, count: int) -> str:
    path = Path(as_results(tmp_path, "loss"))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: 2 + count]), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("count", [1, 3, 772])
def test_vectors_without_a_result_are_2_and_no_certificate(tmp_path: Path, count: int) -> None:
    found = invoke(first_rows(tmp_path, count))
    assert found.exit_code == 2
    assert f"has a result for {count} of 773 vectors: give one for each" in found.output
    assert "--partial" in found.output
    assert "CERTIFIED" not in found.output


def test_a_part_is_graded_where_that_is_asked_for_and_the_verdict_says_so(tmp_path: Path) -> None:
    path, record = first_rows(tmp_path, 3), tmp_path / "out.json"
    found = invoke(path, "--partial", "--json", str(record))
    assert found.exit_code == 0, found.output
    assert "\nCERTIFIED FOR 3 OF 773 VECTORS ONLY: all 3 required checks hold" in found.output
    (result,) = Record.model_validate_json(record.read_text(encoding="utf-8")).subjects
    (missing,) = (check for check in result.checks if check.check == "all vectors")
    assert (missing.required, missing.points, missing.failures) == (False, 773, 770)


def test_a_whole_file_has_nothing_partial(tmp_path: Path) -> None:
    found = invoke(as_results(tmp_path, "loss"), "--partial")
    assert "CERTIFIED: all 6 required checks hold" in found.output


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_odd_bytes_in_the_name_of_a_file_are_printed_and_recorded_as_escapes(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff.csv"
    Path(as_results(tmp_path, "sigmoid")).rename(os.fsdecode(odd))
    record = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, "-m", "stablelce", "score", odd, "--json", record],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONIOENCODING": "utf-8:strict"},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert b"/\\udcff.csv" in b"".join(done.stdout.split(b"\n"))
    found = Record.model_validate_json(record.read_text(encoding="utf-8"))
    assert found.subjects[0].subject.endswith("/\\udcff.csv")
    assert "/\\udcff.csv" in found.provenance.command


@pytest.mark.parametrize(
    ("text", "said"),
    [("id,z,t,result\n1,0,0,0\n", "line 2: z '0' is neither"), ("", "holds no line of names")],
)
def test_a_bad_file_is_one_sentence_and_2(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    found = invoke(str(path))
    assert found.exit_code == 2
    assert said in found.output
    assert "Traceback" not in found.output


def test_a_missing_file_is_2() -> None:
    found = invoke("no_such.csv")
    assert found.exit_code == 2
    assert "cannot read 'no_such.csv': No such file or directory." in found.output


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node (node)")
@pytest.mark.parametrize(("form", "status"), [("stable", 0), ("naive", 1)])
def test_javascript_answers_without_python(tmp_path: Path, form: str, status: int) -> None:
    written = CliRunner().invoke(application, ["vectors", "--csv", str(tmp_path / "v.csv")])
    assert written.exit_code == 0
    with (tmp_path / "v.csv").open("rb") as vectors, (tmp_path / "r.csv").open("wb") as out:
        subprocess.run(["node", str(SCRIPT), form], stdin=vectors, stdout=out, check=True)
    assert invoke(str(tmp_path / "r.csv")).exit_code == status
