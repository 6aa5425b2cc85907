"""The record: what an audit found, as data. Tables, pages and plots are views of it.

The models below are the schema: ``accuracy.schema.json`` beside this file is generated from them, and a
test compares the two. An error is a non-negative number in units (see the contract) or the string
``"inf"``, because JSON has no infinity. Encodings are hexadecimal strings, so that no reader rounds them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticSerializationError

from stablelce.formats import Format

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "AccuracyResult",
    "AuditResult",
    "CheckResult",
    "Counterexample",
    "CurveBin",
    "Error",
    "Model",
    "Provenance",
    "Record",
    "RecordModel",
    "SchemaFile",
    "Value",
]

SCHEMA_VERSION: Literal[1] = 1


def _error_from_json(value: Any) -> Any:
    if isinstance(value, str) and value != "inf":
        raise ValueError('an error is a number or the string "inf"')
    return math.inf if value == "inf" else value


def _error_to_json(value: float) -> float | str:
    return "inf" if math.isinf(value) else value


Error = Annotated[
    float,
    Field(ge=0, allow_inf_nan=True),
    BeforeValidator(_error_from_json),
    PlainSerializer(_error_to_json, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"const": "inf"}]}),
]
"""A non-negative error in units; infinity is written "inf"."""

Status = Literal["passed", "failed", "inconclusive", "not applicable"]
Profile = Literal["correctly-rounded", "faithful", "accurate", "stable"]
Targets = Literal["hard", "soft", "none"]


class Model(BaseModel):
    """A part of a record: it does not change, and a field that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """It as indented JSON, without infinities.

        What UTF-8 cannot write becomes an escape: odd bytes in the name of a file or in what a subject says.
        """
        try:
            return self.model_dump_json(indent=1) + "\n"
        except PydanticSerializationError:
            return self.model_validate(_encodable(self.model_dump())).model_dump_json(indent=1) + "\n"


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {_encodable(key): _encodable(one) for key, one in value.items()}
        case list() | tuple():
            return type(value)(map(_encodable, value))
        case _:
            return value


class RecordModel(Model):
    """A whole file."""


@dataclass(frozen=True)
class SchemaFile:
    """The JSON Schema of a record as a file; `comment` says what makes it."""

    path: Path
    record: type[RecordModel]
    comment: str

    def text(self) -> str:
        """The text that the file has to hold."""
        about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": self.comment}
        return json.dumps(about | self.record.model_json_schema(mode="serialization"), indent=1) + "\n"

    def write(self) -> None:
        """Make the file."""
        self.path.write_text(self.text(), encoding="utf-8", newline="\n")


class Value(Model):
    """One floating-point number in the three notations a reader may need."""

    decimal: str
    hex: str
    bits: str

    @classmethod
    def of(cls, fmt: Format, encoding: int) -> Value:
        """The number with this encoding: shortest decimal that round-trips, hexadecimal, bits."""
        scalar = fmt.array([encoding])[0]
        if fmt.is_nan(encoding):
            hexadecimal = "nan"
        elif fmt.is_infinite(encoding):
            hexadecimal = "-inf" if fmt.is_negative(encoding) else "inf"
        else:
            hexadecimal = float(scalar).hex()
        return cls(decimal=_shortest(fmt, encoding), hex=hexadecimal, bits=f"0x{encoding:0{fmt.width // 4}x}")


def _shortest(fmt: Format, encoding: int) -> str:
    """The nearest decimal of as few digits as round to the number."""
    scalar = fmt.array([encoding])[0]
    value = float(scalar)
    if fmt.name == "bfloat16":  # NumPy knows the digits of its own formats only
        digits = (f"{value:.{n}e}" for n in range(fmt.precision))
        known = value == 0 or not math.isfinite(value)
        scalar = np.float64(value if known else next(d for d in digits if fmt.round(Fraction(d)) == encoding))
    plain = value == 0 or not math.isfinite(value) or 1e-4 <= abs(value) < 1e17
    positional = np.format_float_positional(scalar, trim="0")
    return positional if plain and len(positional) <= 24 else np.format_float_scientific(scalar, trim="0")


class Counterexample(Model):
    """An input at which a check fails, as simple as could be found, with a call to paste."""

    quantity: str
    format: str
    z: Value
    t: Value | None = None
    got: Value | None = None
    want: Value | None = None
    error: Error | None = None
    call: str
    note: str = ""


class CurveBin(Model):
    """The largest error met for logits in [z_low, z_high)."""

    z_low: float
    z_high: float
    largest_error: Error


class AccuracyResult(Model):
    """How one quantity fares in one format against the oracle.

    ``zeros`` counts results that are 0 where the correctly rounded one is a normal number;
    ``profile`` is the highest profile that all points reach, None where even `stable` fails.
    """

    quantity: str
    format: str
    targets: Targets
    points: int = Field(ge=1)
    coverage: Literal["exhaustive", "sampled"]
    correctly_rounded: int = Field(ge=0)
    largest_error: Error
    zeros: int = Field(ge=0)
    profile: Profile | None
    worst: Counterexample | None = None
    curve: tuple[CurveBin, ...] = ()


class CheckResult(Model):
    """The outcome of one check for one quantity (or none) in one format.

    ``reproducer`` is a script that shows a failure without this package and exits with 1.
    """

    check: str
    format: str
    quantity: str | None
    required: bool
    status: Status
    points: int = Field(ge=0)
    failures: int = Field(ge=0)
    mode: str = ""
    message: str = ""
    counterexample: Counterexample | None = None
    reproducer: str = ""


class AuditResult(Model):
    """Everything found about one subject.

    ``profiles`` maps a format to the highest profile reached there by all judged quantities. ``device`` and
    ``threads`` are what the subject says of itself, empty and None where it says nothing.
    """

    subject: str
    version: str
    device: str = ""
    threads: int | None = None
    isolated: bool
    tier: Literal["smoke", "standard", "deep", "given points"]
    required_profile: Profile
    offered: dict[str, tuple[str, ...]]
    profiles: dict[str, Profile | None]
    accuracy: tuple[AccuracyResult, ...]
    checks: tuple[CheckResult, ...]
    seconds: float = Field(ge=0)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The required checks that failed."""
        return tuple(c for c in self.checks if c.required and c.status == "failed")

    @property
    def passed(self) -> bool:
        """Whether every required check holds."""
        return not self.failed


class Provenance(Model):
    """How a record was made: enough to make it again and to tell when it is stale."""

    command: str
    machine: str
    python: str
    packages: dict[str, str]
    sources: tuple[str, ...]
    sources_sha256: str


class Record(RecordModel):
    """A file of audit results."""

    schema_version: Literal[1] = SCHEMA_VERSION
    provenance: Provenance
    subjects: tuple[AuditResult, ...]
    absent: dict[str, str] = Field(default_factory=dict)


SCHEMA = SchemaFile(
    Path(__file__).with_name("accuracy.schema.json"),
    Record,
    "Generated from stablelce/conformance/results.py by: python -m stablelce.report.schema",
)
