"""The shipped vectors: made again by the other oracle to the same bytes, checked by plain fractions."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from fractions import Fraction
from typing import Any

import jsonschema
import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.provenance import sources_sha256
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.vectors import build as make
from stablelce.conformance.vectors import csv_text, json_text, shipped
from stablelce.conformance.vectors.choose import Chosen, choose, takes_target
from stablelce.conformance.vectors.files import DATA, SCHEMA, main, schema_text, sources
from stablelce.conformance.vectors.model import VectorFile
from stablelce.formats import BINARY64, FORMATS, Format, find_format

STALE = "run: python -m stablelce.conformance.vectors"

each = pytest.mark.parametrize(
    ("quantity", "fmt"),
    [(quantity, fmt) for quantity in QUANTITIES for fmt in FORMATS],
    ids=lambda part: getattr(part, "dtype_name", part),
)


def text(quantity: str, fmt: Format) -> str:
    return (DATA / f"{quantity}_{fmt.dtype_name}.json").read_text(encoding="utf-8")


def inputs(file: VectorFile) -> list[Chosen]:
    """The committed inputs, from which expected values are computed anew."""
    return [
        Chosen(
            group.name,
            group.source,
            [(int(test.z, 16), int(test.t or "0x0", 16)) for test in group.tests],
            [test.comment for test in group.tests],
        )
        for group in file.groups
    ]


def assert_made_again(quantity: str, fmt: Format, step: int, using: str) -> int:
    """Every so-manieth line of the file, or the whole text, is what the other oracle makes of the inputs."""
    committed = text(quantity, fmt)
    file = VectorFile.model_validate_json(committed)
    if step == 1:
        again = make(quantity, fmt, using, inputs(file))
        # Versions of the libraries are of the machine that made the file; all else is made again.
        pinned = again.provenance.model_copy(
            update={"oracles": file.provenance.oracles, "packages": file.provenance.packages}
        )
        assert json_text(again.model_copy(update={"provenance": pinned})) == committed
        return file.number_of_tests
    part = [
        Chosen(group.name, group.source, group.points[::step], group.comments[::step])
        for group in inputs(file)
    ]
    again = make(quantity, fmt, using, part)
    want = [test for group in file.groups for test in group.tests[::step]]
    for made, test in zip(again.tests, want, strict=True):
        assert made.model_copy(update={"id": test.id}) == test
    return len(want)


@each
def test_a_part_of_each_file_is_made_again_by_the_other_oracle(quantity: str, fmt: Format) -> None:
    assert assert_made_again(quantity, fmt, 12, "mpmath") >= 20


def test_one_whole_file_is_made_again_to_the_byte_by_the_other_oracle() -> None:
    assert assert_made_again("gradient", BINARY64, 1, "mpmath") > 500


@pytest.mark.deep
@each
def test_each_file_is_made_again_to_the_byte_by_the_other_oracle(
    quantity: str, fmt: Format, record_property: Any
) -> None:
    record_property("inputs", assert_made_again(quantity, fmt, 1, "mpmath"))


def test_a_wrong_digit_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = text("loss", BINARY64)
    wrong = right.replace('"exact": "3fe62e42fefa39ef.357"', '"exact": "3fe62e42fefa39ef.358"')
    assert wrong != right
    monkeypatch.setitem(globals(), "text", lambda *_: wrong)
    with pytest.raises(AssertionError):
        assert_made_again("loss", BINARY64, 1, "mpmath")


@each
def test_the_inputs_are_those_that_are_chosen(quantity: str, fmt: Format) -> None:
    """But for the last place of targets that come from the platform's exponential."""
    committed, chosen = inputs(shipped(quantity, fmt)), choose(quantity, fmt)
    assert [group.name for group in committed] == [group.name for group in chosen]
    for ours, theirs in zip(committed, chosen, strict=True):
        assert ours.comments == theirs.comments
        assert [z for z, _ in ours.points] == [z for z, _ in theirs.points]
        t, other = (fmt.ordinals([t for _, t in group.points]) for group in (ours, theirs))
        assert np.abs(t - other).max() <= (1 if ours.name in ("near optimum", "hard cases") else 0)


@each
def test_exact_digits_and_rounded_results_agree_with_an_exact_value(quantity: str, fmt: Format) -> None:
    """Near the exact value to 2^-80 ulps, the digits bracket it, and it rounds to the result."""
    tests = [test for test in shipped(quantity, fmt).tests if test.exact is not None][::9]
    for test in tests:
        z, t = (fmt.to_fraction(int(bits, 16)) for bits in (test.z, test.t or "0x0"))
        exact = oracle.exact(quantity, z, t if takes_target(quantity) else None, fmt, using="mpmath")
        assert test.exact is not None
        bits, _, rest = test.exact.partition(".")
        toward_zero = int(bits, 16)
        away = toward_zero + 1  # the next larger magnitude, whatever the sign
        low = abs(fmt.to_fraction(toward_zero))
        # A step beyond the largest value is as long as the one before it.
        step = (
            abs(fmt.to_fraction(away)) - low
            if fmt.is_finite(away)
            else low - abs(fmt.to_fraction(toward_zero - 1))
        )
        value = abs(exact.value(step / 2**80))
        slack = step / 2**80
        assert low + step * Fraction(int(rest, 16), 4096) - slack <= value
        assert value <= low + step * Fraction(int(rest, 16) + 1, 4096) + slack
        assert int(test.expected, 16) == exact.encoding
        assert int(test.expected, 16) in (toward_zero, away)


@each
def test_each_file_keeps_to_the_schema_and_to_its_own_counts(quantity: str, fmt: Format) -> None:
    content = json.loads(text(quantity, fmt))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(content)
    file = VectorFile.model_validate(content)
    assert (file.quantity, file.dtype) == (quantity, fmt.dtype_name)
    assert [test.id for test in file.tests] == list(range(1, file.number_of_tests + 1))
    assert len({(test.z, test.t) for test in file.tests}) == file.number_of_tests
    used = {flag for test in file.tests for flag in test.flags}
    assert used == set(file.flags)
    lines = "\n".join(f"{test.z} {test.t}" for test in file.tests)
    assert hashlib.sha256(lines.encode()).hexdigest() == file.provenance.inputs_sha256
    lines = "\n".join(f"{test.expected} {test.exact} {test.unit}" for test in file.tests)
    assert hashlib.sha256(lines.encode()).hexdigest() == file.provenance.results_sha256
    assert {"mpmath", "python-flint"} == set(file.provenance.oracles)


def test_the_schema_is_that_of_the_models() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), STALE


@each
def test_the_files_were_made_from_the_present_sources(quantity: str, fmt: Format) -> None:
    found = shipped(quantity, fmt).provenance
    assert found.sources == sources(), STALE
    assert found.sources_sha256 == sources_sha256(sources()), STALE


def test_all_files_together_are_small() -> None:
    names = {path.name for path in DATA.iterdir()}
    assert names == {SCHEMA.name, *(f"{q}_{fmt.dtype_name}.json" for q in QUANTITIES for fmt in FORMATS)}
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 3_000_000  # everyone who installs has them


def test_making_them_twice_gives_the_same_bytes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {(q, fmt): [group._replace(points=group.points[:2], comments=group.comments[:2])
                      for group in choose(q, fmt)] for q in QUANTITIES for fmt in FORMATS}  # fmt: skip
    monkeypatch.setattr("stablelce.conformance.vectors.files.choose", lambda q, fmt: few[q, fmt])
    for folder in (tmp_path / "a", tmp_path / "b"):
        main(folder)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 25
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in names)


@pytest.mark.parametrize("quantity", ["loss", "softplus"])
def test_csv_holds_the_same(quantity: str) -> None:
    file = shipped(quantity, "float32")
    title, _, rest = csv_text(file).partition("\n")
    assert title == f"# stablelce-vectors-v1 quantity={quantity} dtype=float32"
    rows = list(csv.DictReader(io.StringIO(rest)))
    assert len(rows) == file.number_of_tests
    for row, test in zip(rows, file.tests, strict=True):
        assert (int(row["id"]), row["z"], row.get("t")) == (test.id, test.z, test.t)
        assert (row["expected"], row["exact"]) == (test.expected, test.exact or "")
        assert tuple(row["flags"].split()) == test.flags


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown format 'float80'"):
        shipped("loss", "float80")
    assert shipped("loss", find_format("binary32")).dtype == "float32"
