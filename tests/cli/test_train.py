"""``train`` and ``certify`` on files: the bits of the arrays, and one sentence for what is wrong."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import stablelce as lce
from stablelce.cli.app import run
from stablelce.cli.models import Model
from tests.training.data import noisy, separable, soft

ROOT = Path(__file__).parent.parent.parent


def write(path: Path, header: list[str], *columns: Any) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(zip(*(np.asarray(column).tolist() for column in columns), strict=True))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    X, y = noisy()
    labels = np.array(["no, thanks", "yes"])[y]
    return write(tmp_path / "data.csv", ["age", "label", "dose", "odds", "w"], X[:, 0], labels, *X.T[1:], S)


X, Y = noisy()
S = soft()[2]


def invoke(*arguments: Any) -> Result:
    from stablelce.cli.app import application

    return CliRunner().invoke(application, [str(one) for one in arguments])


def error(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """What is said of wrong usage: one line."""
    assert run([str(one) for one in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def coefficients(model: Model) -> bytes:
    found: bytes = model.coef_.tobytes() + model.intercept_.tobytes()
    return found


@pytest.mark.parametrize("solver", ["newton", "gd", "sgd", "exact"])
def test_the_model_has_the_bits_of_the_arrays(data: Path, tmp_path: Path, solver: Any) -> None:
    options = ["--solver", solver, "--l2", "0.1", "--tol", "0.05", "--weight", "w"]
    result = invoke("train", data, "--target", "label", *options, "--model", tmp_path / "m.json")
    assert result.exit_code == 0, result.output
    model = Model.read(tmp_path / "m.json")
    wanted = lce.LogisticRegression(solver=solver, l2=0.1, tol=0.05, random_state=0).fit(X, Y, S)
    assert coefficients(model) == wanted.coef_.tobytes() + wanted.intercept_.tobytes()
    assert model.classes == ["no, thanks", "yes"]
    assert list(model.coef) == ["age", "dose", "odds"]
    assert float.fromhex(model.fit["loss"]["hex"]) == wanted.loss_curve_[-1]
    for value in [*wanted.coef_[0], *wanted.intercept_]:
        assert float(value).hex() in result.output


def test_targets_features_and_no_intercept(tmp_path: Path) -> None:
    features, targets, _ = soft()
    path = write(tmp_path / "soft.csv", ["t", "a", "b", "c"], targets, *features.T)
    options = ["--target", "t", "--soft", "--no-intercept", "--feature", "c", "--feature", "a"]
    result = invoke("train", path, *options, "--json", tmp_path / "m.json")
    assert result.exit_code == 0, result.output
    model = Model.read(tmp_path / "m.json")
    wanted = lce.LogisticRegression(fit_intercept=False).fit_soft(features[:, [2, 0]], targets)
    assert model.coef_.tobytes() == wanted.coef_.tobytes()
    assert "(intercept)" not in result.output
    assert invoke("certify", tmp_path / "m.json", path).exit_code == 0


def test_separable_rows_are_written_with_a_warning_and_not_certified(tmp_path: Path) -> None:
    features, labels = separable()
    path = write(tmp_path / "data.csv", ["y", "a", "b", "c"], labels, *features.T)
    result = invoke("train", path, "--target", "y", "--model", tmp_path / "m.json")
    assert result.exit_code == 0
    assert "Not converged: The coefficients" in result.output
    assert "separate the two" in str(Model.read(tmp_path / "m.json").fit["warning"])
    result = invoke("certify", tmp_path / "m.json", path)
    assert result.exit_code == 1
    assert result.output.startswith("NOT CERTIFIED: ")


TEXT = "label,age,dose,city\nno,1,2.5,Rome\nyes,2,1.5,Oslo\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (TEXT, ["--target", "lable"], "has no column 'lable'; its columns are label, age, dose, city."),
        (TEXT, ["--target", "label", "--weight", "w"], "has no column 'w'; its columns are"),
        (TEXT, ["--target", "label"], "line 2: column 'city' holds 'Rome', no number; encode the column"),
        (TEXT.replace("2.5", "nan"), ["--target", "label", "--feature", "dose"], "2: column 'dose' is NaN"),
        (TEXT.replace("1.5", "-inf"), ["--target", "label", "--feature", "dose"], "3: column 'dose' is -inf"),
        (TEXT.replace("1.5", ""), ["--target", "label", "--feature", "dose"], "line 3: column 'dose' is emp"),
        (TEXT.replace("yes", ""), ["--target", "label", "--feature", "dose"], "3: column 'label' is empty"),
        (TEXT + "perhaps,1,1,Bonn\n", ["--target", "label", "--feature", "age"], "holds 3 classes"),
        (
            TEXT + "yes,1\n",
            ["--target", "label", "--feature", "age"],
            "has 2 fields in line 4, and 4 columns",
        ),
        (TEXT, ["--target", "label", "--feature", "age", "--weight", "dose", "--l2", "-1"], "l2 must be"),
        (TEXT.replace("2.5", "2_5"), ["--target", "label", "--feature", "dose"], "holds '2_5', no number"),
        (TEXT.replace(",", ";"), ["--target", "label"], "data.csv seems to be separated by semicolons"),
        (TEXT, ["--target", "label", "--checkpoint", ""], "checkpoint is an empty name"),
        (TEXT, ["--target", "label", "--checkpoint", "/dev/null/x"], "can be kept in '/dev/null/x'"),
        ("label,a,a\nno,1,2\n", ["--target", "label"], "has several columns 'a'"),
        ("label\nno\n", ["--target", "label"], "no column beside label: there are no features"),
        ("label,a\n", ["--target", "label"], "holds no rows"),
        ("", ["--target", "label"], "has no column 'label'"),
        (TEXT, ["--target", "label", "--model", "no/such/folder/m.json"], "there is no folder"),
    ],
)
def test_wrong_files_are_one_line_and_2(
    text: str, options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    assert said in error(capsys, "train", path, *options)


def test_other_files_are_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.txt"
    path.write_text(TEXT)
    assert "name it .csv or .parquet" in error(capsys, "train", path, "--target", "label")
    assert "does not exist" in error(capsys, "train", tmp_path / "absent.csv", "--target", "label")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("label,größe\n".encode("latin-1"))
    assert "cannot read" in error(capsys, "train", latin, "--target", "label")
    assert "is no model of this version" in error(capsys, "certify", path, latin)


def test_a_model_that_cannot_be_written_is_shown(data: Path) -> None:
    result = invoke("train", data, "--target", "label", "--l2", "0.1", "--model", "m" * 300)
    assert result.exit_code == 2
    assert "The logit is that of label = 'yes' against 'no, thanks'." in result.output
    assert "cannot write 'mmm" in result.output


INTERRUPTED = """
import os, signal, sys
from stablelce.cli import main
from stablelce.training import watching

draw = watching.Watch._asked_to_stop

def interrupt(self, state):
    if state.iteration == 7:
        os.kill(os.getpid(), signal.SIGINT)
    return draw(self, state)

if sys.argv[1] == "interrupt":
    watching.Watch._asked_to_stop = interrupt
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system sends no signals of POSIX")
def test_after_ctrl_c_the_same_command_goes_on(data: Path, tmp_path: Path) -> None:
    command = ["train", str(data), "--target", "label", "--solver", "gd", "--l2", "0.1", "--tol", "1e-3"]
    outcomes = []
    for how, name in (("interrupt", "kept"), ("resume", "kept"), ("whole", "other")):
        arguments = [*command, "--checkpoint", str(tmp_path / name), "--model", str(tmp_path / "m.json")]
        outcomes.append(
            subprocess.run(
                [sys.executable, "-c", INTERRUPTED, how, *arguments],
                capture_output=True,
                text=True,
                check=False,
                cwd=ROOT,
                env={**os.environ, "STABLELCE_ENGINE": "numpy"},
            )
        )
        written = (tmp_path / "m.json").read_bytes() if (tmp_path / "m.json").exists() else b""
        outcomes[-1].args = written
        if how != "interrupt":
            (tmp_path / "m.json").unlink()
    interrupted, resumed, whole = outcomes
    assert interrupted.returncode == 130
    assert "the same command goes on" in interrupted.stderr
    assert interrupted.args == b""
    assert resumed.returncode == whole.returncode == 0
    assert resumed.args == whole.args != b""
