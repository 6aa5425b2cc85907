"""How a subject treats arrays: dtype, lanes, and its inputs."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.checks.calls import another_dtype, differing, succession
from stablelce.conformance.checks.elements import everyday_points, first_difference, mixed_points, turns
from stablelce.conformance.evaluation import COMMON_LENGTHS, Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import QUANTITIES, WEIGHTED
from stablelce.formats import UIntArray

__all__ = ["DTYPE", "INPUTS", "LANES", "LENGTHS", "lane_points", "lengths"]

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129, 257, 1000, 1025)
"""Around the widths of vector registers and the sizes of unrolled loops and blocks."""
LARGE = (2047, 3001, 4097, 10_007, 20_011, 66_001, 131_073)
"""Beyond the sizes from which libraries go by blocks and by several threads (PyTorch: 32768)."""
_PATIENCE = 0.25
"""Seconds that an array may take for the longest, twice as long, to be tried."""
_SHORT = (3, 5)
"""Lengths that come up all the time: after long arrays, and as the places before an element."""


def lengths(run: Run, quantity: str) -> tuple[int, ...]:
    """The lengths of arrays to try: all, or those common to many checks and one in four of the others."""
    every = (*LENGTHS, *LARGE)
    if not run.sparing:
        return every
    others = [length for length in every if length not in (*COMMON_LENGTHS, *_SHORT)]
    own = others[turns(run, quantity) % 4 :: 4]
    return tuple(length for length in every if length not in others or length in own)


def _dtype(run: Run, quantity: str) -> Finding:
    z, t = everyday_points(run, 16)
    try:
        run.elementwise(quantity, z, t)
    except SubjectProblem as problem:
        if problem.mode == "wrong dtype":
            return Finding("failed", 16, problem.mode, str(problem), (int(z[0]), int(t[0])))
        raise
    return Finding("passed", 16)


# -- lanes -----------------------------------------------------------------------------------------


def lane_points(run: Run, quantity: str) -> tuple[UIntArray, UIntArray]:
    """Points of all kinds; everyday ones for a subject that refuses others, which is for other checks."""
    points = mixed_points(run, max(LENGTHS))
    try:
        run.evaluate(quantity, *points)
    except SubjectProblem:
        return everyday_points(run, max(LENGTHS))
    return points


def _lanes(run: Run, quantity: str) -> Finding:
    """Alone, at every place, in arrays of every length, in any order, thread and call: the same bits."""
    z, t = lane_points(run, quantity)
    returned = run.evaluate(quantity, z, t)
    whole = returned.copy()
    again = run.evaluate(quantity, z, t)
    i = first_difference(run.fmt, again, whole)
    if i is not None:
        message = "two calls with the same input differ"
        return differing("not deterministic", message, len(z), z, t, i, again, whole)
    tried = len(z)
    seconds = 0.0
    for name, part in _parts(len(z), lengths(run, quantity), sparing=run.sparing):
        if len(part) > max(COMMON_LENGTHS) and seconds > _PATIENCE:
            continue
        started = time.process_time()
        got = run.evaluate(quantity, z[part], t[part])
        seconds = max(seconds, time.process_time() - started)
        tried += len(got)
        i = first_difference(run.fmt, got, whole[part])
        if i is None:
            continue
        mode = "depends on place or length"
        if any(
            first_difference(run.fmt, run.evaluate(quantity, z[part], t[part]), got) is not None
            for _ in range(6)
        ):
            mode = "not deterministic"
        message = f"{name}: place {i} differs in an array of length {len(got)} from one of {len(z)}"
        return differing(mode, message, tried, z[part], t[part], i, got, whole[part])
    finding = succession(run, quantity, (z, t), returned, whole, tried)
    finding = finding or another_dtype(run, quantity, tried)
    return finding or Finding("passed", tried)


def _parts(
    size: int, lengths: tuple[int, ...], *, sparing: bool
) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Index arrays into the points: short pieces, the points in other orders, and over and over."""
    every = np.arange(size)
    for length in (length for length in lengths if length <= size):
        # From a later element the longest are shorter, which would be two more shapes.
        for offset in (0,) if sparing and length > size - 3 else (0, 1, 3):
            yield f"length {length}, from element {offset}", every[offset : offset + length]
    for unusual in every[2:size:5][:15]:
        yield f"element {unusual} alone", every[unusual : unusual + 1]
        yield f"element {unusual} as the last of 5", every[max(unusual - 4, 0) : unusual + 1]
    # The ends stay, and the length: what is remembered by these only gives the points in their old order.
    yield (
        "the elements between first and last reversed",
        np.concatenate([every[:1], every[-2:0:-1], every[-1:]]),
    )
    for length in (length for length in lengths if length > size):
        yield f"length {length}", np.resize(every, length)
        yield f"length 3 after one of {length}", every[7:10]


# -- inputs ---------------------------------------------------------------------------------------


def _inputs(run: Run, quantity: str) -> Finding:
    """The arguments of a few calls, and of every call that other checks made before."""
    fmt, count = run.fmt, 65 if run.sparing else 33
    z, t = everyday_points(run, count)
    earlier = run.written.pop(quantity, None)
    process = run.subject.process
    if process is not None:
        process.observed("inputs")
    run.call(quantity, fmt.array(z).copy(), fmt.array(t).copy())
    if process is not None and process.observed("inputs"):
        point = int(z[0]), int(t[0])
        return Finding("failed", count, "input mutated", f"{quantity} wrote to an input", point)
    if process is None:
        points = lane_points(run, quantity)
        shape = (4, 33) if run.sparing else (2, points[0].size // 2)  # the former "layouts" has, too
        for keyword in (None, *sorted(run.subject.keywords if quantity in WEIGHTED else ())):
            for columns in (points, tuple(part[: math.prod(shape)].reshape(shape) for part in points)):
                arrays = [fmt.array(part).copy() for part in columns]
                weights = {} if keyword is None else {keyword: _weights(run, columns[0].shape)}
                with contextlib.suppress(SubjectProblem):
                    run.call(quantity, *arrays, **weights)
    written = run.written.pop(quantity, earlier)
    if written is not None:
        where = "" if written.z.ndim == 1 and written.z.size == count else f" of shape {written.z.shape}"
        message = f"{quantity} wrote to its argument {written.name}{where} (element {written.place})"
        place = min(written.place, written.z.size - 1, written.t.size - 1)
        point = int(written.z.ravel()[place]), int(written.t.ravel()[place])
        return Finding("failed", count, "input mutated", message, point)
    return Finding("passed", count)


def _weights(run: Run, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Weights of 0, 1/2, 1 and 3 in turn."""
    return np.resize(np.array([0.5, 3.0, 0.0, 1.0]).astype(run.fmt.dtype), shape)


DTYPE = ArrayCheck("dtype", QUANTITIES, _dtype)
LANES = ArrayCheck("lanes", QUANTITIES, _lanes)
INPUTS = ArrayCheck("inputs unchanged", QUANTITIES, _inputs)
