from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from stablelce.conformance.trainers.contract import CHECKS
from stablelce.conformance.trainers.results import SCHEMA, TrainerRecord
from tests.conformance.trainers.records import check, record, result


def validator() -> Any:
    schema = json.loads(SCHEMA.text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record(result()).to_json())
    return found


def test_the_file_is_the_schema_of_the_models() -> None:
    stale = "run: python -m stablelce.conformance.trainers.results"
    assert SCHEMA.path.read_text(encoding="utf-8") == SCHEMA.text(), stale


def test_a_record_keeps_to_the_schema_and_comes_back() -> None:
    validator().validate(as_json())
    assert TrainerRecord.model_validate_json(record(result()).to_json()) == record(result())


@pytest.mark.parametrize("change", [{"schema_version": 2}, {"extra": 1}, {"trainers": None}])
def test_another_version_or_an_unknown_field_breaks_the_schema(change: dict[str, Any]) -> None:
    assert not validator().is_valid(as_json() | change)


def test_a_required_check_that_fails_decides_and_an_informational_one_does_not() -> None:
    assert result(check("optimum", "failed")).failed == (check("optimum", "failed"),)
    assert not result(check("optimum", "failed")).passed
    assert result(check("hard problems", "failed"), check("optimum", "inconclusive")).passed
    assert not CHECKS["hard problems"].required


def test_a_check_is_found_by_its_name() -> None:
    assert result().check("optimum").check == "optimum"
