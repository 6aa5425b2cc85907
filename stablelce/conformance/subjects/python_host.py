"""The process for calls of a Python subject that took the audit's down: it speaks the protocol, in binary.

Run as ``python -m stablelce.conformance.subjects.python_host SUBJECT QUANTITY``. What the subject prints goes
where standard error goes.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from stablelce.conformance.subjects.base import ONE_ARGUMENT, Subject, SubjectError
from stablelce.conformance.subjects.importing import describe
from stablelce.conformance.subjects.protocol import GREETING
from stablelce.conformance.subjects.resolve import resolve
from stablelce.formats import FORMATS, find_format

__all__ = ["main"]


def main(spec: str, quantity: str) -> None:
    """Answer requests until the input ends."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    requests.readline()
    answers.write(GREETING)
    try:
        subject = resolve(spec, quantity)
        answers.write(_offer(subject))
    except SubjectError as error:
        answers.write(f"error {_line(str(error))}\n".encode())
    answers.flush()
    while head := requests.readline():
        wanted, name, count, _ = head.decode().split()
        fmt = find_format(name)
        sizes = [int(count) * fmt.width // 8] * (1 if wanted in ONE_ARGUMENT else 2)
        inputs = [fmt.array(np.frombuffer(requests.read(size), fmt.uint)) for size in sizes]
        try:
            answers.write(_answer(subject.functions[wanted](*inputs), inputs[0]))
        except Exception as error:  # noqa: BLE001 - what a subject raises is an answer
            answers.write(f"error {_line(describe(error))}\n".encode())
        answers.flush()


def _offer(subject: Subject) -> bytes:
    everything = subject.formats or tuple(fmt.dtype_name for fmt in FORMATS)
    lines = [
        f"offer {name} {' '.join(subject.fewer_formats.get(name, everything))}" for name in subject.functions
    ]
    return "\n".join([*lines, "encodings binary", "ready", ""]).encode()


def _answer(results: Any, z: Any) -> bytes:
    """Each result as it lies in memory; what is no array like ``z`` is an error."""
    parts = results if isinstance(results, tuple) else (results,)
    arrays = [np.asarray(part) for part in parts]
    for array in arrays:
        if array.dtype != z.dtype or array.shape != z.shape:
            raise TypeError(f"the result is {array.dtype} {array.shape}, not {z.dtype} {z.shape}")
    data = b"".join(array.tobytes() for array in arrays)
    return f"results {z.size}\n".encode() + data + b"end\n"


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main(*sys.argv[1:])
