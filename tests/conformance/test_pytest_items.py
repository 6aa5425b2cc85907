from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stablelce.conformance import audit
from stablelce.conformance.results import Record
from stablelce.conformance.vectors import csv_text, shipped
from tests.conformance.subjects.foreign import planted_program

pytest_plugins = ("pytester",)

GOOD = """
import numpy as np
from stablelce import softplus
softplus = {"softplus": softplus, "formats": ("float32", "float64")}
def naive(z): return np.log(1 + np.exp(z))
naive = {"softplus": naive, "formats": ("float32",)}
"""

SUITE = ("--pyargs", "stablelce.conformance", "-p", "stablelce.pytest_plugin", "-p", "no:cacheprovider", "-q")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("STABLELCE_ENGINE", "numpy")  # in the empty home of a pytester the other would compile
    pytester.makepyfile(mine=GOOD)
    return pytester


def ran(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*SUITE, *arguments, timeout=120)


def ran_here(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """The same in this process: Python and NumPy take longer to load than most of the runs."""
    return pytester.runpytest_inprocess(*SUITE, *arguments)


def test_without_a_subject_nothing_is_collected(run: pytest.Pytester) -> None:
    assert ran(run).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_each_check_and_format_is_an_item_with_a_name_to_read(run: pytest.Pytester) -> None:
    listed = ran_here(run, "--lce-subject", "./mine.py:softplus", "--collect-only").outlines
    names = [line.rpartition("::")[2] for line in listed if "::" in line]
    assert "./mine.py:softplus-float64-softplus-accuracy" in names
    assert "./mine.py:softplus-float32-softplus-infinite_logits_hard_targets" in names
    assert len(names) == len(set(names))


def test_a_subject_that_is_right_passes(run: pytest.Pytester) -> None:
    options = ("--lce-profile", "correctly-rounded", "--lce-format", "float64")
    found = ran(run, "--lce-subject", "./mine.py:softplus", *options)
    assert found.ret == pytest.ExitCode.OK
    outcomes = found.parseoutcomes()
    assert outcomes["passed"] >= 10
    assert "failed" not in outcomes


def test_a_failure_shows_input_result_and_a_script(run: pytest.Pytester) -> None:
    found = ran(run, "--lce-subject", "./mine.py:naive", "-k", "tails or accuracy")
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    assert found.parseoutcomes()["failed"] == 2
    text = "\n".join(found.outlines)
    assert "premature underflow or cancellation to 0" in text
    assert "A script that shows it:" in text
    assert "sys.exit(1 if error > 4 else 0)" in text
    assert "Traceback" not in text


def test_the_format_is_chosen(run: pytest.Pytester) -> None:
    listed = ran_here(
        run, "--lce-subject", "./mine.py:softplus", "--lce-format", "float64", "--collect-only"
    ).outlines
    names = [line.rpartition("::")[2] for line in listed if "::" in line]
    assert names
    assert all("-float64-" in name for name in names)


# -- results that were computed elsewhere --------------------------------------------------------


def results(*, titled: bool = True, rows: int | None = None, **changes: tuple[str, str]) -> str:
    """The shipped vectors as results in a file, some of them changed; the subject."""
    lines = csv_text(shipped("sigmoid", "float16")).replace(",expected,", ",result,", 1).splitlines()
    text = "\n".join(lines[0 if titled else 1 :][:rows])
    for old, new in changes.values():
        text = text.replace(old, new)
    Path("results.csv").write_text(text, encoding="utf-8")
    return "vectors:results.csv"


def test_right_results_pass_with_an_item_for_each_check(run: pytest.Pytester) -> None:
    found = ran(run, "--lce-subject", results(), "-vv", "--lce-json", "out.json")
    assert found.ret == pytest.ExitCode.OK
    assert set(found.parseoutcomes()) == {"passed"}
    assert "-float16-sigmoid-infinite_logits_hard_targets PASSED" in "\n".join(found.outlines)
    (told,) = Record.model_validate_json(Path("out.json").read_text(encoding="utf-8")).subjects
    want = audit("vectors:results.csv")
    assert want.passed
    assert told.model_copy(update={"seconds": 0.0}) == want.model_copy(update={"seconds": 0.0})
    assert found.parseoutcomes()["passed"] == len(want.checks)


def test_wrong_results_fail_where_an_audit_of_them_does(run: pytest.Pytester) -> None:
    spec = results(half=(",0x3800,", ",0x0000,"))
    found = ran_here(run, "--lce-subject", spec, "--lce-json", "out.json")
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    (told,) = Record.model_validate_json(Path("out.json").read_text(encoding="utf-8")).subjects
    assert [check.check for check in told.failed] == [check.check for check in audit(spec).failed]
    assert told.failed
    assert found.parseoutcomes()["failed"] == len(told.failed)


def test_results_in_another_format_or_not_all_of_them_are_wrong_usage(run: pytest.Pytester) -> None:
    for options, spec in ((("--lce-format", "float64"), results()), ((), results(rows=9))):
        found = ran_here(run, "--lce-subject", spec, *options)
        assert found.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
        text = "\n".join([*found.outlines, *found.errlines])
        assert "holds float16 only" in text or "has a result for 7 of 407 vectors" in text


# -- expected failures ---------------------------------------------------------------------------

ITEM = "./mine.py:naive-float32-softplus-tails"


def test_an_expected_failure_is_run_and_does_not_fail_the_run(run: pytest.Pytester) -> None:
    Path("expected.txt").write_text(f"{ITEM}  # cancels, known\n\n# a comment\n", encoding="utf-8")
    found = ran(
        run, "--lce-subject", "./mine.py:naive", "-k", "tails", "--lce-expected-failures", "expected.txt"
    )
    assert found.ret == pytest.ExitCode.OK
    assert found.parseoutcomes()["xfailed"] == 1


def test_a_number_sign_may_stand_in_a_name(run: pytest.Pytester) -> None:
    run.makepyfile(**{"mine#1": GOOD})
    name = ITEM.replace("mine", "mine#1")
    Path("expected.txt").write_text(f"{name} # cancels, as in #7\n  # {ITEM} # no\n", encoding="utf-8")
    options = ("-k", "tails", "--lce-expected-failures", "expected.txt")
    found = ran_here(run, "--lce-subject", "./mine#1.py:naive", *options)
    assert found.ret == pytest.ExitCode.OK
    assert found.parseoutcomes()["xfailed"] == 1


def test_an_expected_failure_that_passes_fails_the_run(run: pytest.Pytester) -> None:
    name = ITEM.replace("tails", "dtype")
    Path("expected.txt").write_text(f"{name}  # used to widen\n", encoding="utf-8")
    found = ran_here(
        run, "--lce-subject", "./mine.py:naive", "-k", "dtype", "--lce-expected-failures", "expected.txt"
    )
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    assert "[XPASS(strict)] used to widen" in "\n".join(found.outlines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\x93\xff", "cannot read 'expected.txt': it is not UTF-8"),
        (ITEM.encode(), "line 1: give the reason after ' #'"),
        (f"{ITEM}# why".encode(), "line 1: give the reason after ' #'"),
        (f"{ITEM} #".encode(), "line 1: give the reason after ' #'"),
        (b"no-such-item # reason", "there is no item 'no-such-item'"),
        (None, "cannot read 'expected.txt'"),
    ],
)
def test_a_list_that_cannot_be_used_is_wrong_usage(
    run: pytest.Pytester, text: bytes | None, said: str
) -> None:
    if text is not None:
        Path("expected.txt").write_bytes(text)
    found = ran_here(run, "--lce-subject", "./mine.py:naive", "--lce-expected-failures", "expected.txt")
    assert found.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    assert said in "\n".join([*found.outlines, *found.errlines])


# -- the record, and wrong usage -----------------------------------------------------------------


def test_json_holds_the_findings(run: pytest.Pytester) -> None:
    ran(run, "--lce-subject", "./mine.py:naive", "-k", "tails or dtype", "--lce-json", "out.json")
    record = Record.model_validate_json(Path("out.json").read_text(encoding="utf-8"))
    (told,) = record.subjects
    assert told.subject == "./mine.py:naive"
    assert told.offered == {"float32": ("softplus",)}
    assert told.seconds > 0
    assert not told.isolated
    assert {(check.check, check.status) for check in told.checks} == {
        ("tails", "failed"),
        ("dtype", "passed"),
    }
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["provenance"]["command"].startswith(
        "pytest "
    )


@pytest.mark.skipif(sys.platform == "win32", reason="programs are judged on POSIX systems only")
def test_json_says_that_a_program_is_isolated(run: pytest.Pytester) -> None:
    ran(run, "--lce-subject", planted_program("right"), "-k", "tails", "--lce-json", "out.json")
    (told,) = Record.model_validate_json(Path("out.json").read_text(encoding="utf-8")).subjects
    assert told.isolated


def test_what_cannot_be_written_after_the_run_is_one_sentence_and_2(run: pytest.Pytester) -> None:
    Path("loop.json").symlink_to("loop.json")
    found = ran(run, "--lce-subject", "./mine.py:naive", "-k", "dtype", "--lce-json", "loop.json")
    assert found.ret == 2
    text = "\n".join([*found.outlines, *found.errlines])
    assert "stablelce: cannot write 'loop.json': Too many levels of symbolic links." in text
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lce-subject", "numpy:fused", "--lce-json", "no/x.json"), "there is no folder 'no'; make it"),
        (("--lce-subject", "numpy:fused", "--lce-json", "."), "it is a folder; name a file"),
        (("--lce-subject", "scpiy"), "did you mean 'scipy'"),
        (
            ("--lce-subject", f"cmd:{sys.executable} -c 'exit(3)'"),
            "could not be started: its process exited with",
        ),
        (("--lce-subject", "numpy:fused", "--lce-profile", "good"), "use one of correctly-rounded"),
        (("--lce-subject", "numpy:fused", "--lce-tier", "quick"), "use one of smoke"),
        (("--lce-subject", "numpy:fused", "--lce-format", "float8"), "unknown format 'float8'"),
    ],
)
def test_wrong_usage_is_one_sentence(run: pytest.Pytester, arguments: tuple[str, ...], said: str) -> None:
    found = (ran if "scpiy" in arguments else ran_here)(run, *arguments)  # one of them as a user does
    assert found.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    text = "\n".join([*found.outlines, *found.errlines])
    assert said in text
    assert "Traceback" not in text
