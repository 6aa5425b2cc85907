from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from stablelce.cli import workers
from stablelce.cli.judging import exit_status
from stablelce.cli.workers import Job, Outcome, run_jobs
from stablelce.conformance.subjects.process import Limits

ANY_LOSS = "import numpy as np\ndef f(z, t): return np.logaddexp(0, z) - t * z\n"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Job]:
    """A smoke audit in binary64 of the function f of a file with this text."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(text: str) -> Job:
        path = tmp_path / f"subject{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text, encoding="utf-8")
        return Job(f"{path}:f", tier="smoke", formats=("float64",))

    return make


def nothing(_name: str, _done: int, _total: int, _doing: str) -> None:
    pass


def outcomes(*jobs: Job, processes: int = 2) -> dict[str, Outcome]:
    return {outcome.subject: outcome for outcome in run_jobs(jobs, processes, nothing)}


def test_each_end_of_a_process_is_told_apart(job: Callable[[str], Job]) -> None:
    jobs = {
        "audited": job(ANY_LOSS),
        "exits": job("import os\nos._exit(7)"),
        "killed": job("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        "unusable": job("raise ValueError('no')"),
    }
    found = outcomes(*jobs.values())
    status = {name: found[one.subject].status for name, one in jobs.items()}
    assert status == {"audited": "audited", "exits": "died", "killed": "died", "unusable": "unusable"}
    assert "exited with status 7 during" in found[jobs["exits"].subject].message
    assert "was ended by SIGKILL during" in found[jobs["killed"].subject].message
    assert "importing it raised ValueError: no" in found[jobs["unusable"].subject].message
    result = found[jobs["audited"].subject].result
    assert result is not None
    assert result.isolated
    assert set(result.offered) == {"float64"}


@pytest.mark.parametrize(
    ("exitcode", "said"),
    [
        (7, "exited with status 7"),
        (-signal.SIGTERM, "was ended by SIGTERM"),
        (-(signal.NSIG + 1), f"was ended by signal {signal.NSIG + 1}"),
        (None, "exited with status None"),
    ],
)
def test_the_cause_of_an_end_is_told_whether_the_signal_has_a_name(exitcode: int | None, said: str) -> None:
    assert workers._cause(exitcode) == said


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="this system has no real-time signals")
def test_a_real_time_signal_ends_a_process_by_its_number(job: Callable[[str], Job]) -> None:
    number = signal.SIGRTMIN + 6
    one = job(f"import os\nos.kill(os.getpid(), {number})")
    (outcome,) = outcomes(one).values()
    assert outcome.status == "died"
    assert f"was ended by signal {number} during" in outcome.message


def test_a_subject_that_hangs_is_ended(job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(workers.SILENCE, "smoke", 0.5)
    started = time.monotonic()
    (outcome,) = outcomes(job("import time\ntime.sleep(600)")).values()
    assert outcome.status == "died"
    assert "made no progress for 0 s" in outcome.message
    assert time.monotonic() - started < 60


DIES = """
import os, sys
import numpy as np
def f(z, t):
    if np.any(z > 100):
        {deed}
    return np.logaddexp(0, z) - t * z
"""


ACCURACY_ALONE = """
auditor = sys.modules.get("stablelce.conformance.auditor")
if auditor:
    auditor.POINT_CHECKS, auditor.ARRAY_CHECKS = auditor.POINT_CHECKS[:1], ()
    sys.modules["stablelce.conformance.subjects.hosted"]._PATIENCE = 30
"""
"""For the process of an audit that imports it: time enough to find the input on a slow machine, and no more
waiting for it in every check."""


@pytest.mark.parametrize(
    ("deed", "checks", "mode", "said"),
    [
        ("os._exit(7)", "", "process died", "its process exited with status 7, as it does at z = "),
        (
            "__import__('ctypes').string_at(0)",
            ACCURACY_ALONE,
            "process died",
            "its process was ended by SIGSEGV",
        ),
        (
            "__import__('time').sleep(600)",
            ACCURACY_ALONE,
            "hung",
            "no whole answer came within 1 s (--timeout)",
        ),
    ],
)
def test_a_subject_that_dies_in_a_call_is_asked_again_and_the_input_found(
    job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch, deed: str, checks: str, mode: str, said: str
) -> None:
    monkeypatch.setitem(workers.SILENCE, "smoke", 60.0)  # a tenth of it for the first, by the limit of 1 s
    limits = Limits(1.0 if mode == "hung" else 3.0)  # of a whole audit it limits the time to start again too
    (outcome,) = outcomes(replace(job(DIES.format(deed=deed) + checks), limits=limits)).values()
    assert outcome.status == "audited"
    assert outcome.result is not None
    accuracy = next(check for check in outcome.result.checks if check.check == "accuracy")
    assert accuracy.mode == mode
    assert said in accuracy.message
    assert accuracy.counterexample is not None
    assert float(accuracy.counterexample.z.decimal) > 100
    assert exit_status([outcome]) == 3
    assert checks or len(outcome.result.checks) > 15


ONCE = """
import os, pathlib
import numpy as np
def f(z, t):
    mark = pathlib.Path({mark!r})
    if not mark.exists():
        mark.touch()
        os._exit(5)
    return np.logaddexp(0, z) - t * z
"""


def test_what_dies_once_only_is_told_as_it_died(job: Callable[[str], Job], tmp_path: Path) -> None:
    (outcome,) = outcomes(job(ONCE.format(mark=str(tmp_path / "mark")))).values()
    assert outcome.status == "died"
    assert "exited with status 5 during" in outcome.message


def test_a_shorter_time_for_a_call_is_a_shorter_one_without_progress() -> None:
    assert Job("a.b:f", tier="smoke", limits=Limits(1.0)).silence == workers.SILENCE["smoke"] / 10
    assert Job("a.b:f", tier="smoke", limits=Limits(100.0)).silence == workers.SILENCE["smoke"]
    assert Job("lib:./a.so:f", tier="smoke", limits=Limits(1.0)).silence == workers.SILENCE["smoke"] + 12
    assert Job("a.b:f", tier="smoke", limits=Limits(1.0), died="x").silence == workers.SILENCE["smoke"] + 12


def test_progress_comes_from_the_process(job: Callable[[str], Job]) -> None:
    heard: list[tuple[str, int, int]] = []
    one = job(ANY_LOSS)
    list(run_jobs([one], 1, lambda name, done, total, _doing: heard.append((name, done, total))))
    assert heard
    assert {name for name, _, _ in heard} == {one.subject}
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
    assert heard[-1][1] == heard[-1][2]


def test_closing_early_ends_every_process(job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = workers._start

    def remember(one: Job) -> object:
        pipe, running = start(one)
        started.append(running.process)
        return pipe, running

    monkeypatch.setattr(workers, "_start", remember)
    hanging = job("import time\ndef f(z, t): time.sleep(600)")
    with closing(run_jobs([job("raise ValueError"), hanging], 2, nothing)) as running:
        assert next(running).status == "unusable"
    assert len(started) == 2
    assert not any(process.is_alive() for process in started)


def test_no_more_processes_than_asked_for_run_at_once(
    job: Callable[[str], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, most = 0, 0
    start, end = workers._start, workers._end

    def counted_start(one: Job) -> object:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        return start(one)

    def counted_end(*arguments: object) -> None:
        nonlocal alive
        alive -= 1
        end(*arguments)  # type: ignore[arg-type]  # passed through as they came

    monkeypatch.setattr(workers, "_start", counted_start)
    monkeypatch.setattr(workers, "_end", counted_end)
    outcomes(*(job(f"raise ValueError({i})") for i in range(3)), processes=1)
    assert (alive, most) == (0, 1)


def test_a_fault_of_the_suite_is_not_blamed_on_the_subject(job: Callable[[str], Job]) -> None:
    # The command line lets no unknown profile through, so that the suite's own refusal is such a fault.
    wrong = replace(job(ANY_LOSS), profile="no such profile")  # type: ignore[arg-type]  # that is the fault
    (outcome,) = outcomes(wrong).values()
    assert outcome.status == "died"
    assert "the suite itself failed (ValueError: unknown profile 'no such profile'" in outcome.message


def test_a_known_framework_that_is_absent_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "stablelce.conformance.subjects.sklearn", raising=False)
    outcome = workers._attempt(Job("sklearn", tier="smoke"), lambda *_: None)
    assert outcome.status == "absent"
    assert "pip install scikit-learn" in outcome.message


# -- results that are kept ---------------------------------------------------------------------


def test_a_kept_result_is_found_by_the_next_run(
    job: Callable[[str], Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "partial"
    keep.mkdir()
    one = replace(job(ANY_LOSS), keep=keep, sources="1")
    first = workers._attempt(one, lambda *_: None)
    assert [path.suffix for path in keep.iterdir()] == [".json"]

    def fail(*_arguments: object, **_options: object) -> None:
        raise AssertionError("audited again")

    monkeypatch.setattr("stablelce.conformance.runner.audit", fail)
    assert workers._attempt(one, lambda *_: None) == first
    with pytest.raises(AssertionError, match="audited again"):
        workers._attempt(replace(one, sources="2"), lambda *_: None)


@pytest.mark.parametrize(
    "change",
    [{"subject": "b"}, {"quantity": "gradient"}, {"tier": "deep"}, {"profile": "stable"},
     {"formats": ("float32",)}, {"allow_ftz": True}, {"sources": "other"}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_kept_result_counts_for_the_same_question_only(change: dict[str, object]) -> None:
    one = Job("a", keep=Path("kept"))
    other = replace(one, **change)  # type: ignore[arg-type]  # each value is of its field's type
    assert one.kept("1") == Job("a", keep=Path("kept")).kept("1")
    assert one.kept("1") != other.kept("1")
    assert one.kept("1") != one.kept("2")


def test_the_folder_is_no_part_of_the_question() -> None:
    here, there = Job("a", keep=Path("here")).kept("1"), Job("a", keep=Path("there")).kept("1")
    assert here is not None
    assert there is not None
    assert here.name == there.name
    assert Job("a").kept("1") is None


def test_ctrl_c_is_left_to_the_parent(job: Callable[[str], Job]) -> None:
    text = f"import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n{ANY_LOSS}"
    (outcome,) = outcomes(job(text)).values()
    assert outcome.status == "audited"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
