"""How a subject treats arrays: dtype, lanes, its inputs, and the pair of results."""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stablelce.conformance.checks.elements import distant, everyday_points, first_difference, mixed_points
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import UIntArray

__all__ = ["DTYPE", "INPUTS", "LANES", "LENGTHS", "PAIR", "PAIRED", "lane_points", "other_order"]

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129, 257, 1000, 1025)
"""Around the widths of vector registers and the sizes of unrolled loops and blocks."""
LARGE = (2047, 3001, 4097, 10_007, 20_011, 66_001)
"""Beyond the sizes from which libraries go by blocks and by several threads (PyTorch: 32768)."""


def _dtype(run: Run, quantity: str) -> Finding:
    z, t = everyday_points(run, 16)
    try:
        run.evaluate(quantity, z, t)
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
        return _differing("not deterministic", message, len(z), z, t, i, again, whole)
    tried = len(z)
    for name, part in _parts(len(z)):
        got = run.evaluate(quantity, z[part], t[part])
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
        return _differing(mode, message, tried, z[part], t[part], i, got, whole[part])
    return _calls(run, quantity, (z, t), returned, whole, tried)


def _calls(
    run: Run,
    quantity: str,
    points: tuple[UIntArray, UIntArray],
    returned: UIntArray,
    whole: UIntArray,
    tried: int,
) -> Finding:
    """What an earlier call does to a later one, a later one to an earlier one, and another thread to both."""
    z, t = points
    i = first_difference(run.fmt, returned, whole)
    if i is not None:
        message = "a later call changed the array that an earlier one returned"
        return _differing("earlier result overwritten", message, tried, z, t, i, returned, whole)
    z, t = other_order(*points)
    got = run.evaluate(quantity, z, t).copy()
    backwards = run.evaluate(quantity, z[::-1], t[::-1])[::-1]
    i = first_difference(run.fmt, got, backwards)
    if i is not None:
        message = "the results are those of an earlier call with arrays that begin and end alike"
        return _differing("not deterministic", message, tried, z, t, i, got, backwards)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(run.evaluate, quantity, *points).result()
    i = first_difference(run.fmt, elsewhere, whole)
    if i is not None:
        message = "a call from another thread differs"
        return _differing("depends on the thread", message, tried, *points, i, elsewhere, whole)
    return Finding("passed", tried)


def other_order(z: UIntArray, t: UIntArray) -> tuple[UIntArray, UIntArray]:
    """The same targets beside the logits in another order, the outer quarters as they were."""
    end = z.size // 4
    return np.concatenate([z[:end], z[end : z.size - end][::-1], z[z.size - end :]]), t


def _parts(size: int) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Index arrays into the points: short pieces, the points in other orders, and over and over."""
    every = np.arange(size)
    for length in LENGTHS:
        for offset in (0, 1, 3):
            yield f"length {length}, from element {offset}", every[offset : offset + length]
    for unusual in every[2:size:5][:15]:
        yield f"element {unusual} alone", every[unusual : unusual + 1]
        yield f"element {unusual} as the last of 5", every[max(unusual - 4, 0) : unusual + 1]
    # The ends stay, and the length: what is remembered by these only gives the points in their old order.
    yield (
        "the elements between first and last reversed",
        np.concatenate([every[:1], every[-2:0:-1], every[-1:]]),
    )
    for length in LARGE:
        yield f"length {length}", np.resize(every, length)
        yield f"length 3 after one of {length}", every[7:10]


def _differing(
    mode: str, message: str, tried: int, z: UIntArray, t: UIntArray, i: int, got: UIntArray, want: UIntArray
) -> Finding:
    return Finding("failed", tried, mode, message, (int(z[i]), int(t[i])), int(got[i]), int(want[i]))


# -- inputs and pair -------------------------------------------------------------------------------


def _inputs(run: Run, quantity: str) -> Finding:
    """The arguments of a few calls, and of every call that other checks made before."""
    fmt = run.fmt
    z, t = everyday_points(run, 33)
    earlier = run.written.pop(quantity, None)
    process = run.subject.process
    if process is not None:
        process.observed("inputs")
    run.call(quantity, fmt.array(z).copy(), fmt.array(t).copy())
    if process is not None and process.observed("inputs"):
        return Finding("failed", 33, "input mutated", f"{quantity} wrote to an input", (int(z[0]), int(t[0])))
    if process is None:
        points = lane_points(run, quantity)
        square = (fmt.array(part[: part.size // 2 * 2].reshape(2, -1).copy()) for part in points)
        with contextlib.suppress(SubjectProblem):
            run.call(quantity, *square)
    written = run.written.pop(quantity, earlier)
    if written is not None:
        where = "" if written.z.ndim == 1 and written.z.size == 33 else f" of shape {written.z.shape}"
        message = f"{quantity} wrote to its argument {written.name}{where} (element {written.place})"
        point = int(written.z.ravel()[written.place]), int(written.t.ravel()[written.place])
        return Finding("failed", 33, "input mutated", message, point)
    return Finding("passed", 33)


PAIRED = ((200,), (1,), (2,), (3,), (5,), (7,), (17,), (33,), (), (6, 20))
"""Shapes in which the pair is asked for: lengths that are no multiple of a vector's, and others."""


def _pair(run: Run, quantity: str) -> Finding:
    functions = run.subject.functions
    if "loss_and_gradient" not in functions or quantity not in functions:
        return Finding("not applicable", message="the subject does not offer both ways")
    fmt, tried = run.fmt, 0
    for points in (everyday_points(run, 200), mixed_points(run, 200)):
        want = run.evaluate(quantity, *points)
        for shape in PAIRED:
            count = int(np.prod(shape))
            tried += count
            z, t = (part[:count].reshape(shape) for part in points)
            pair = run.call("loss_and_gradient", fmt.array(z).copy(), fmt.array(t).copy())
            if "loss_and_gradient" in run.written:
                place = run.written.pop("loss_and_gradient").place
                point = int(points[0][place]), int(points[1][place])
                return Finding("failed", tried, "input mutated", "loss_and_gradient wrote to an input", point)
            got = fmt.encodings(run.array(quantity, run.part(pair, quantity), shape)).ravel()
            i = distant(run, quantity, points, got, want[:count])
            if i is not None:
                message = f"loss_and_gradient gives another {quantity} than {quantity}, shape {shape}"
                point = int(points[0][i]), int(points[1][i])
                return Finding("failed", tried, "pair disagrees", message, point, int(got[i]), int(want[i]))
    return Finding("passed", tried)


PAIR = ArrayCheck("pair", ("loss", "gradient"), _pair)
DTYPE = ArrayCheck("dtype", QUANTITIES, _dtype)
LANES = ArrayCheck("lanes", QUANTITIES, _lanes)
INPUTS = ArrayCheck("inputs unchanged", QUANTITIES, _inputs)
