from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.conformance.faults import __main__ as command
from stablelce.conformance.faults import find
from stablelce.conformance.faults.base import Fault
from stablelce.conformance.faults.planting import right
from stablelce.conformance.faults.results import FaultRecord


def test_a_part_is_computed_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "one encoding of bfloat16"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "1 of 1 faults are caught.\n"
    assert "0/1  one encoding of bfloat16" in shown.err


def test_record_and_page_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = (find("one encoding of bfloat16"), find("factor 2"))
    monkeypatch.setattr(command, "FAULTS", chosen)
    assert command.main(["--write", str(tmp_path / "new")]) == 0
    record = FaultRecord.model_validate_json((tmp_path / "new" / "faults.json").read_text(encoding="utf-8"))
    assert [one.name for one in record.faults] == [fault.name for fault in chosen]
    assert "2 faults (2 element-wise" in (tmp_path / "new" / "README.md").read_text(encoding="utf-8")


def test_a_fault_that_escapes_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = find("one encoding of bfloat16")
    sound = Fault(**{**vars(fault), "functions": {"sigmoid": right("sigmoid")}})
    monkeypatch.setattr(command, "FAULTS", (sound,))
    assert command.main([]) == 1
    assert "not caught: one encoding of bfloat16" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--only", "no such fault"], "no fault has"), (["--only", "factor 2", "--write", "x"], "is no record")],
)
def test_wrong_usage_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
