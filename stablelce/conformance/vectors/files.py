"""Make files of vectors, and read those that ship: ``python -m stablelce.conformance.vectors``.

Expected values come from the oracle; the shipped ones were made with Arb, and a test makes them again with
mpmath and compares the bytes. The text has one line for each vector and holds no date and no machine.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from stablelce import oracle
from stablelce.conformance.checks.special import limit
from stablelce.conformance.provenance import sources_sha256
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.vectors.choose import Chosen, choose, takes_target
from stablelce.conformance.vectors.flags import FLAGS, Point, flags_of
from stablelce.conformance.vectors.model import Group, Source, Vector, VectorFile, VectorProvenance, schema
from stablelce.formats import FORMATS, Format, find_format
from stablelce.oracle.decomposition import decompose
from stablelce.oracle.dyadic import ONE, Dyadic
from stablelce.oracle.enclosure import Enclosure, refinements
from stablelce.oracle.exact import backend

__all__ = ["DATA", "build", "csv_text", "json_text", "main", "schema_text", "shipped", "sources"]

_PACKAGE = Path(__file__).resolve().parents[2]
DATA = Path(__file__).resolve().parents[1] / "data" / "vectors"
SCHEMA = DATA / "vectors.schema.json"

HEADER = (
    "Inputs z (logit) and t (target) with results for L(z,t) = t*log(1+exp(-z)) + (1-t)*log(1+exp(z)),",
    "its first and second derivative in z (gradient, hessian), sigmoid(z), log_sigmoid(z) and softplus(z).",
    "Numbers are encodings, sign first.",
    "expected: the correctly rounded result.",
    "exact: the float next to the exact value towards zero and, after the point, how far the exact value",
    "lies beyond it, in 1/4096 of a step, rounded down: a result of that binade is off by the difference, in",
    "ulps.",
    "unit: where given, errors are counted in 2**unit instead of ulps.",
    "A NaN may have any sign and payload; a zero at an infinite logit may have either sign.",
)


# -- one vector --------------------------------------------------------------------------------


def _exact(quantity: str, z: int, t: int, fmt: Format, using: str | None) -> tuple[int, int]:
    """The float next to the exact value towards zero, and the rest in 1/4096 of a step, rounded down."""
    parts = decompose(quantity, Dyadic(*fmt.decode(z)), Dyadic(*fmt.decode(t)), ONE, ONE)

    def question(enclosure: Enclosure) -> tuple[int, int] | None:
        unit, sign = enclosure.ulp_exponent(fmt), enclosure.sign()
        if unit is None or sign is None:
            return None
        low, high = sorted(abs(end) for end in enclosure.ends())
        scale = Dyadic(1, 12 - unit)
        first = _floor(low * scale)
        # The ends are no elements of an open interval: one that ends at a whole number stays below it.
        last = first if enclosure.is_point else -_floor(-(high * scale)) - 1
        if first != last:
            return None
        magnitude = fmt.round_dyadic(first >> 12, unit)
        return magnitude | (fmt.sign_bit if sign < 0 else 0), first & 4095

    answers = map(question, refinements(parts, backend(using)))
    return next(answer for answer in answers if answer is not None)


def _floor(value: Dyadic) -> int:
    return value.m << value.e if value.e >= 0 else value.m >> -value.e


def _vectors(
    quantity: str, fmt: Format, chosen: Chosen, first_id: int, using: str | None
) -> Iterable[Vector]:
    def bits(encoding: int) -> str:
        return f"0x{encoding:0{fmt.width // 4}x}"

    for number, ((z, t), comment) in enumerate(zip(chosen.points, chosen.comments, strict=True), first_id):
        exact = unit = digits = None
        if fmt.is_finite(z) and fmt.is_finite(t):
            one = (
                np.array([z], dtype=fmt.uint),
                np.array([t], dtype=fmt.uint) if takes_target(quantity) else None,
            )
            answer = oracle.expected(quantity, *one, fmt, using)
            expected = int(answer.encodings[0])
            toward_zero, digits = _exact(quantity, z, t, fmt, using)
            exact = f"{toward_zero:0{fmt.width // 4}x}.{digits:03x}"
            if quantity == "gradient" and fmt.to_fraction(t) not in (0, 1):
                unit = int(answer.units[0])
        else:
            expected = limit(fmt, quantity, z, t)
        logit, target = (float(value) for value in fmt.array([z, t]))
        yield Vector(
            id=number,
            z=bits(z),
            t=bits(t) if takes_target(quantity) else None,
            expected=bits(expected),
            exact=exact,
            unit=unit,
            flags=flags_of(Point(quantity, fmt, logit, target, expected, digits)),
            comment=comment,
        )


# -- one file ----------------------------------------------------------------------------------


def sources() -> tuple[str, ...]:
    """The files that the vectors depend on, relative to the package, sorted."""
    folders = ("oracle", "conformance/vectors")
    found = [path.relative_to(_PACKAGE).as_posix() for f in folders for path in (_PACKAGE / f).glob("*.py")]
    modules = ("hard_cases", "regions", "region_maps", "contract", "checks/special")
    return tuple(sorted([*found, "formats.py", "ulp.py", *(f"conformance/{name}.py" for name in modules)]))


@cache
def _packages(*names: str) -> dict[str, str]:
    return {name: metadata.version(name) for name in names}


def build(
    quantity: str,
    fmt: Format,
    using: str | None = None,
    groups: list[Chosen] | None = None,
) -> VectorFile:
    """The vectors of one quantity in one format.

    Parameters
    ----------
    quantity : str
        As in :func:`stablelce.oracle.exact`.
    fmt : Format
        Of inputs and results.
    using : {"arb", "mpmath"}, optional
        The library that encloses; Arb where installed.
    groups : list of Chosen, optional
        The inputs; those of :func:`choose` unless given.
    """
    made: list[Group] = []
    count = 0
    for chosen in choose(quantity, fmt) if groups is None else groups:
        rows = tuple(_vectors(quantity, fmt, chosen, count + 1, using))
        made.append(Group(name=chosen.name, source=chosen.source, tests=rows))
        count += len(rows)
    tests = [test for group in made for test in group.tests]
    names = [name for name in FLAGS if any(name in test.flags for test in tests)]
    command = f"stablelce vectors --dtype {fmt.dtype_name} --quantity {quantity}"
    content = {
        "schema": "stablelce-vectors-v1",
        "header": HEADER,
        "source": Source(name="stablelce", command=command, license="BSD-3-Clause"),
        "quantity": quantity,
        "dtype": fmt.dtype_name,
        "number_of_tests": count,
        "provenance": VectorProvenance(
            oracles=_packages("mpmath", "python-flint"),
            packages=_packages("numpy"),
            sources=sources(),
            sources_sha256=sources_sha256(sources()),
            inputs_sha256=_sha256(f"{test.z} {test.t}" for test in tests),
            results_sha256=_sha256(f"{test.expected} {test.exact} {test.unit}" for test in tests),
        ),
        "flags": {name: FLAGS[name] for name in names},
        "groups": made,
    }
    return VectorFile.model_validate(content)


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# -- text --------------------------------------------------------------------------------------


def json_text(file: VectorFile) -> str:
    """The file as JSON, a line for each vector."""
    content = file.model_dump(by_alias=True, exclude_none=True)
    groups = content.pop("groups")
    head = json.dumps(content, indent=1, default=list)
    body = ",\n".join(map(_group_text, groups))
    return f'{head[:-2]},\n "groups": [\n{body}\n ]\n}}\n'


def _group_text(group: dict[str, Any]) -> str:
    tests = ",\n".join(f"    {json.dumps(_brief(test))}" for test in group["tests"])
    name, source = json.dumps(group["name"]), json.dumps(group["source"])
    return f'  {{"name": {name}, "source": {source},\n   "tests": [\n{tests}\n   ]}}'


def _brief(test: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: value for key, value in test.items() if value not in ((), "")}


def csv_text(file: VectorFile) -> str:
    """The vectors as CSV; a file of results is this with ``result`` instead of what follows z and t."""
    out = io.StringIO()
    out.write(f"# stablelce-vectors-v1 quantity={file.quantity} dtype={file.dtype}\n")
    writer = csv.writer(out, lineterminator="\n")
    inputs = ["z", "t"] if takes_target(file.quantity) else ["z"]
    writer.writerow(["id", *inputs, "expected", "exact", "flags", "comment"])
    for test in file.tests:
        given = [getattr(test, name) for name in inputs]
        writer.writerow(
            [test.id, *given, test.expected, test.exact or "", " ".join(test.flags), test.comment]
        )
    return out.getvalue()


# -- the files that ship -----------------------------------------------------------------------


def shipped(quantity: str, fmt: Format | str) -> VectorFile:
    """Version 1 of the vectors of a quantity in a format, from the package."""
    path = _path(quantity, find_format(fmt))
    return VectorFile.model_validate_json(path.read_text(encoding="utf-8"))


def _path(quantity: str, fmt: Format, folder: Path = DATA) -> Path:
    return folder / f"{quantity}_{fmt.dtype_name}.json"


def schema_text() -> str:
    """The schema of the files, as it ships beside them."""
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from the models by: python -m stablelce.conformance.vectors",
    }
    return json.dumps(about | schema(), indent=1) + "\n"


def main(folder: Path = DATA) -> None:
    """Make all files; the same sources and libraries give the same bytes."""
    folder.mkdir(exist_ok=True)
    (folder / SCHEMA.name).write_text(schema_text(), encoding="utf-8")
    for quantity in QUANTITIES:
        for fmt in FORMATS:
            path = _path(quantity, fmt, folder)
            path.write_text(json_text(build(quantity, fmt)), encoding="utf-8")
            print(f"{path.name}: {path.stat().st_size} bytes")
