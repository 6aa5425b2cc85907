from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stablelce.cli import main, workers
from stablelce.cli.app import application
from stablelce.conformance.results import Record
from tests.cli.records import check, provenance, result
from tests.conformance.correct import running_only
from tests.conformance.subjects.foreign import needs_compiler, planted_library, planted_program

# The application holds the command; the module that defines it is where its names are looked up.
MODULE = sys.modules["stablelce.cli.judging"]

FAST = ("--tier", "smoke", "--format", "float64")

SUBJECTS = """
import numpy as np
def good(z, t): return np.logaddexp(0, z) - t * z
def raises(z, t): raise RuntimeError("no")
def shape(z, t): return good(z, t)[..., None]
def mutates(z, t):
    result = good(z, t)
    z *= 1
    z -= 1
    return result
def prints(z, t):
    print("hello")
    return good(z, t)
def returns_list(z, t): return list(np.ravel(good(z, t)))
def leaves(z, t): raise SystemExit(0)
"""


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audits in this process: nothing here dies, and starting Python takes longer than the audit."""

    def run_jobs(jobs: Sequence[workers.Job], _processes: int, on_progress: Any) -> Iterator[workers.Outcome]:
        for job in jobs:
            yield workers._attempt(job, lambda *step, name=job.subject: on_progress(name, *step))

    monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Outcomes made by hand."""

    def fix(*outcomes: workers.Outcome) -> None:
        monkeypatch.setattr(MODULE, "run_jobs", lambda *_: (outcome for outcome in outcomes))

    return fix


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["audit", *arguments])


@pytest.mark.usefixtures("in_process")
def test_the_naive_form_fails_with_a_counterexample(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    found = invoke("numpy:naive", *FAST, "--json", str(path))
    assert found.exit_code == 1, found.output
    assert "NOT CERTIFIED" in found.output
    assert "FAILED loss float64: accuracy" in found.output
    assert "from stablelce.textbook import naive_loss" in found.output
    record = Record.model_validate_json(path.read_text(encoding="utf-8"))
    assert [one.subject for one in record.subjects] == ["numpy:naive"]
    assert record.subjects[0].failed


@pytest.mark.usefixtures("in_process")
def test_this_library_is_certified() -> None:
    with running_only("accuracy", "tails", "lanes"):  # conformance/test_audit_of_stablelce.py runs all
        found = invoke("stablelce", *FAST)
    assert found.exit_code == 0, found.output
    assert found.output.splitlines()[-1].endswith("correctly-rounded.")


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("raises", 1, "raised RuntimeError: no"),
        ("shape", 1, "shape"),
        ("mutates", 1, "inputs unchanged"),
        ("returns_list", 1, "returned a list"),
        ("leaves", 1, "raised SystemExit"),
        ("prints", None, "float64: warnings and output (output: 'hello"),
    ],
)
def test_misbehaviour_is_reported_and_never_a_traceback(
    name: str, status: int | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SUBJECTS, encoding="utf-8")
    found = invoke(f"./mine.py:{name}", *FAST)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert "Traceback" not in found.output
    assert said in found.output
    # What is printed is informational: the verdict is that of the same function without printing.
    assert found.exit_code == (invoke("./mine.py:good", *FAST).exit_code if status is None else status)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    "spec", ["no.such:thing", "scpiy", "./no_such.py:f", "lib:./libfoo.so:symbol", "math:pi"]
)
def test_a_subject_that_cannot_be_judged_is_one_sentence_and_2(spec: str) -> None:
    found = invoke(spec)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert len(found.stderr.splitlines()) == 1
    assert found.stderr.startswith("stablelce: ")
    assert repr(spec) in found.stderr


@pytest.mark.usefixtures("in_process")
def test_nothing_to_judge_is_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        f"{SUBJECTS}\nonly = {{'loss': good, 'formats': ('float32',)}}", encoding="utf-8"
    )
    found = invoke("./mine.py:only", *FAST)
    assert found.exit_code == 2
    assert "offers nothing to judge in float64" in found.stderr


@pytest.mark.usefixtures("in_process")
def test_a_bare_callable_computes_what_quantity_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "from stablelce import softplus as f, gradient as g"
    Path("mine.py").write_text(text, encoding="utf-8")
    found = invoke("./mine.py:f", "--quantity", "softplus", *FAST)
    assert found.exit_code == 0, found.output
    assert "float64: softplus" in found.output
    assert invoke("./mine.py:g", "--quantity", "loss", *FAST).exit_code == 1


@pytest.mark.usefixtures("in_process")
def test_the_profile_that_is_required_decides() -> None:
    arguments = ("numpy:logaddexp", *FAST)
    with running_only("accuracy"):
        found = invoke(*arguments, "--profile", "correctly-rounded")
    assert "profile required: correctly-rounded" in " ".join(found.output.split())


@pytest.mark.usefixtures("in_process")
@needs_compiler
@pytest.mark.parametrize(("symbol", "status"), [("right", 0), ("skips", 1), ("segfaults", 3), ("hangs", 3)])
def test_a_library_that_dies_or_hangs_is_3_and_is_judged_to_the_end(symbol: str, status: int) -> None:
    found = invoke(f"lib:{planted_library()}:{symbol}", *FAST, "--timeout", "0.3", "--memory", "500")
    assert found.exit_code == status, found.output
    assert "largest" in found.stdout or status
    if symbol == "segfaults":
        assert "FAILED loss float64: accuracy" in found.stdout
        assert "was ended by SIGSEGV" in found.stdout
        assert "z     1000.0" in found.stdout
        assert "NOT CERTIFIED" in found.stdout


@pytest.mark.usefixtures("in_process")
def test_a_program_that_dies_before_it_says_what_it_offers_is_3() -> None:
    found = invoke(planted_program("dies at once"), *FAST)
    assert found.exit_code == 3
    assert "could not be started: its process exited with status 4." in found.stderr


@pytest.mark.parametrize(("option", "value"), [("--timeout", "0"), ("--memory", "-5"), ("--timeout", "nan")])
def test_a_limit_of_nothing_is_refused(option: str, value: str) -> None:
    found = invoke("stablelce", option, value)
    assert found.exit_code == 2
    assert "give a number above 0" in found.output


PASSED = workers.Outcome("a", "audited", result(check("passed"), subject="a"))
FAILED = workers.Outcome("b", "audited", result(check(), subject="b"))
ABSENT = workers.Outcome("c", "absent", message="c is not installed; install it with: pip install c")
DIED = workers.Outcome("d", "died", message="d died")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [((PASSED,), 0), ((PASSED, FAILED), 1), ((ABSENT, FAILED), 2), ((FAILED, DIED, ABSENT), 3)],
)
def test_with_several_subjects_the_highest_status_applies(
    outcomes: tuple[workers.Outcome, ...], status: int, fixed: Callable[..., None]
) -> None:
    fixed(*outcomes)
    found = invoke(*(outcome.subject for outcome in outcomes))
    assert found.exit_code == status
    for outcome in outcomes:
        if outcome.result is None:
            assert f"stablelce: {outcome.message}\n" in found.stderr
        else:
            assert f"{outcome.subject}  (version 1.0, tier smoke)" in found.stdout


def test_json_holds_the_absent_with_their_reasons(
    fixed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stablelce.conformance.provenance.provenance", provenance)
    fixed(PASSED, ABSENT)
    path = tmp_path / "out.json"
    runner = CliRunner()
    arguments = ["audit", "a", "c", "--json", str(path)]
    assert runner.invoke(application, arguments, obj=arguments).exit_code == 2
    record = Record.model_validate_json(path.read_text(encoding="utf-8"))
    assert record.absent == {"c": ABSENT.message}
    assert record.provenance.command == f"stablelce audit a c --json {path}"


def test_a_subject_named_twice_is_audited_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def run_jobs(jobs: Sequence[workers.Job], *_: object) -> Iterator[workers.Outcome]:
        for job in jobs:
            seen.append(job.subject)
            yield PASSED

    monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
    invoke("a", "b", "a")
    assert seen == ["a", "b"]


def test_a_piped_audit_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"print('noise at import')\n{SUBJECTS}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "stablelce", "audit", "./mine.py:raises", *FAST],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == "noise at import\n"
    assert done.stdout.startswith("./mine.py:raises  (version sha256")
    assert "\x1b" not in done.stdout


def test_ctrl_c_is_one_line_130_and_leaves_no_process(tmp_path: Path) -> None:
    text = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    running = subprocess.Popen(
        [sys.executable, "-m", "stablelce", "audit", "./mine.py:f"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    pid = tmp_path / "pid"
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text(encoding="utf-8")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert err.strip() == "stablelce: interrupted."
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="utf-8")), 0)


def test_ctrl_c_is_130_and_keeps_the_verdicts_there_are(tmp_path: Path) -> None:
    text = f"import pathlib, time\n{SUBJECTS}\npathlib.Path('begun').touch()\ntime.sleep(600)"
    (tmp_path / "slow.py").write_text(text, encoding="utf-8")
    (tmp_path / "mine.py").write_text(SUBJECTS, encoding="utf-8")
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "stablelce",
            "audit",
            "./mine.py:raises",
            "./slow.py:good",
            *FAST,
            "--json",
            "f",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    kept = "stablelce: 1 of 2 verdicts are kept: findings written to f."
    assert [line for line in err.splitlines() if line] == [kept, "stablelce: interrupted."]
    record = Record.model_validate_json((tmp_path / "f").read_text(encoding="utf-8"))
    assert [one.subject for one in record.subjects] == ["./mine.py:raises"]
    assert record.absent == {"./slow.py:good": "interrupted before its verdict"}


def test_reproducers_are_written_and_counted(fixed: Callable[..., None], tmp_path: Path) -> None:
    fixed(workers.Outcome("b", "audited", result(check(reproducer="exit(1)\n"), subject="b")))
    found = invoke("b", "--reproducers", str(tmp_path / "scripts"))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[-1] == f"1 reproducers written to {tmp_path / 'scripts'}"
    (script,) = (tmp_path / "scripts").iterdir()
    assert script.read_text(encoding="utf-8") == "exit(1)\n"


def test_a_folder_that_cannot_be_made_is_refused_before_the_audit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(MODULE, "run_jobs", lambda *_: pytest.fail("the audit began"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = invoke("b", "--reproducers", str(tmp_path / "file" / "scripts"))
    assert found.exit_code == 2
    assert "cannot make the folder" in found.output


def test_the_record_is_written_though_a_reproducer_cannot_be(
    fixed: Callable[..., None], tmp_path: Path
) -> None:
    fixed(workers.Outcome("b", "audited", result(check(reproducer="exit(1)\n"), subject="b")))
    (tmp_path / "scripts" / "b--old.py").mkdir(parents=True)
    record = tmp_path / "out.json"
    found = invoke("b", "--reproducers", str(tmp_path / "scripts"), "--json", str(record))
    assert found.exit_code == 2
    assert "cannot replace" in found.output
    assert Record.model_validate_json(record.read_text(encoding="utf-8")).subjects[0].failed


def test_ctrl_c_keeps_reproducers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_jobs(*_: object) -> Iterator[workers.Outcome]:
        yield workers.Outcome("b", "audited", result(check(reproducer="exit(1)\n"), subject="b"))
        raise KeyboardInterrupt

    monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
    record, folder = tmp_path / "out.json", tmp_path / "scripts"
    found = invoke("b", "c", "--json", str(record), "--reproducers", str(folder))
    assert isinstance(found.exception, SystemExit)  # click's own; the group makes 130 of it
    assert found.stderr.startswith(
        f"stablelce: 1 of 2 verdicts are kept: 1 reproducers written to {folder}, "
        f"findings written to {record}.\n"
    )
    written = Record.model_validate_json(record.read_text(encoding="utf-8"))
    assert [one.subject for one in written.subjects] == ["b"]
    assert written.absent == {"c": "interrupted before its verdict"}
    assert len(list(folder.iterdir())) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_odd_bytes_in_a_name_or_in_what_is_raised_stand_in_the_record_as_escapes(
    fixed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed(workers.Outcome("b", "audited", result(check(message="raised \udcff"), subject="b")))
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json")
    assert main(["audit", "b", "--json", path]) == 1
    assert "raised \\udcff" in capsys.readouterr().out
    record = Record.model_validate_json(Path(path).read_text(encoding="utf-8"))
    assert record.provenance.command.endswith("\\udcff.json'")
    assert record.subjects[0].checks[0].message == "raised \\udcff"
