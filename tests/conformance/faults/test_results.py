from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from stablelce.conformance.faults.results import SCHEMA, CheckRow, FaultRecord

RECORD = Path(__file__).parents[3] / "reports" / "faults" / "faults.json"


def test_the_schema_file_is_the_one_of_the_models() -> None:
    stale = "run: python -m stablelce.conformance.faults.results"
    assert SCHEMA.path.read_text(encoding="utf-8") == SCHEMA.text(), stale


def test_the_committed_record_keeps_the_schema() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.text())).validate(record)


def test_an_unknown_field_or_version_is_refused() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for change in ({"schema_version": 2}, {"more": 1}):
        with pytest.raises(ValidationError):
            FaultRecord.model_validate(record | change)


def test_a_check_is_needed_for_one_of_three_reasons() -> None:
    empty: dict[str, tuple[str, ...]] = {
        "catches": ("a",),
        "alone": (),
        "alone_without_oracle": (),
        "alone_in_naming": (),
    }
    assert not CheckRow(check="mirror", required=True, **empty).needed
    for reason in ("alone", "alone_without_oracle", "alone_in_naming"):
        assert CheckRow(check="mirror", required=True, **(empty | {reason: ("a",)})).needed
