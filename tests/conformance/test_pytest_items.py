from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stablelce.conformance.results import Record

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


def test_without_a_subject_nothing_is_collected(run: pytest.Pytester) -> None:
    assert ran(run).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_each_check_and_format_is_an_item_with_a_name_to_read(run: pytest.Pytester) -> None:
    listed = ran(run, "--lce-subject", "./mine.py:softplus", "--collect-only").outlines
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
    listed = ran(
        run, "--lce-subject", "./mine.py:softplus", "--lce-format", "float64", "--collect-only"
    ).outlines
    names = [line.rpartition("::")[2] for line in listed if "::" in line]
    assert names
    assert all("-float64-" in name for name in names)


# -- expected failures ---------------------------------------------------------------------------

ITEM = "./mine.py:naive-float32-softplus-tails"


def test_an_expected_failure_is_run_and_does_not_fail_the_run(run: pytest.Pytester) -> None:
    Path("expected.txt").write_text(f"{ITEM}  # cancels, known\n\n# a comment\n", encoding="utf-8")
    found = ran(
        run, "--lce-subject", "./mine.py:naive", "-k", "tails", "--lce-expected-failures", "expected.txt"
    )
    assert found.ret == pytest.ExitCode.OK
    assert found.parseoutcomes()["xfailed"] == 1


def test_an_expected_failure_that_passes_fails_the_run(run: pytest.Pytester) -> None:
    name = ITEM.replace("tails", "dtype")
    Path("expected.txt").write_text(f"{name}  # used to widen\n", encoding="utf-8")
    found = ran(
        run, "--lce-subject", "./mine.py:naive", "-k", "dtype", "--lce-expected-failures", "expected.txt"
    )
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    assert "[XPASS(strict)] used to widen" in "\n".join(found.outlines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\x93\xff", "cannot read 'expected.txt': it is not UTF-8"),
        (ITEM.encode(), "line 1: give the reason after '#'"),
        (b"no-such-item # reason", "there is no item 'no-such-item'"),
        (None, "cannot read 'expected.txt'"),
    ],
)
def test_a_list_that_cannot_be_used_is_wrong_usage(
    run: pytest.Pytester, text: bytes | None, said: str
) -> None:
    if text is not None:
        Path("expected.txt").write_bytes(text)
    found = ran(run, "--lce-subject", "./mine.py:naive", "--lce-expected-failures", "expected.txt")
    assert found.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    assert said in "\n".join([*found.outlines, *found.errlines])


# -- the record, and wrong usage -----------------------------------------------------------------


def test_json_holds_the_findings(run: pytest.Pytester) -> None:
    ran(run, "--lce-subject", "./mine.py:naive", "-k", "tails or dtype", "--lce-json", "out.json")
    record = Record.model_validate_json(Path("out.json").read_text(encoding="utf-8"))
    (audit,) = record.subjects
    assert audit.subject == "./mine.py:naive"
    assert {(check.check, check.status) for check in audit.checks} == {
        ("tails", "failed"),
        ("dtype", "passed"),
    }
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["provenance"]["command"].startswith(
        "pytest "
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
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
    found = ran(run, *arguments)
    assert found.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    text = "\n".join([*found.outlines, *found.errlines])
    assert said in text
    assert "Traceback" not in text
