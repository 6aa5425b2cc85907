"""The host of libraries, run as a program by itself: what it offers, answers and notes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from stablelce.conformance.subjects import lib, lib_host
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from tests.conformance.subjects.foreign import needs_compiler, planted_library

pytestmark = needs_compiler


def answers(functions: list[str], *requests: tuple[str, list[float]], library: str | None = None) -> bytes:
    """What the host writes in answer to requests, each a head and all its numbers."""
    sent = b"stablelce 1\n"
    for head, numbers in requests:
        dtype = np.float32 if "float32" in head else np.float64
        sent += f"{head}\n".encode() + np.array(numbers, dtype).tobytes()
    command = [sys.executable, str(lib._HOST), library or planted_library(), *functions]
    return subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True, timeout=60).stdout


def packed(*numbers: float) -> bytes:
    return np.array(numbers).tobytes()


LOSS = "loss:float64:right"
HEAD = b"stablelce 1\noffer loss float64\nencodings binary\nready\n"


def test_it_offers_the_functions_that_are_there() -> None:
    wanted = ["sigmoid:float64:all_sigmoid", "sigmoid:float32:all_sigmoidf", "loss:float64:none"]
    assert answers(wanted) == (b"stablelce 1\noffer sigmoid float64 float32\nencodings binary\nready\n")
    assert answers(["loss:float64:none"]) == b"stablelce 1\nerror it has none of the symbols\n"
    refused = answers([LOSS], library=__file__)
    assert refused.startswith(b"stablelce 1\nerror ")
    assert refused.count(b"\n") == 2


def test_requests_of_every_kind_are_answered() -> None:
    wanted = [LOSS, "loss_and_gradient:float64:all_loss_and_gradient", "sigmoid:float32:all_sigmoidf"]
    given = answers(
        wanted,
        ("loss float64 2 binary", [0.0, -1e4, 1.0, 1.0]),
        ("loss_and_gradient float64 1 binary", [0.0, 0.5]),
        ("sigmoid float32 3 binary", [0.0, 0.0, 0.0]),
        ("loss float64 0 binary", []),
    )
    log2 = float(np.log(2.0))
    singles = np.full(3, 0.5, np.float32).tobytes()
    assert given.partition(b"ready\n")[2] == (
        b"results 2\n" + packed(log2, 1e4) + b"end\n"
        b"results 1\n" + packed(log2, 0.0) + b"end\n"
        b"results 3\n" + singles + b"end\n"
        b"results 0\nend\n"
    )  # fmt: skip


def test_an_array_beyond_the_first_memory_map_is_answered() -> None:
    count = 20_000
    given = answers([LOSS], (f"loss float64 {count} binary", [0.0] * (2 * count)))
    assert given == HEAD + f"results {count}\n".encode() + packed(*[float(np.log(2.0))] * count) + b"end\n"


def test_what_a_call_does_beside_computing_is_noted_or_a_fault() -> None:
    point = ("loss float64 1 binary", [800.0, 1.0])
    small = ("loss float64 1 binary", [10.0, 0.0])

    def of(symbol: str, request: tuple[str, list[float]]) -> bytes:
        return answers([f"loss:float64:{symbol}"], request).removeprefix(HEAD)

    assert of("skips", point) == b"fault result not written: element 0 of 1\n"
    assert of("writes_before", point) == b"fault writes outside its arrays\n"
    assert of("writes_after", point) == b"fault writes outside its arrays\n"
    assert of("draws", small).startswith(b"note altered the state of rand or drand48\nresults 1\n")
    assert of("rounds_up", small).startswith(b"note altered rounding to nearest\nresults 1\n")
    assert of("writes_to_inputs", small).startswith(b"note inputs written to\nresults 1\n")
    assert of("right", small).startswith(b"results 1\n")


def test_a_pattern_counts_where_an_element_begins_only() -> None:
    pattern = lib_host.PATTERNS["float64"]
    assert lib_host._unwritten(b"\0" * 16, pattern) is None
    assert lib_host._unwritten(b"\0" * 8 + pattern, pattern) == 1
    assert lib_host._unwritten(b"\0" * 4 + pattern + b"\0" * 4, pattern) is None
    assert lib_host._unwritten(b"\0" * 4 + pattern + b"\0" * 4 + pattern, pattern) == 2
    assert all(np.isnan(np.frombuffer(p, name)).all() for name, p in lib_host.PATTERNS.items())


def test_the_quantities_of_one_argument_are_those_of_the_suite() -> None:
    # The host imports nothing of the package, so that it starts fast; the names must agree all the same.
    assert set(lib_host.ONE_ARGUMENT) == ONE_ARGUMENT
