from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from stablelce.report.schema import SCHEMA
from tests.report import records


def validator() -> Any:
    schema = json.loads(SCHEMA.text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(*subjects: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(records.record(*subjects).to_json())
    return found


def test_the_file_is_the_schema_of_the_models() -> None:
    stale = "run: python -m stablelce.report.schema"
    assert SCHEMA.path.read_text(encoding="utf-8") == SCHEMA.text(), stale


def test_a_record_keeps_to_the_schema() -> None:
    validator().validate(as_json("numpy:naive", "scipy"))


def test_infinite_errors_are_written_in_words() -> None:
    errors = [result["largest_error"] for result in as_json("numpy:naive")["subjects"][0]["accuracy"]]
    assert "inf" in errors


@pytest.mark.parametrize("error", ["infinity", -1, None])
def test_an_error_is_a_number_or_inf(error: object) -> None:
    record = as_json("scipy")
    record["subjects"][0]["accuracy"][0]["largest_error"] = error
    assert not validator().is_valid(record)


def test_another_version_or_an_unknown_field_breaks_the_schema() -> None:
    assert not validator().is_valid(as_json("scipy") | {"schema_version": 2})
    assert not validator().is_valid(as_json("scipy") | {"extra": 1})
