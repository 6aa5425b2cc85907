"""How a subject treats arrays: dtype, shapes, layouts, lanes, its inputs, and the pair of results."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES
from stablelce.formats import UIntArray

__all__ = ["DTYPE", "INPUTS", "LANES", "LAYOUTS", "LENGTHS", "PAIR", "SHAPES", "everyday_points"]

_SEED = 20260917  # any fixed number: verdicts must not depend on chance
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129, 257, 1000, 1025)
"""Around the widths of vector registers and the sizes of unrolled loops and blocks."""
LARGE = (4097, 66_001)
"""Beyond the sizes from which libraries go by blocks and by several threads (PyTorch: 32768)."""


def _points(run: Run, count: int) -> tuple[UIntArray, UIntArray]:
    """Everyday and hard points, in fixed proportions and order."""
    rng = np.random.default_rng(_SEED)
    names = ("moderate", "middle", "thresholds", "tails")
    parts = [sample(region, run.fmt, -(-count // 4), rng) for region in REGIONS if region.name in names]
    z = np.stack([part[0] for part in parts], axis=1).ravel()[:count]
    t = np.stack([part[1] for part in parts], axis=1).ravel()[:count]
    if not run.subject.soft_targets:
        t = run.fmt.encodings((run.fmt.array(t) > 0.5).astype(run.fmt.dtype))
    return z, t


everyday_points = _points
"""For the reproducers, which start from the same arrays."""


def _first_difference(run: Run, got: UIntArray, want: UIntArray) -> int | None:
    """The first index where encodings differ, NaNs counted as equal."""
    nan = run.fmt.infinity
    magnitude = run.fmt.uint.type(run.fmt.sign_bit - 1)
    both_nan = ((got & magnitude) > nan) & ((want & magnitude) > nan)
    different = np.flatnonzero((got != want) & ~both_nan)
    return int(different[0]) if different.size else None


def _dtype(run: Run, quantity: str) -> Finding:
    z, t = _points(run, 16)
    try:
        run.evaluate(quantity, z, t)
    except SubjectProblem as problem:
        if problem.mode == "wrong dtype":
            return Finding("failed", 16, problem.mode, str(problem), (int(z[0]), int(t[0])))
        raise
    return Finding("passed", 16)


def _shapes(run: Run, quantity: str) -> Finding:
    fmt = run.fmt
    z, t = (fmt.array(part) for part in _points(run, 12))
    cases: list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]] = [
        ("0-d arrays", z[0].reshape(()), t[0].reshape(())),
        ("empty arrays", z[:0], t[:0]),
        ("one element", z[:1], t[:1]),
        ("two-dimensional arrays", z.reshape(3, 4), t.reshape(3, 4)),
        ("an empty axis", z[:0].reshape(0, 3), t[:0].reshape(0, 3)),
    ]
    if quantity not in ONE_ARGUMENT and quantity != "hessian":
        cases += [
            ("a logit beside many targets", z[:1], t),
            ("a target beside many logits", z, t[:1]),
            ("a column against a row", z[:3].reshape(3, 1), t[:4]),
        ]
    for name, zi, ti in cases:
        shape = zi.shape if quantity in ONE_ARGUMENT else np.broadcast_shapes(zi.shape, ti.shape)
        try:
            result = run.array(quantity, run.call(quantity, zi.copy(), ti.copy()), shape)
        except SubjectProblem as problem:
            return Finding("failed", len(cases), problem.mode, f"{name}: {problem}")
        full_z, full_t = (np.broadcast_to(part, shape).ravel() for part in (zi, ti))
        if full_z.size == 0:
            continue
        want = run.evaluate(quantity, fmt.encodings(full_z), fmt.encodings(full_t))
        i = _distant(run, fmt.encodings(result).ravel(), want)
        if i is not None:
            point = (int(fmt.encodings(full_z)[i]), int(fmt.encodings(full_t)[i]))
            got = int(fmt.encodings(result).ravel()[i])
            message = f"{name}: the element differs from the same one in a flat array"
            return Finding("failed", len(cases), "depends on shape", message, point, got, int(want[i]))
    return Finding("passed", len(cases))


def _distant(run: Run, got: UIntArray, want: UIntArray) -> int | None:
    """The first index where two results are further apart than two results of the profile can be.

    Each is within the bound of one exact value, and an ulp changes by a factor of two at most between
    them. Equality to the bit is asked for by "lanes" and "layouts".
    """
    distance = np.abs(run.fmt.ordinals(got) - run.fmt.ordinals(want))
    apart = np.flatnonzero(distance > 4 * run.bound)
    return int(apart[0]) if apart.size else None


def _layouts(run: Run, quantity: str) -> Finding:
    fmt = run.fmt
    z, t = _points(run, 24)
    want = run.evaluate(quantity, z, t)
    zs, ts = fmt.array(z), fmt.array(t)
    square, other = zs.reshape(4, 6), ts.reshape(4, 6)
    layouts = {
        "every second element": (np.repeat(zs, 2)[::2], np.repeat(ts, 2)[::2]),
        "reversed": (zs[::-1].copy()[::-1], ts[::-1].copy()[::-1]),
        "from the second element of its memory": (np.append(zs[:1], zs)[1:], np.append(ts[:1], ts)[1:]),
        "Fortran order": (np.asfortranarray(square), np.asfortranarray(other)),
        "logits in Fortran order, targets not": (np.asfortranarray(square), other.copy()),
        "targets in Fortran order, logits not": (square.copy(), np.asfortranarray(other)),
        "read-only": (_frozen(zs), _frozen(ts)),
    }
    cases = [(name, pair, want) for name, pair in layouts.items()]
    # A repeated element has stride 0, and belongs to a read-only view.
    alone = run.evaluate(quantity, np.repeat(z[5:6], 24), t)
    cases.append(("one logit repeated by stride 0", (np.broadcast_to(zs[5], (24,)), ts.copy()), alone))
    for name, (zi, ti), right in cases:
        try:
            result = run.array(quantity, run.call(quantity, zi, ti), zi.shape)
        except SubjectProblem as problem:
            return Finding("failed", len(cases), problem.mode, f"{name}: {problem}")
        got = fmt.encodings(result).ravel()
        i = _first_difference(run, got, right)
        if i is not None:
            message = f"{name}: the element differs from the same one in a contiguous array"
            point = (int(fmt.encodings(zi).ravel()[i]), int(t[i]))
            return Finding(
                "failed", len(cases), "depends on layout", message, point, int(got[i]), int(right[i])
            )
    return Finding("passed", len(cases))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _lanes(run: Run, quantity: str) -> Finding:
    """Alone, at every place, in arrays of every length, in any order, thread and call: the same bits."""
    z, t = _points(run, max(LENGTHS))
    returned = run.evaluate(quantity, z, t)
    whole = returned.copy()
    again = run.evaluate(quantity, z, t)
    i = _first_difference(run, again, whole)
    if i is not None:
        message = "two calls with the same input differ"
        return _differing("not deterministic", message, len(z), z, t, i, again, whole)
    tried = len(z)
    for name, part in _parts(len(z)):
        got = run.evaluate(quantity, z[part], t[part])
        tried += len(got)
        i = _first_difference(run, got, whole[part])
        if i is None:
            continue
        mode = "depends on place or length"
        if any(
            _first_difference(run, run.evaluate(quantity, z[part], t[part]), got) is not None
            for _ in range(6)
        ):
            mode = "not deterministic"
        message = f"{name}: place {i} differs in an array of length {len(got)} from one of {len(z)}"
        return _differing(mode, message, tried, z[part], t[part], i, got, whole[part])
    i = _first_difference(run, returned, whole)
    if i is not None:
        message = "a later call changed the array that an earlier one returned"
        return _differing("earlier result overwritten", message, tried, z, t, i, returned, whole)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(run.evaluate, quantity, z, t).result()
    i = _first_difference(run, elsewhere, whole)
    if i is not None:
        message = "a call from another thread differs"
        return _differing("depends on the thread", message, tried, z, t, i, elsewhere, whole)
    return Finding("passed", tried)


def _parts(size: int) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Index arrays into the points: short pieces, the points in other orders, and over and over."""
    every = np.arange(size)
    for length in LENGTHS:
        for offset in (0, 1, 3):
            yield f"length {length}, from element {offset}", every[offset : offset + length]
    # The ends stay, and the length: what is remembered by these only gives the points in their old order.
    yield (
        "the elements between first and last reversed",
        np.concatenate([every[:1], every[-2:0:-1], every[-1:]]),
    )
    for length in LARGE:
        yield f"length {length}", np.resize(every, length)


def _differing(
    mode: str, message: str, tried: int, z: UIntArray, t: UIntArray, i: int, got: UIntArray, want: UIntArray
) -> Finding:
    return Finding("failed", tried, mode, message, (int(z[i]), int(t[i])), int(got[i]), int(want[i]))


def _inputs(run: Run, quantity: str) -> Finding:
    fmt = run.fmt
    z, t = _points(run, 33)
    arrays = fmt.array(z).copy(), fmt.array(t).copy()
    process = run.subject.process
    if process is not None:
        process.observed()
    run.call(quantity, *arrays)
    if process is not None and "inputs written to" in process.observed():
        return Finding("failed", 33, "input mutated", f"{quantity} wrote to an input", (int(z[0]), int(t[0])))
    for name, array, before in (("z", arrays[0], z), ("t", arrays[1], t)):
        changed = np.flatnonzero(fmt.encodings(array) != before)
        if changed.size:
            i = int(changed[0])
            message = f"{quantity} wrote to its argument {name} (element {i})"
            return Finding("failed", 33, "input mutated", message, (int(z[i]), int(t[i])))
    return Finding("passed", 33)


def _pair(run: Run, quantity: str) -> Finding:
    functions = run.subject.functions
    if "loss_and_gradient" not in functions or quantity not in functions:
        return Finding("not applicable", message="the subject does not offer both ways")
    fmt = run.fmt
    z, t = _points(run, 200)
    pair = run.call("loss_and_gradient", fmt.array(z).copy(), fmt.array(t).copy())
    part = fmt.encodings(run.array(quantity, run.part(pair, quantity), z.shape))
    want = run.evaluate(quantity, z, t)
    i = _distant(run, part, want)
    if i is not None:
        message = f"loss_and_gradient gives another {quantity} than {quantity}"
        return Finding(
            "failed", 200, "pair disagrees", message, (int(z[i]), int(t[i])), int(part[i]), int(want[i])
        )
    return Finding("passed", 200)


PAIR = ArrayCheck("pair", ("loss", "gradient"), _pair)
DTYPE = ArrayCheck("dtype", QUANTITIES, _dtype)
SHAPES = ArrayCheck("shapes", QUANTITIES, _shapes)
LAYOUTS = ArrayCheck("layouts", QUANTITIES, _layouts)
LANES = ArrayCheck("lanes", QUANTITIES, _lanes)
INPUTS = ArrayCheck("inputs unchanged", QUANTITIES, _inputs)
