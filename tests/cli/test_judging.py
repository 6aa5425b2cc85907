"""Jobs in turn: what is shown of each, and the exit status, whatever is judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from stablelce.cli import judging
from stablelce.cli.judging import exit_status, judge_in_turn
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
    assert judge_in_turn(jobs, lambda one: shown.append(one.subject)) == [GOOD, ABSENT, PASSED]
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
        judge_in_turn([TrainerJob("good")], interrupted)
    assert ended == [True]
