from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from stablelce.conformance.vectors import shipped
from stablelce.conformance.vectors.model import VectorFile, schema


def content() -> dict[str, Any]:
    found: dict[str, Any] = shipped("loss", "float32").model_dump(
        by_alias=True, mode="json", exclude_none=True
    )
    return found


def test_a_file_survives_json() -> None:
    assert VectorFile.model_validate(content()) == shipped("loss", "float32")
    jsonschema.Draft202012Validator(schema()).validate(content())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("z", "0x3f80"[:-1]),
        ("z", "1.0"),
        ("expected", "0X3F800000"),
        ("exact", "3f800000.12"),
        ("id", 0),
        ("extra", 1),
    ],
)
def test_schema_and_models_refuse_the_same(field: str, value: Any) -> None:
    wrong = content()
    wrong["groups"][0]["tests"][0][field] = value
    assert not jsonschema.Draft202012Validator(schema()).is_valid(wrong)
    with pytest.raises(ValidationError):
        VectorFile.model_validate(wrong)


@pytest.mark.parametrize(
    ("field", "value"), [("schema", "other"), ("quantity", "cost"), ("dtype", "float80")]
)
def test_another_kind_of_file_is_refused(field: str, value: str) -> None:
    wrong = content() | {field: value}
    assert not jsonschema.Draft202012Validator(schema()).is_valid(wrong)
    with pytest.raises(ValidationError):
        VectorFile.model_validate(wrong)
