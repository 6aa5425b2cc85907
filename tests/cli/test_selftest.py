from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import pytest

from stablelce.cli import main
from stablelce.cli import selftest as command
from stablelce.conformance.faults import trust
from stablelce.conformance.faults.trust import Trial

GOOD = (Trial("right implementation", True), Trial("factor 2", True))
BAD = (Trial("right implementation", True), Trial("factor 2", False, "not seen by accuracy (x)"))


def test_a_sound_machine_is_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(command, "trials", lambda _progress: GOOD):
        assert main(["selftest", "--json", str(tmp_path / "found.json")]) == 0
    assert "TRUSTED: 1 faults caught" in capsys.readouterr().out
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["trusted"] is True
    assert [trial["name"] for trial in found["trials"]] == ["right implementation", "factor 2"]


def test_what_was_missed_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(command, "trials", lambda _progress: BAD):
        assert main(["selftest", "--json", str(tmp_path / "found.json")]) == 1
    shown = capsys.readouterr().out
    assert "FAILED factor 2" in shown
    assert "not seen by accuracy (x)" in shown
    assert "NOT TRUSTED: 1 of 2 audits went wrong here" in shown
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["trusted"] is False


def test_a_process_that_flushes_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    state = {"rounding to nearest": (True, True, True), "subnormal results": False}
    with (
        patch.object(command, "trials", lambda _progress: BAD),
        patch.object(command, "floating_point_state", lambda: state),
    ):
        assert main(["selftest"]) == 1
    assert "This process does not keep: subnormal results." in capsys.readouterr().out


@pytest.mark.bulk
def test_the_suite_can_be_trusted_here(capsys: pytest.CaptureFixture[str]) -> None:
    # The right implementation and the first faults. The whole sample is part of the matrix of faults, of
    # which each run computes a tenth, and the deep tier all, check by check and mode by mode.
    few = trust.sample()[:4]
    with patch.object(trust, "sample", lambda: few):
        assert main(["selftest"]) == 0
    assert "TRUSTED: 4 faults caught" in capsys.readouterr().out
