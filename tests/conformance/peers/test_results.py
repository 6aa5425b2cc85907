from __future__ import annotations

import json

import jsonschema
import pytest
from pydantic import ValidationError

from stablelce.conformance.peers.results import SCHEMA, PeerRecord
from stablelce.conformance.peers.summary import summarise
from tests.cli.records import check, provenance, result

RECORD = PeerRecord(
    provenance=provenance("stablelce report --peers"),
    peers=(summarise(result(check(), subject="torch")),),
    absent={"jax": "install it with: pip install jax"},
)


def test_the_file_is_the_schema_of_the_models() -> None:
    stale = "run: python -m stablelce.conformance.peers.results"
    assert SCHEMA.path.read_text(encoding="utf-8") == SCHEMA.text(), stale


def test_a_record_keeps_to_the_schema_and_comes_back_as_it_was() -> None:
    schema = json.loads(SCHEMA.text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(RECORD.to_json()))
    assert PeerRecord.model_validate_json(RECORD.to_json()) == RECORD


def test_an_unknown_field_or_version_is_refused() -> None:
    data = json.loads(RECORD.to_json())
    for change in ({"extra": 1}, {"schema_version": 2}):
        with pytest.raises(ValidationError):
            PeerRecord.model_validate(data | change)
