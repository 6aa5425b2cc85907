"""A program that speaks the protocol and does one thing wrong, named by its first argument."""

from __future__ import annotations

import math
import os
import struct
import sys
import time
from typing import BinaryIO

MISDEED = sys.argv[1]
TEXT = "--text" in sys.argv
NUMBERS = {"float64": ("d", 8), "float32": ("f", 4)}

OFFERS = {
    "another version": "stablelce 2\n",
    "offers nothing": "stablelce 1\nencodings hex\nready\n",
    "offers no encoding": "stablelce 1\noffer loss float64\nencodings decimal\nready\n",
    "offers another quantity": "stablelce 1\noffer cost float64\nencodings hex\nready\n",
    "offers another format": "stablelce 1\noffer loss float80\nencodings hex\nready\n",
    "prints first": "hello\n",
    "chats": "stablelce 1\nhello\n",
    "refuses": "stablelce 1\nerror no licence\n",
    "one long line": "x" * 5000,
}


def loss(z: float, t: float) -> float:
    s = 1 - t if z >= 0 else t
    return (abs(z) * s if s else 0.0) + math.log1p(math.exp(-abs(z)))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    requests.readline()
    offer = f"stablelce 1\noffer loss float64\nencodings {'hex' if TEXT else 'binary hex'}\nready\n"
    answers.write(OFFERS.get(MISDEED, offer).encode())
    answers.flush()
    calls = 0
    while head := requests.readline():
        calls += 1
        if calls > 1 and MISDEED == "dies at the second call":
            sys.exit(3)
        _, _, count, encoding = head.decode().split()
        points = read(requests, int(count), encoding)
        answers.write(answer([loss(z, t) for z, t in points], points, encoding))
        answers.flush()


def read(requests: BinaryIO, count: int, encoding: str) -> list[tuple[float, float]]:
    if encoding == "binary":
        z, t = (struct.unpack(f"{count}d", requests.read(8 * count)) for _ in range(2))
        return list(zip(z, t, strict=True))
    rows = (requests.readline().decode().split() for _ in range(count))
    return [(float.fromhex(z), float.fromhex(t)) for z, t in rows]


def answer(results: list[float], points: list[tuple[float, float]], encoding: str) -> bytes:
    if encoding == "binary":
        whole = struct.pack(f"{len(results)}d", *results)
    else:
        whole = "".join(f"{r.hex()}\n" for r in results).encode()
    head, end = f"results {len(results)}\n".encode(), b"end\n"
    hit = any(z >= 700 for z, _ in points)
    if hit and MISDEED == "dies":
        sys.exit(3)
    if hit and MISDEED == "hangs":
        time.sleep(600)
    if hit and MISDEED == "closes its output":
        os.close(1)
        time.sleep(600)
    wrong = {
        "one result short": head + whole[:-8] + end if encoding == "binary" else head + end,
        "one result more": head + whole + whole[-8:] + end,
        "wrong number": f"results {len(results) + 1}\n".encode() + whole + end,
        "decimals": head + "".join(f"{r!r}\n" for r in results).encode() + end,
        "words": b"I do not know\n",
        "more after the end": head + whole + end + b"more\n",
        "error": b"error z is too large\n",
        "breaks off": head + b"0x1p+0\nerror z is too large\n",
        "floods": b"x" * 4_000_000,
    }
    if hit and MISDEED in wrong:
        return wrong[MISDEED]
    if hit and MISDEED == "floods its errors":
        for _ in range(4000):
            sys.stderr.write("x" * 1000)
    if MISDEED == "notes":
        return b"note a note\n" + head + whole + end
    if MISDEED == "complains":
        sys.stderr.write("a complaint\n")
        sys.stderr.flush()
    return head + whole + end


if MISDEED == "dies at once":
    sys.exit(4)
if MISDEED == "never answers":
    time.sleep(600)
serve(sys.stdin.buffer, sys.stdout.buffer)
