"""Jobs in turn: what is shown of each, and the exit status, whatever is judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from stablelce.cli import judging
from stablelce.cli.judging import exit_status, judge_in_turn
from stablelce.cli.options import InputError
from stablelce.cli.workers import Job, Outcome, TrainerJob
from tests.cli import records
from tests.conformance.trainers.records import check, result

GOOD = Outcome("good", "audited", trainer=result(check("optimum"), trainer="good"))
BAD = Outcome("bad", "audited", trainer=result(check("optimum", "failed"), trainer="bad"))
PASSED, FAILED = (
    Outcome("subject", "audited", records.result(records.check(status))) for status in ("passed", "failed")
)
ABSENT = Outcome("absent", "absent", message="absent is not installed")
UNUSABLE = Outcome("unusable", "unusable", message="it is no function")
DIED = Outcome("died", "died", message="it died")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([GOOD], 0),
        ([PASSED], 0),
        ([BAD], 1),
        ([FAILED], 1),
        ([ABSENT], 2),
        ([UNUSABLE], 2),
        ([DIED], 3),
        ([GOOD, FAILED], 1),
        ([DIED, ABSENT, BAD], 3),
    ],
)
def test_the_highest_status_of_any_applies(outcomes: list[Outcome], status: int) -> None:
    assert exit_status(outcomes) == status


def test_each_is_shown_as_it_comes_and_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def run_jobs(jobs: Sequence[Job | TrainerJob], processes: int, on_progress: Any) -> Iterator[Outcome]:
        asked.extend([*jobs, processes])
        on_progress("good", 1, 2, "fits")
        yield GOOD
        assert shown == ["good"], "shown before the next one ends"
        yield ABSENT
        yield PASSED

    monkeypatch.setattr(judging, "run_jobs", run_jobs)
    shown: list[str] = []
    jobs = [TrainerJob("good"), TrainerJob("absent"), TrainerJob("subject")]
    assert judge_in_turn(jobs, lambda one: shown.append(one.subject), never) == [GOOD, ABSENT, PASSED]
    assert asked == [*jobs, 1]
    assert shown == ["good", "subject"]
    printed = capsys.readouterr()
    assert printed.err == "stablelce: absent is not installed\n"
    assert printed.out == "\n\n"  # an empty line between two


def test_the_processes_are_ended_with_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    def run_jobs(*_: Any) -> Iterator[Outcome]:
        try:
            yield GOOD
            yield BAD
        finally:
            ended.append(True)

    def interrupted(_: Outcome) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judging, "run_jobs", run_jobs)
    with pytest.raises(KeyboardInterrupt):
        judge_in_turn([TrainerJob("good")], interrupted, lambda _: [])
    assert ended == [True]


def never(_: Sequence[Outcome]) -> list[str]:
    pytest.fail("saved though nothing was interrupted")


def interrupted_after(*outcomes: Outcome) -> Any:
    def run_jobs(*_: Any) -> Iterator[Outcome]:
        yield from outcomes
        raise KeyboardInterrupt

    return run_jobs


def test_what_is_judged_is_saved_when_the_rest_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved: list[Outcome] = []

    def save(outcomes: Sequence[Outcome]) -> list[str]:
        saved.extend(outcomes)
        return ["scripts", "findings"]

    monkeypatch.setattr(judging, "run_jobs", interrupted_after(GOOD))
    with pytest.raises(KeyboardInterrupt):
        judge_in_turn([TrainerJob("good"), TrainerJob("bad")], lambda _: None, save)
    assert saved[0] == GOOD
    assert [(one.subject, one.message) for one in saved[1:]] == [("bad", "interrupted before its verdict")]
    assert capsys.readouterr().err == "stablelce: 1 of 2 verdicts are kept: scripts, findings.\n"


def test_with_nothing_judged_or_nothing_to_write_an_interrupt_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for outcomes, save in (((), never), ((GOOD,), lambda _: [])):
        monkeypatch.setattr(judging, "run_jobs", interrupted_after(*outcomes))
        with pytest.raises(KeyboardInterrupt):
            judge_in_turn([TrainerJob("good")], lambda _: None, save)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_saved_leaves_an_interrupt_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def save(_: Sequence[Outcome]) -> list[str]:
        raise InputError("cannot write 'x'.")

    monkeypatch.setattr(judging, "run_jobs", interrupted_after(GOOD))
    with pytest.raises(KeyboardInterrupt):
        judge_in_turn([TrainerJob("good")], lambda _: None, save)
    assert capsys.readouterr().err == "stablelce: cannot write 'x'.\n"
