"""The process in which a shared library runs: it speaks the protocol of protocol.py, in binary.

Run as a file and with the standard library alone, so that it starts in some 20 ms however often the library
takes it down. Arguments: the library, then ``quantity:format:symbol`` for each function to look for.

What it does for a library beyond calling it:

* outputs are filled with a NaN that no arithmetic makes, so that an element which is not written shows;
* around each array lies a margin, filled likewise, that must be the same after the call;
* arrays start at element 1 or 3 of a block of 64 bytes, by their length, and so are not aligned any better;
* rounding mode and the treatment of subnormals are looked at after loading it, and after each call and put
  back;
* the generators of the C library are set to a known state before, and asked for their next number.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

PATTERNS = {"float64": b"\xa5\xa5\xa5\xa5\xa5\xa5\xf8\x7f", "float32": b"\xa5\xa5\xc5\x7f"}
if sys.byteorder == "big":
    PATTERNS = {name: word[::-1] for name, word in PATTERNS.items()}
MARGIN = 128
"""Bytes before and after each array."""

BLOCK = 64
ONE_ARGUMENT = ("sigmoid", "log_sigmoid", "softplus")
SEED = 20260917


def main(path: str, wanted: list[str]) -> None:
    """Answer requests until the input ends."""
    # What the library prints goes where standard error goes; what it reads is nothing.
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    requests.readline()
    surroundings, arena = _Surroundings(), _Arena()
    answers.write(b"stablelce 1\n")
    surroundings.prepare()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        answers.write(f"error {' '.join(str(error).split())}\n".encode())
        answers.flush()
        return
    loading = surroundings.accepted()
    functions = _functions(library, wanted)
    for quantity in dict.fromkeys(quantity for quantity, _ in functions):
        names = " ".join(name for other, name in functions if other == quantity)
        answers.write(f"offer {quantity} {names}\n".encode())
    answers.write(b"encodings binary\nready\n" if functions else b"error it has none of the symbols\n")
    answers.flush()
    while head := requests.readline():
        quantity, name, count, _ = head.decode().split()
        size = int(count) * len(PATTERNS[name])
        inputs = [requests.read(size) for _ in range(1 if quantity in ONE_ARGUMENT else 2)]
        outputs = 2 if quantity == "loss_and_gradient" else 1
        arena.place(inputs, outputs, int(count), PATTERNS[name])
        surroundings.prepare()
        functions[quantity, name](*arena.pointers(), ctypes.c_size_t(int(count)))
        notes = [*loading, *surroundings.changes()]
        answers.write(_answer(arena, notes))
        answers.flush()


def _functions(library: ctypes.CDLL, wanted: list[str]) -> dict[tuple[str, str], Any]:
    found = {}
    for one in wanted:
        quantity, name, symbol = one.split(":")
        function = getattr(library, symbol, None)
        if function is not None:
            function.restype = None
            found[quantity, name] = function
    return found


def _answer(arena: _Arena, notes: list[str]) -> bytes:
    """What the call left in memory, as the protocol wants it."""
    memory = arena.read()
    if memory.margins != arena.image.margins:
        return b"fault writes outside its arrays\n"
    if memory.inputs != arena.image.inputs:
        notes.append("inputs written to")
    for result in memory.outputs:
        at = _unwritten(result, arena.pattern)
        if at is not None:
            return f"fault result not written: element {at} of {arena.count}\n".encode()
    lines = "".join(f"note {text}\n" for text in notes)
    return f"{lines}results {arena.count}\n".encode() + b"".join(memory.outputs) + b"end\n"


def _unwritten(result: bytes, pattern: bytes) -> int | None:
    """The first element that is still the pattern."""
    at = result.find(pattern)
    while at % len(pattern) and at >= 0:
        at = result.find(pattern, at + 1)
    return None if at < 0 else at // len(pattern)


class _Image(NamedTuple):
    """Bytes of an arena, taken apart."""

    margins: list[bytes]
    inputs: list[bytes]
    outputs: list[bytes]


class _Arena:
    """Memory for the arrays of one call, each between margins, filled with the pattern but for the inputs."""

    def __init__(self) -> None:
        self.image = _Image([], [], [])
        self.pattern, self.count = b"", 0
        self._map = mmap.mmap(-1, 1 << 16)
        self._places: list[int] = []
        self._size = self._total = self._inputs = 0

    def place(self, inputs: list[bytes], outputs: int, count: int, pattern: bytes) -> None:
        self.pattern, self.count, self._inputs = pattern, count, len(inputs)
        self._size, offset = count * len(pattern), (1 + 2 * (count % 2)) * len(pattern)
        room = -(-(MARGIN + offset + self._size) // BLOCK) * BLOCK
        self._places = [k * room + MARGIN + offset for k in range(len(inputs) + outputs)]
        self._total = len(self._places) * room + MARGIN
        filled = bytearray(pattern * (self._total // len(pattern)))
        for place, given in zip(self._places, inputs, strict=False):
            filled[place : place + self._size] = given
        if len(self._map) < self._total:
            self._map = mmap.mmap(-1, self._total)
        self._map[: self._total] = bytes(filled)
        self.image = self.read()

    def pointers(self) -> list[ctypes.c_void_p]:
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        return [ctypes.c_void_p(address + place) for place in self._places]

    def read(self) -> _Image:
        ends = [place + self._size for place in self._places]
        margins = zip([0, *ends], [*self._places, self._total], strict=True)
        arrays = [self._map[a:b] for a, b in zip(self._places, ends, strict=True)]
        return _Image([self._map[a:b] for a, b in margins], arrays[: self._inputs], arrays[self._inputs :])


class _Surroundings:
    """State of the process that a call must leave alone: rounding, subnormals, the C library's generators."""

    def __init__(self) -> None:
        self._get, self._set = self._environment()
        self._saved = ctypes.create_string_buffer(512)  # larger than any system's fenv_t
        self._libc = ctypes.CDLL(None)
        self._libc.lrand48.restype = ctypes.c_long
        self._seed()
        self._next = self._libc.rand(), self._libc.lrand48()
        self._state = _arithmetic()

    @staticmethod
    def _environment() -> tuple[Callable[..., int], Callable[..., int]]:
        for name in ("libm.so.6", "libm.dylib", None):
            with contextlib.suppress(OSError, AttributeError):
                library = ctypes.CDLL(name)
                return library.fegetenv, library.fesetenv
        return (lambda _: 0), (lambda _: 0)

    def _seed(self) -> None:
        self._libc.srand(SEED)
        self._libc.srand48(SEED)

    def prepare(self) -> None:
        self._seed()
        self._get(self._saved)

    def accepted(self) -> list[str]:
        """What loading altered; it stays, as it does for every caller, and is no doing of a call."""
        found = [f"loading it {text}" for text in self._altered()]
        self._state = _arithmetic()
        return found

    def changes(self) -> list[str]:
        """What a call altered, which is put back."""
        found = self._altered()
        self._set(self._saved)
        self._libc.fflush(None)  # what the library printed, before the answer
        return found

    def _altered(self) -> list[str]:
        after = _arithmetic()
        found = [f"altered {name}" for name, before in self._state.items() if after[name] != before]
        drawn = self._libc.rand(), self._libc.lrand48()
        if drawn != self._next:
            found.append("altered the state of rand or drand48")
        return found


def _arithmetic() -> dict[str, object]:
    """What arithmetic does now, seen from results; the names are those of the check of the environment."""
    one, tiny, smallest = 1.0, sys.float_info.min, sys.float_info.min * sys.float_info.epsilon
    half_ulp = sys.float_info.epsilon / 2
    return {
        "rounding to nearest": (
            one + half_ulp == one,
            one + 3 * half_ulp == one + 4 * half_ulp,
            -one - half_ulp == -one,
        ),
        "subnormal results": tiny * 0.5 != 0.0,
        "subnormal inputs": smallest * 2.0**60 != 0.0,
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
