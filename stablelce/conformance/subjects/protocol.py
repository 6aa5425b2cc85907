"""The protocol between the suite and a program in any language: lines, and numbers in one of three forms.

The suite starts the program once and talks to it through standard input and output. It says first which
version it speaks; the program answers with what it offers::

    suite      stablelce 1
    program    stablelce 1
               version mylib 2.3                 (optional; goes into the record)
               offer loss float64 float32        (one line for each quantity: its name, its formats)
               offer sigmoid float64
               encodings binary hex              (one or more of hex, bits, binary)
               ready

Then come requests, any number of them. A request is a line with quantity, format, number of points and
encoding, and then the points; an answer is a line with the number of results, the results, and a line that
ends it. The program must flush its output after that line::

    suite      loss float64 2 hex
               0x1.4p+5 0x1p+0                   (z and t; z alone for sigmoid, log_sigmoid and softplus)
               0x0p+0 0x0p+0
    program    results 2
               0x1.39792499b1a24p-58
               0x1.62e42fefa39efp-1
               end

Quantities are loss, gradient, hessian, sigmoid, log_sigmoid and softplus, with `hessian` taking z and t, and
loss_and_gradient, whose results are pairs. Formats are float16, bfloat16, float32 and float64. Encodings:

``hex``
    A line for each point, its numbers separated by one space, as C's ``%a`` writes them: ``0x1.8p+3``,
    ``-0x0p+0``, ``inf``, ``-inf``, ``nan``. Every value is exact; decimals are refused, since most programs
    print too few digits of them.
``bits``
    The same with each number as the bits of its encoding, sign first: ``0x`` and 16, 8 or 4 hexadecimal
    digits. For languages that do not read hexadecimal floats.
``binary``
    No lines: after the request line come all z, then all t, as they lie in the memory of this machine; after
    the line with the number of results come all results (for loss_and_gradient all losses, then all
    gradients). The fastest form.

Of the encodings that a program offers the suite takes the fastest. In answers, ``hex`` and ``bits`` may be
mixed. Instead of its results a program may answer ``error`` and a reason, which counts as raising; before
them it may write lines ``note`` and a text, which count as printing, like what it writes to standard error.
An empty request (0 points) has an empty answer. When its input ends, the program shall end. (``fault`` and a
phrase instead of results is how the suite's own host says what a library did to its arrays.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.subjects.notation import ProtocolError, printable, read_number, write_number
from stablelce.formats import FORMATS, Format, UIntArray, find_format

__all__ = [
    "ENCODINGS",
    "GREETING",
    "Answer",
    "Offer",
    "Request",
    "read_offer",
]

GREETING = b"stablelce 1\n"
"""The first line that either side writes."""

ENCODINGS = ("binary", "bits", "hex")
"""How numbers are written, the fastest first."""

_LINE = 4096
"""Bytes in the longest line of a program; the longest number is shorter than 40."""

_RECENT = 1 << 17
"""Bytes at the end of an unfinished answer that are looked at: what comes at once is at most half of that."""

_NO_NUMBER = re.compile(rb"^(?!\s*[+-]?(?:0x|inf|nan)).*\n", re.MULTILINE | re.IGNORECASE)
"""A whole line that begins like none of the forms of a number."""


# -- what a program offers ---------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What a program said of itself: formats of each quantity, encodings, and its version or ""."""

    formats: dict[str, tuple[str, ...]]
    encodings: tuple[str, ...]
    version: str = ""

    @property
    def encoding(self) -> str:
        """The fastest encoding that both sides know."""
        return next(encoding for encoding in ENCODINGS if encoding in self.encodings)


def read_offer(data: bytes) -> tuple[Offer, int] | None:
    """The offer at the start of a program's output and how long it is; None until it is whole.

    Raises
    ------
    ProtocolError
        A line that has no place there.
    """
    formats: dict[str, tuple[str, ...]] = {}
    encodings: tuple[str, ...] = ()
    version = ""
    line, position = _line(data, 0)
    if line is not None and f"{line}\n".encode() != GREETING:
        raise ProtocolError(f"its first line is {line[:60]!r}, not {GREETING.decode().strip()!r}")
    while line is not None:
        line, position = _line(data, position)
        match (line or "").split():
            case ["version", *words]:
                version = " ".join(words)
            case ["offer", name, *names]:
                if name in formats:
                    raise ProtocolError(f"it offers {name} twice")
                formats[_quantity(name)] = tuple(_format(one) for one in names)
            case ["encodings", *names]:
                encodings = tuple(names)
            case ["ready"]:
                return _offer(formats, encodings, version), position
            case ["error", *words]:
                raise ProtocolError(f"it says {' '.join(words)[:300]}")
            case _ if line is not None:
                raise ProtocolError(
                    f"it wrote {line[:60]!r} where version, offer, encodings or ready belongs"
                )
    return None


def _offer(formats: dict[str, tuple[str, ...]], encodings: tuple[str, ...], version: str) -> Offer:
    if not any(formats.values()) or not set(encodings) & set(ENCODINGS):
        raise ProtocolError(
            f"it offers no quantity with a format, or none of the encodings {', '.join(ENCODINGS)}"
        )
    return Offer(formats, encodings, version)


def _quantity(name: str) -> str:
    if name not in (*QUANTITIES, "loss_and_gradient"):
        raise ProtocolError(f"it offers {name[:60]!r}, which is no quantity")
    return name


def _format(name: str) -> str:
    try:
        return find_format(name).dtype_name
    except ValueError:
        known = ", ".join(fmt.dtype_name for fmt in FORMATS)
        raise ProtocolError(f"it offers the format {name[:60]!r}; the formats are {known}") from None


def _line(data: bytes, position: int) -> tuple[str | None, int]:
    """The line that starts there and where the next one does; None until its end is there."""
    end = data.find(b"\n", position)
    if end < 0:
        if len(data) - position > _LINE:
            raise ProtocolError(f"it wrote a line of more than {_LINE} bytes")
        return None, position
    return printable(data[position:end].rstrip(b"\r").decode("utf-8", "replace")), end + 1


# -- requests and answers ----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """The results, one array of encodings for each output, or the reason for an error, and the notes."""

    results: tuple[UIntArray, ...]
    error: str | None
    notes: tuple[str, ...]
    fault: str | None = None


@dataclass(frozen=True)
class Request:
    """A quantity at points: one column of encodings for each input."""

    quantity: str
    fmt: Format
    columns: tuple[UIntArray, ...]
    encoding: str

    @property
    def points(self) -> int:
        return int(self.columns[0].size)

    @property
    def outputs(self) -> int:
        return 2 if self.quantity == "loss_and_gradient" else 1

    @property
    def longest(self) -> int:
        """Bytes in the longest answer that can be right."""
        return 64 * (self.points * self.outputs + 1) + 16 * _LINE

    def take(self, chosen: Sequence[int] | slice) -> Request:
        """The request at some of the points."""
        return Request(self.quantity, self.fmt, tuple(c[chosen] for c in self.columns), self.encoding)

    def point(self) -> tuple[int, int]:
        """Encodings of the first logit and target; 0 where there is no target."""
        z, *t = self.columns
        return int(z[0]), int(t[0][0]) if t else 0

    def to_bytes(self) -> bytes:
        """What the suite writes."""
        head = f"{self.quantity} {self.fmt.dtype_name} {self.points} {self.encoding}\n".encode()
        if self.encoding == "binary":
            return head + b"".join(column.tobytes() for column in self.columns)
        rows = zip(*(column.tolist() for column in self.columns), strict=True)
        lines = (" ".join(write_number(n, self.fmt, self.encoding) for n in row) + "\n" for row in rows)
        return head + "".join(lines).encode()

    def read(self, data: bytes) -> tuple[Answer, int] | None:
        """The answer at the start of a program's output and how long it is; None until it is whole.

        Raises
        ------
        ProtocolError
            It is no answer to this request.
        """
        notes: list[str] = []
        position = 0
        while True:
            line, position = _line(data, position)
            if line is None:
                return None
            word, _, rest = line.partition(" ")
            if word == "note":
                notes.append(rest)
            elif word in ("error", "fault"):
                kind = {word: rest[:300]}
                return Answer((), kind.get("error"), tuple(notes), kind.get("fault")), position
            elif line == f"results {self.points}":
                break
            else:
                raise ProtocolError(f"it wrote {line[:60]!r} where 'results {self.points}' belongs")
        found = self._binary(data, position) if self.encoding == "binary" else self._text(data, position)
        if found is None:
            return None
        results, position = found
        line, position = _line(data, position)
        if line is None:
            return None
        if line != "end":
            raise ProtocolError(f"it wrote {line[:60]!r} where 'end' belongs, after {self.points} results")
        return Answer(results, None, tuple(notes)), position

    def _binary(self, data: bytes, position: int) -> tuple[tuple[UIntArray, ...], int] | None:
        size = self.points * self.fmt.width // 8
        end = position + size * self.outputs
        if len(data) < end:
            return None
        parts = [data[position + k * size : position + (k + 1) * size] for k in range(self.outputs)]
        return tuple(np.frombuffer(part, self.fmt.uint) for part in parts), end

    def _text(self, data: bytes, position: int) -> tuple[tuple[UIntArray, ...], int] | None:
        if data.count(b"\n", position) < self.points:
            self._refuse_early(data, position)
            return None
        rows = []
        for i in range(self.points):
            line, position = _line(data, position)
            assert line is not None  # counted above
            rows.append(self._row(i, line))
        table = np.array(rows, dtype=self.fmt.uint).reshape(self.points, self.outputs)
        return tuple(np.ascontiguousarray(table[:, k]) for k in range(self.outputs)), position

    def _refuse_early(self, data: bytes, position: int) -> None:
        """Refuse a line that is no result before the others are there: it may be the last that comes."""
        recent = max(position, data.rfind(b"\n", position, max(position, len(data) - _RECENT)) + 1)
        found = _NO_NUMBER.search(data, recent)
        if found is not None:
            line, _ = _line(data, found.start())
            self._row(data.count(b"\n", position, found.start()), line or "")

    def _row(self, i: int, line: str) -> list[int]:
        """The numbers of one result."""
        fields = line.split()
        if line == "end":
            raise ProtocolError(f"it ended its answer before {self.points} results")
        if len(fields) != self.outputs:
            raise ProtocolError(f"result {i + 1} of {self.points} is {line[:60]!r}")
        try:
            return [read_number(field, self.fmt) for field in fields]
        except ProtocolError as error:
            raise ProtocolError(f"result {i + 1} of {self.points}: {error}") from None
