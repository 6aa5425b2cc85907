"""The record: values a reader can trust, JSON that round-trips, a schema that holds."""

from __future__ import annotations

import json
import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stablelce.conformance.results import (
    SCHEMA,
    AccuracyResult,
    AuditResult,
    CheckResult,
    Counterexample,
    CurveBin,
    Provenance,
    Record,
    RecordModel,
    SchemaFile,
    Value,
)
from stablelce.formats import BFLOAT16, BINARY32, BINARY64, FORMATS, Format

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

ERRORS = st.one_of(st.floats(min_value=0, allow_infinity=False, allow_nan=False), st.just(math.inf))

SCHEMA_AS_JSON = json.loads(SCHEMA.text())


def counterexample(error: float | None = 2.5) -> Counterexample:
    one = Value.of(BINARY64, BINARY64.round(Fraction(1)))
    return Counterexample(
        quantity="loss", format="float64", z=one, t=one, got=one, want=one, error=error, call="f(z, t)"
    )


def accuracy(error: float = 0.5) -> AccuracyResult:
    return AccuracyResult(
        quantity="loss",
        format="float64",
        targets="hard",
        points=3,
        coverage="sampled",
        correctly_rounded=2,
        largest_error=error,
        zeros=0,
        profile="accurate",
        worst=counterexample(error),
        curve=(CurveBin(z_low=-1.0, z_high=1.0, largest_error=error),),
    )


def check(name: str = "tails", *, required: bool = True, status: Any = "failed") -> CheckResult:
    return CheckResult(
        check=name, format="float64", quantity="loss", required=required, status=status, points=3, failures=1
    )


def audit(*checks: CheckResult, error: float = 0.5) -> AuditResult:
    return AuditResult(
        subject="mine",
        version="1",
        isolated=False,
        tier="smoke",
        required_profile="accurate",
        offered={"float64": ("loss",)},
        profiles={"float64": None},
        accuracy=(accuracy(error),),
        checks=checks,
        seconds=0.25,
    )


def record(*checks: CheckResult, error: float = 0.5) -> Record:
    made = Provenance(
        command="stablelce report",
        machine="none",
        python="3",
        packages={"numpy": "2"},
        sources=("ulp.py",),
        sources_sha256="0",
    )
    return Record(provenance=made, subjects=(audit(*checks, error=error),), absent={"jax": "not installed"})


# -- values -------------------------------------------------------------------------------------------


def parse(fmt: Format, text: str) -> int:
    """The encoding that a reader's library makes of a decimal."""
    dtype = np.dtype(ml_dtypes.bfloat16) if fmt is BFLOAT16 else np.dtype(fmt.dtype_name)
    return int(fmt.encodings(np.array([text]).astype(np.float64).astype(dtype))[0])


@formats
@given(data=st.data())
def test_all_three_notations_stand_for_the_encoding(fmt: Format, data: st.DataObject) -> None:
    encoding = data.draw(st.integers(0, fmt.max_finite)) | data.draw(st.sampled_from([0, fmt.sign_bit]))
    value = Value.of(fmt, encoding)
    assert int(value.bits, 16) == encoding
    assert len(value.bits) == 2 + fmt.width // 4
    # float.fromhex reads the hexadecimal exactly; binary64 holds every value of the four formats.
    read = float.fromhex(value.hex)
    assert Fraction(read) == fmt.to_fraction(encoding)
    assert math.copysign(1.0, read) == (-1.0 if fmt.is_negative(encoding) else 1.0)
    assert parse(fmt, value.decimal) == encoding


@formats
def test_the_decimal_is_short(fmt: Format) -> None:
    """17 digits identify a binary64 value; with a sign, a point and an exponent that is 24 characters."""
    special = [0, 1, fmt.min_normal - 1, fmt.min_normal, fmt.max_finite, fmt.round(Fraction(1, 10))]
    for encoding in [*special, *(e | fmt.sign_bit for e in special)]:
        assert len(Value.of(fmt, encoding).decimal) <= 24


@formats
def test_infinities_and_nan_have_their_names(fmt: Format) -> None:
    for encoding, name in (
        (fmt.infinity, "inf"),
        (fmt.infinity | fmt.sign_bit, "-inf"),
        (fmt.nan, "nan"),
        (fmt.nan | 1, "nan"),
        (fmt.nan | fmt.sign_bit, "nan"),
    ):
        value = Value.of(fmt, encoding)
        assert (value.decimal, value.hex) == (name, name)
        assert int(value.bits, 16) == encoding  # the bits alone tell one NaN from another


@formats
def test_negative_zero_keeps_its_sign(fmt: Format) -> None:
    value = Value.of(fmt, fmt.sign_bit)
    assert value.decimal.startswith("-0")
    assert value.hex.startswith("-0x0")
    assert not Value.of(fmt, 0).decimal.startswith("-")


def test_the_smallest_subnormals_are_not_shown_as_zero() -> None:
    for fmt in FORMATS:
        value = Value.of(fmt, 1)
        assert float(value.decimal) > 0
        assert float.fromhex(value.hex) == 2.0**fmt.quantum


@pytest.mark.parametrize("text", ["40.0", "0.1", "-8.23", "1024.0", "0.25", "1e+30"])
def test_a_short_number_is_shown_as_it_is_typed(text: str) -> None:
    (encoding,) = struct.unpack("<Q", struct.pack("<d", float(text)))
    shown = Value.of(BINARY64, encoding).decimal
    assert float(shown) == float(text)
    assert len(shown) <= len(text) + 2


def test_the_shortest_decimal_belongs_to_the_format() -> None:
    """0.1 is 0.1 in each format, though its binary64 value has more digits in the shorter ones."""
    for fmt in FORMATS:
        assert Value.of(fmt, fmt.round(Fraction(1, 10))).decimal == "0.1"


def test_the_decimal_of_every_bfloat16_number_rounds_to_it_and_no_digit_is_spare() -> None:
    for encoding in range(BFLOAT16.max_finite + 1):
        shown = Value.of(BFLOAT16, encoding).decimal
        assert BFLOAT16.round(Fraction(shown)) == encoding
        digits = len(shown.partition("e")[0].replace(".", "").strip("0"))
        shorter = f"{float(BFLOAT16.to_fraction(encoding)):.{max(digits - 2, 0)}e}"
        assert digits <= 1 or BFLOAT16.round(Fraction(shorter)) != encoding


# -- errors in JSON -------------------------------------------------------------------------------------


@given(ERRORS)
def test_an_error_survives_json_infinity_as_a_string(error: float) -> None:
    text = record(error=error).to_json()
    back = Record.model_validate_json(text)
    assert back == record(error=error)
    written = json.loads(text)["subjects"][0]["accuracy"][0]["largest_error"]
    assert written == ("inf" if math.isinf(error) else error)


@pytest.mark.parametrize("error", [math.nan, -1.0, -math.inf, "nan", "infinity", "large", None])
def test_an_error_is_a_number_that_is_not_negative(error: Any) -> None:
    with pytest.raises(ValidationError):
        CurveBin(z_low=0.0, z_high=1.0, largest_error=error)


def test_the_json_holds_no_infinity_that_other_readers_reject() -> None:
    def refuse(name: str) -> Any:
        raise AssertionError(name)

    text = record(check(), error=math.inf).to_json()
    json.loads(text, parse_constant=refuse)
    assert text.endswith("}\n")


def test_a_missing_counterexample_stays_missing() -> None:
    back = Record.model_validate_json(record(check()).to_json())
    assert back.subjects[0].checks[0].counterexample is None
    assert counterexample(None).error is None


# -- verdicts --------------------------------------------------------------------------------------------


def test_only_required_checks_that_failed_fail_the_audit() -> None:
    failed = check("tails")
    others = (
        check("warnings and output", required=False),
        check("accuracy", status="passed"),
        check("finite difference", status="inconclusive"),
        check("weights", status="not applicable"),
    )
    assert audit(failed, *others).failed == (failed,)
    assert not audit(failed, *others).passed
    assert audit(*others).passed


# -- models and schema -------------------------------------------------------------------------------------


def test_the_schema_accepts_a_record_and_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA_AS_JSON)
    validator = jsonschema.Draft202012Validator(SCHEMA_AS_JSON)
    for error in (0.0, 0.5, math.inf):
        assert not [*validator.iter_errors(json.loads(record(check(), error=error).to_json()))]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("subjects",), None),
        (("surplus",), 1),
        (("subjects", 0, "tier"), "medium"),
        (("subjects", 0, "required_profile"), "exact"),
        (("subjects", 0, "seconds"), -1),
        (("subjects", 0, "accuracy", 0, "largest_error"), -1),
        (("subjects", 0, "accuracy", 0, "largest_error"), "nan"),
        (("subjects", 0, "accuracy", 0, "points"), 0),
        (("subjects", 0, "accuracy", 0, "coverage"), "most"),
        (("subjects", 0, "checks", 0, "status"), "skipped"),
        (("subjects", 0, "checks", 0, "failures"), "many"),
        (("provenance", "sources_sha256"), None),
    ],
)
def test_schema_and_models_refuse_the_same_records(path: tuple[Any, ...], value: Any) -> None:
    content = json.loads(record(check()).to_json())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert [*jsonschema.Draft202012Validator(SCHEMA_AS_JSON).iter_errors(content)]
    with pytest.raises(ValidationError):
        Record.model_validate_json(json.dumps(content))


@pytest.mark.parametrize("key", ["schema_version", "provenance", "subjects"])
def test_the_schema_names_version_provenance_and_subjects(key: str) -> None:
    assert key in SCHEMA_AS_JSON["properties"]
    content = json.loads(record().to_json())
    assert key in content


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        record().absent = {}


def test_the_binary32_value_is_not_printed_as_if_it_were_binary64() -> None:
    tenth = Value.of(BINARY32, BINARY32.round(Fraction(1, 10)))
    assert tenth.decimal == "0.1"
    assert Fraction(float.fromhex(tenth.hex)) != Fraction(1, 10)


# -- what all records share --------------------------------------------------------------------------------


class Counted(RecordModel):
    """A record."""

    count: int


def test_a_record_does_not_change_and_knows_its_fields() -> None:
    record = Counted(count=1)
    with pytest.raises(ValidationError, match="frozen"):
        record.count = 2
    with pytest.raises(ValidationError, match="extra"):
        Counted.model_validate({"count": 1, "other": 2})


def test_a_record_is_written_with_an_end_of_line() -> None:
    assert Counted(count=1).to_json() == '{\n "count": 1\n}\n'


class Said(RecordModel):
    """A record."""

    by: dict[str, tuple[str, ...]]


def test_what_is_no_text_is_written_as_escapes() -> None:
    text = Said(by={"\udcff": ("é", "a \ud800")}).to_json()
    assert Said.model_validate_json(text.encode()).by == {"\\udcff": ("é", "a \\ud800")}


def test_the_schema_says_what_made_it_and_is_written_as_it_is(tmp_path: Path) -> None:
    schema = SchemaFile(tmp_path / "a.schema.json", Counted, "Generated by: a command")
    schema.write()
    assert schema.path.read_bytes() == schema.text().encode()
    found = json.loads(schema.text())
    assert list(found)[:2] == ["$schema", "$comment"]
    assert found["$comment"] == "Generated by: a command"
    assert found["additionalProperties"] is False
    assert found["required"] == ["count"]
