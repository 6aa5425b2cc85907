"""What a file of vectors holds: the models are its schema, ``data/vectors/vectors.schema.json``.

The shape is that of Project Wycheproof's vectors: header, source, groups, flags. Numbers are encodings, so
that no reader rounds them: ``0x`` and 16, 8 or 4 hexadecimal digits, sign first.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from stablelce.conformance.results import Model

__all__ = ["Flag", "Group", "Source", "Vector", "VectorFile", "VectorProvenance", "schema"]

Bits = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16})$")]
ExactDigits = Annotated[
    str, StringConstraints(pattern=r"^([0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16})\.[0-9a-f]{3}$")
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Vector(Model):
    """One input with its result.

    ``expected`` is the correctly rounded result. ``exact`` is the exact value: the bits of the float next to
    it towards zero and, after the point, how far it lies beyond that, in 1/4096 of the step to the next float
    away from zero, rounded down. It is absent where the value is a limit or NaN. ``unit`` is the exponent of
    the unit of error where that is not ulp(exact): a gradient with a soft target may be off by 2**unit.
    """

    id: int = Field(ge=1)
    z: Bits
    t: Bits | None = None
    expected: Bits
    exact: ExactDigits | None = None
    unit: int | None = None
    flags: tuple[str, ...] = ()
    comment: str = ""


class Group(Model):
    """Vectors with one origin; ``source`` says which."""

    name: str
    source: str
    tests: tuple[Vector, ...]


class Flag(Model):
    """A failure that vectors with this flag catch."""

    failure: str
    meaning: str


class Source(Model):
    """Who made the file, with which command."""

    name: str
    command: str
    license: str


class VectorProvenance(Model):
    """What the file depends on, and checksums over its inputs and results."""

    oracles: dict[str, str]
    packages: dict[str, str]
    sources: tuple[str, ...]
    sources_sha256: Sha256
    inputs_sha256: Sha256
    results_sha256: Sha256


class VectorFile(Model):
    """A file of vectors for one quantity in one format."""

    schema_name: Literal["stablelce-vectors-v1"] = Field("stablelce-vectors-v1", alias="schema")
    header: tuple[str, ...]
    source: Source
    quantity: Literal["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"]
    dtype: Literal["float16", "bfloat16", "float32", "float64"]
    number_of_tests: int = Field(ge=1)
    provenance: VectorProvenance
    flags: dict[str, Flag]
    groups: tuple[Group, ...]

    @property
    def tests(self) -> list[Vector]:
        """All vectors, in the order of their ids."""
        return [test for group in self.groups for test in group.tests]


def schema() -> dict[str, Any]:
    """JSON Schema of :class:`VectorFile`."""
    return VectorFile.model_json_schema(by_alias=True)
