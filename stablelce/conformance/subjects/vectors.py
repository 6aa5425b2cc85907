"""Results computed elsewhere: ``vectors:results.csv``, a file that no Python need have written.

The file is CSV in UTF-8. Its first line may say that it holds the results of a set of vectors, which it then
holds whole; without it, the points are the writer's own, and what was asked for applies (the loss in float64
unless given). Then comes a line of names, and a line for each result::

    # stablelce-vectors-v1 quantity=loss dtype=float64
    id,z,t,result
    1,0x4044000000000000,0x3ff0000000000000,0x3c539792499b1a24
    2,0x1.4p+5,0x1p+0,0x1.39792499b1a24p-58

``id`` is for the reader and may be left out, ``t`` too for all but loss and gradient. Numbers are hexadecimal
floats or bits, as in protocol.py, and inf, -inf and nan. Further columns are ignored, so that a file written
by ``stablelce vectors`` needs one more column only. Other lines that start with # are comments.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject, SubjectError
from stablelce.conformance.subjects.notation import ProtocolError, read_number
from stablelce.conformance.subjects.process import DEFAULT_LIMITS, Limits
from stablelce.formats import BINARY64, Format, find_format

__all__ = ["Results", "from_file", "subject"]

_TITLE = re.compile(r"#\s*stablelce-vectors-v1\s+quantity=(\S+)\s+dtype=(\S+)\s*")
_LIKE_A_TITLE = re.compile(r"^[\s\"]*#\s*stablelce-vectors", re.MULTILINE)


@dataclass(frozen=True)
class Results(Subject):
    """The results in a file; `titled` where its first line says that they are those of a set of vectors."""

    titled: bool = False


class _Held(NamedTuple):
    """What a file holds, and whether that is said by its title, by the caller, or by nobody."""

    quantity: str
    fmt: Format
    said_by: Literal["title", "caller", "nobody"]


class _Row(NamedTuple):
    line: int
    z: int
    t: int
    result: int


def subject(spec: str, quantity: str, _limits: Limits = DEFAULT_LIMITS) -> Subject:
    """The results in a file, as a subject that is judged at its points alone.

    Raises
    ------
    SubjectError
        The file cannot be read; the message names the line.
    """
    path = spec.removeprefix("vectors:")
    if not path:
        raise SubjectError(f"subject {spec!r} names no file: write vectors:results.csv.")
    return from_file(Path(path), spec, quantity, None)


def from_file(path: Path, name: str, quantity: str | None, fmt: Format | None) -> Results:
    """The results in a file.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The name of the subject.
    quantity : str, optional
        What was computed, where the file does not say; the loss unless given.
    fmt : Format, optional
        Its format, likewise; binary64 unless given.

    Raises
    ------
    SubjectError
        The file cannot be read, or says something else; the message names the line.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SubjectError(f"cannot read {str(path)!r}: {reason}.") from None
    held = _title(path, text, quantity, fmt)
    rows = list(_rows(path, text, held))
    if not rows:
        raise SubjectError(f"{path} holds no results; write one line for each, below the names.")
    computed, used, said_by = held
    z, t = (np.array([row[k] for row in rows], dtype=used.uint) for k in (1, 2))
    arguments = "z" if computed in ONE_ARGUMENT else "z, t"
    return Results(
        name=name,
        functions={computed: _lookup(used, rows)},
        formats=(used.dtype_name,),
        version=f"sha256 {hashlib.sha256(data).hexdigest()[:12]}",
        imports="from stablelce.conformance.subjects import resolve\n"
        f"results = resolve({f'vectors:{path}'!r}, {computed!r})",
        expressions={computed: f"results.functions[{computed!r}]({arguments})"},
        isolated=True,
        points={computed: (z, t)},
        titled=said_by == "title",
    )


def _title(path: Path, text: str, quantity: str | None, fmt: Format | None) -> _Held:
    """What the file holds, from the first line or as asked for."""
    found = _TITLE.fullmatch(re.split(r"[\r\n]", text, maxsplit=1)[0])
    if not found:
        if _LIKE_A_TITLE.search(text):
            raise SubjectError(
                f"{path}, line 1: it is not '# stablelce-vectors-v1 quantity=... dtype=...', as "
                f"'stablelce vectors' wrote it; restore it."
            )
        return _Held(quantity or "loss", fmt or BINARY64, "nobody" if fmt is None else "caller")
    try:
        told = find_format(found[2])
    except ValueError as error:
        raise SubjectError(f"{path}, line 1: {error}") from None
    if found[1] not in QUANTITIES:
        raise SubjectError(
            f"{path}, line 1: {found[1]!r} is no quantity; use one of {', '.join(QUANTITIES)}."
        )
    return _Held(found[1], told, "title")


def _rows(path: Path, text: str, held: _Held) -> Iterator[_Row]:
    names: list[str] = []
    seen: dict[tuple[int, int], _Row] = {}
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for fields in reader:
            if not fields or fields[0].startswith("#"):
                continue
            if not names:
                names = _names(path, reader.line_num, fields, held.quantity)
                continue
            row = _row(f"{path}, line {reader.line_num}", reader.line_num, names, fields, held)
            first = seen.setdefault((row.z, row.t), row)
            if first is row:
                yield row
            elif first.result != row.result:
                raise SubjectError(
                    f"{path}, line {row.line}: another result than in line {first.line} for the same input."
                )
    except csv.Error as error:
        raise SubjectError(f"{path}, line {reader.line_num}: {error}.") from None
    if not names:
        raise SubjectError(f"{path} holds no line of names; start with id,z,t,result.")


def _names(path: Path, line: int, fields: list[str], quantity: str) -> list[str]:
    names = [field.strip().lower() for field in fields]
    needed = ["z", "result"] if quantity not in ("loss", "gradient") else ["z", "t", "result"]
    for name in needed:
        if names.count(name) != 1:
            what = "several columns" if name in names else "no column"
            raise SubjectError(
                f"{path}, line {line}: {what} {name!r}; for {quantity} name {', '.join(needed)}."
            )
    return names


def _row(where: str, line: int, names: list[str], fields: list[str], held: _Held) -> _Row:
    if len(fields) != len(names):
        raise SubjectError(f"{where}: {len(fields)} fields, but {len(names)} names.")
    fmt = held.fmt
    values = dict(zip(names, fields, strict=True))
    numbers = {}
    for name in ("z", "t", "result"):
        try:
            numbers[name] = read_number(values[name], fmt) if values.get(name, "").strip() else None
        except ProtocolError as error:
            raise SubjectError(f"{where}: {name} {error}{_assumed(held)}.") from None
    z, t, result = numbers["z"], numbers["t"], numbers["result"]
    if z is None or result is None or ("t" in names and t is None):
        empty = next(name for name in ("z", "t", "result") if name in names and numbers[name] is None)
        raise SubjectError(f"{where}: {empty} is empty; give a number, or nan for a result that never came.")
    if t is not None and not fmt.is_nan(t) and not _is_target(t, fmt):
        raise SubjectError(f"{where}: the target t lies outside [0, 1].")
    return _Row(line, z, 0 if t is None or fmt.is_zero(t) else t, result)


def _assumed(held: _Held) -> str:
    if held.said_by != "nobody":
        return ""
    name = held.fmt.dtype_name
    return f"; {name} is assumed, since line 1 names no dtype: name another by 'stablelce score --dtype'"


def _is_target(t: int, fmt: Format) -> bool:
    return fmt.is_zero(t) or t <= fmt.round_dyadic(
        1, 0
    )  # the sign makes a negative number the larger integer


def _lookup(fmt: Format, rows: list[_Row]) -> Callable[..., npt.NDArray[Any]]:
    table = {(row.z, row.t): row.result for row in rows}

    def compute(z: npt.NDArray[Any], t: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        logits = fmt.encodings(z)
        targets = np.zeros_like(logits) if t is None else fmt.encodings(t)
        pairs = zip(logits.ravel().tolist(), targets.ravel().tolist(), strict=True)
        results = [table[pair] for pair in pairs]
        return fmt.array(np.array(results, dtype=fmt.uint).reshape(logits.shape))

    return compute
