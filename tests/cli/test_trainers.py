from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stablelce.cli import workers
from stablelce.cli.app import application
from stablelce.conformance.trainers.results import TrainerRecord
from tests.conformance.trainers.records import check, result

MODULE = sys.modules["stablelce.cli.judging"]

GOOD = workers.Outcome("good", "audited", trainer=result(check("optimum", digits=3.99), trainer="good"))
BAD = workers.Outcome(
    "bad",
    "audited",
    trainer=result(check("optimum", "failed", digits=1.25), check("hard problems", "failed"), trainer="bad"),
)
ABSENT = workers.Outcome(
    "absent", "absent", message="absent is not installed; install it with: pip install a"
)
DIED = workers.Outcome("died", "died", message="died died")


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[workers.TrainerJob]]:
    """Outcomes made by hand; returns the jobs that were asked for."""
    asked: list[workers.TrainerJob] = []

    def fix(*outcomes: workers.Outcome) -> list[workers.TrainerJob]:
        def run_jobs(jobs: Sequence[workers.TrainerJob], *_: Any) -> Iterator[workers.Outcome]:
            asked.extend(jobs)
            yield from outcomes

        monkeypatch.setattr(MODULE, "run_jobs", run_jobs)
        return asked

    return fix


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["audit", *arguments])


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [((GOOD,), 0), ((BAD,), 1), ((ABSENT,), 2), ((DIED,), 3), ((GOOD, BAD), 1), ((BAD, ABSENT, DIED), 3)],
)
def test_the_highest_status_applies(
    outcomes: tuple[workers.Outcome, ...], status: int, fixed: Callable[..., Any], tmp_path: Path
) -> None:
    fixed(*outcomes)
    path = tmp_path / "out.json"
    found = invoke("--trainer", "x", "--json", str(path))
    assert found.exit_code == status, found.output
    record = TrainerRecord.model_validate_json(path.read_text(encoding="utf-8"))
    assert [one.trainer for one in record.trainers] == [o.subject for o in outcomes if o.trainer]
    assert record.absent == {o.subject: o.message for o in outcomes if not o.trainer}


def test_what_is_printed(fixed: Callable[..., Any]) -> None:
    fixed(GOOD, BAD)
    found = invoke("--trainer", "x")
    assert "good  (version 1.2, options: C=inf)" in found.output
    assert " 3.9\n" in found.output  # rounded down
    assert "CERTIFIED: all 14 required checks hold (profile accurate)." in found.output
    assert "FAILED optimum (silent)\n  what optimum found: [1.0, 2.0] | 3" in found.output
    assert "Informational, not part of the verdict:\n  hard problems (silent)" in found.output
    assert found.output.splitlines()[-1].startswith("NOT CERTIFIED: 1 of 14 required checks fail")


def test_options_are_literals_and_names_count_once(fixed: Callable[..., list[workers.TrainerJob]]) -> None:
    asked = fixed(GOOD)
    options = ("C=inf", "tol=1e-6", "solver=newton-cg", "flag=True", "weights={0: 1.5}", "t=nan")
    arguments = [part for option in options for part in ("--option", option)]
    assert invoke("--trainer", "a", "--trainer", "b", "--trainer", "a", *arguments).exit_code == 0
    assert [job.subject for job in asked] == ["a", "b"]
    given = dict(asked[0].options)
    assert given.pop("t") != given.get("t")
    assert given == {
        "C": float("inf"),
        "tol": 1e-6,
        "solver": "newton-cg",
        "flag": True,
        "weights": {0: 1.5},
    }
    assert asked[0].profile == "accurate"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a SUBJECT"),
        (("scipy", "--trainer", "stablelce"), "not both"),
        (("scipy", "--option", "C=1"), "--option is for trainers"),
        (("--trainer", "stablelce", "--option", "C"), "write KEY=VALUE"),
        (("--trainer", "stablelce", "--option", "a b=1"), "write KEY=VALUE"),
        (("--trainer", "stablelce", "--tier", "deep"), "--tier is for subjects"),
        (("--trainer", "stablelce", "--format", "float32"), "--format is for subjects"),
        (("--trainer", "stablelce", "--allow-ftz"), "--allow-ftz is for subjects"),
        (("--trainer", "stablelce", "--profile", "faithful"), "use one of correctly-rounded"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(arguments: tuple[str, ...], said: str) -> None:
    found = invoke(*arguments)
    assert found.exit_code == 2
    assert said in found.output


TRAINERS = """
import os, warnings
from tests.conformance.trainers.faulty import Newton
class Dies(Newton):
    def fit(self, X, y, sample_weight=None): os._exit(7)
class Prints(Newton):
    def fit(self, X, y, sample_weight=None):
        print("fitting")
        os.write(1, b"deep")
        return super().fit(X, y, sample_weight)
"""


def test_piped_audits_in_processes_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TRAINERS, encoding="utf-8")
    trainers = [f"--trainer={tmp_path / 'mine.py'}:{name}" for name in ("Prints", "Dies")]
    ran = subprocess.run(
        [sys.executable, "-m", "stablelce", "audit", *trainers], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3, ran.stderr
    assert "CERTIFIED: all 14 required checks hold" in ran.stdout
    assert "deep" not in ran.stdout
    assert "exited with status 7 during" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_attempt_tells_absent_from_unusable() -> None:
    def nothing(*_: Any) -> None:
        pass

    assert workers._attempt(workers.TrainerJob("nosuch"), nothing).status == "unusable"
    job = workers.TrainerJob("stablelce", (("solver", "newton"),))
    found = workers._attempt(job, nothing)
    assert found.trainer is not None
    assert found.trainer.isolated
    assert found.trainer.options == {"solver": "'newton'"}
