"""How a subject treats arrays: dtype, shapes, layouts, lanes, its inputs, and the pair of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.regions import REGIONS, sample
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES
from stablelce.formats import UIntArray

__all__ = ["DTYPE", "INPUTS", "LANES", "LAYOUTS", "PAIR", "SHAPES"]

_SEED = 20260917  # any fixed number: verdicts must not depend on chance
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129, 257, 1000, 1025)
"""Around the widths of vector registers and the sizes of unrolled loops and blocks."""


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
    layouts = {
        "every second element": (np.repeat(zs, 2)[::2], np.repeat(ts, 2)[::2]),
        "reversed": (zs[::-1].copy()[::-1], ts[::-1].copy()[::-1]),
        "Fortran order": (np.asfortranarray(zs.reshape(4, 6)), np.asfortranarray(ts.reshape(4, 6))),
        "read-only": (_frozen(zs), _frozen(ts)),
    }
    for name, (zi, ti) in layouts.items():
        try:
            result = run.array(quantity, run.call(quantity, zi, ti), zi.shape)
        except SubjectProblem as problem:
            return Finding("failed", len(layouts), problem.mode, f"{name}: {problem}")
        got = fmt.encodings(result).ravel()
        i = _first_difference(run, got, want)
        if i is not None:
            message = f"{name}: the element differs from the same one in a contiguous array"
            point = (int(z[i]), int(t[i]))
            return Finding(
                "failed", len(layouts), "depends on layout", message, point, int(got[i]), int(want[i])
            )
    return Finding("passed", len(layouts))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _lanes(run: Run, quantity: str) -> Finding:
    """Alone, at every place, in arrays of every length, and on a second call: the same bits."""
    z, t = _points(run, max(LENGTHS))
    whole = run.evaluate(quantity, z, t)
    again = run.evaluate(quantity, z, t)
    i = _first_difference(run, again, whole)
    if i is not None:
        message = "two calls with the same input differ"
        return Finding(
            "failed",
            len(z),
            "not deterministic",
            message,
            (int(z[i]), int(t[i])),
            int(again[i]),
            int(whole[i]),
        )
    tried = 0
    for length in LENGTHS:
        for offset in (0, 1, 3):
            part = slice(offset, offset + length)
            got = run.evaluate(quantity, z[part], t[part])
            tried += len(got)
            i = _first_difference(run, got, whole[part])
            if i is not None:
                at = offset + i
                message = f"element {at} of {len(z)} differs in an array of length {len(got)} at place {i}"
                point = (int(z[at]), int(t[at]))
                return Finding(
                    "failed", tried, "depends on place or length", message, point, int(got[i]), int(whole[at])
                )
    return Finding("passed", tried)


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
