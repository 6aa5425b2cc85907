"""The pair of results, beside loss and gradient alone: in a few shapes, and at very many points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stablelce.conformance import exhaustive16
from stablelce.conformance.checks.accuracy import wrong, zero_for_subnormal
from stablelce.conformance.checks.elements import distant, everyday_points, mixed_points
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.screening import logits, pairs
from stablelce.formats import Format, UIntArray

__all__ = ["PAIR", "PAIRED"]

Points = tuple[UIntArray, UIntArray]

PAIRED = ((200,), (1,), (2,), (3,), (5,), (7,), (17,), (33,), (), (6, 20))
"""Shapes in which the pair is asked for: lengths that are no multiple of a vector's, and others."""

SCREENED = 1 << 15
"""Logits per target, and pairs with soft targets, in the formats that are too wide for every encoding."""


def _pair(run: Run, quantity: str) -> Finding:
    functions = run.subject.functions
    if "loss_and_gradient" not in functions or quantity not in functions:
        return Finding("not applicable", message="the subject does not offer both ways")
    tried = 0
    for points in (everyday_points(run, 200), mixed_points(run, 200)):
        want = run.evaluate(quantity, *points)
        for shape in PAIRED:
            count = int(np.prod(shape))
            tried += count
            asked = points[0][:count], points[1][:count]
            got = _together(run, quantity, asked, shape)
            finding = _written(run, tried) or _differing(
                run, quantity, f"shape {shape}", tried, asked, got, want[:count]
            )
            if finding is not None:
                return finding
    return _everywhere(run, quantity, tried)


def _written(run: Run, tried: int) -> Finding | None:
    """The finding that the pair wrote to an argument."""
    written = run.written.pop("loss_and_gradient", None)
    if written is None:
        return None
    place = min(written.place, written.z.size - 1, written.t.size - 1)
    point = int(written.z.ravel()[place]), int(written.t.ravel()[place])
    return Finding("failed", tried, "input mutated", "loss_and_gradient wrote to an input", point)


def _differing(
    run: Run, quantity: str, where: str, tried: int, points: Points, got: UIntArray, want: UIntArray
) -> Finding | None:
    """The finding that the pair's results are not near the function's, but for what may be flushed."""
    near = want
    if run.allow_ftz:
        flushed = _zero_for_subnormal(run.fmt, want, got) | _zero_for_subnormal(run.fmt, got, want)
        near = np.where(flushed, got, want)
    i = distant(run, quantity, points, got, near)
    return None if i is None else _disagrees(quantity, where, tried, points, i, got, want)


def _zero_for_subnormal(fmt: Format, wanted: UIntArray, got: UIntArray) -> npt.NDArray[np.bool_]:
    sign = fmt.uint.type(fmt.sign_bit)
    zero: npt.NDArray[np.bool_] = (got & ~sign) == 0
    return zero & ((wanted & ~sign) < fmt.min_normal)


def _together(run: Run, quantity: str, points: Points, shape: tuple[int, ...]) -> UIntArray:
    """The pair's part for points in a shape, in a row."""
    arrays = (run.fmt.array(part.reshape(shape)).copy() for part in points)
    pair = run.call("loss_and_gradient", *arrays)
    return run.fmt.encodings(run.array(quantity, run.part(pair, quantity), shape)).ravel()


def _everywhere(run: Run, quantity: str, tried: int) -> Finding:
    """Very many points beside the function alone; of a 16-bit format every encoding, by the oracle's table.

    Only a result that differs from the function's is the pair's own: wrong where the profile forbids it.
    """
    for points in _many(run):
        got = _together(run, quantity, points, points[0].shape)
        alone = run.evaluate(quantity, *points)
        tried += got.size
        where = f"{got.size} points at once"
        finding = _written(run, tried) or _differing(run, quantity, where, tried, points, got, alone)
        if finding is not None:
            return finding
    if run.fmt.width == 16:
        for target in (0, 1):
            z, expected = exhaustive16.table(quantity, target, run.fmt)
            t = run.fmt.encodings(np.full(z.shape, target).astype(run.fmt.dtype))
            got, alone = _together(run, quantity, (z, t), z.shape), run.evaluate(quantity, z, t)
            tried += got.size
            finding = _written(run, tried)
            if finding is not None:
                return finding
            refuted = wrong(run, expected, got) & (got != alone)
            if run.allow_ftz:
                refuted &= ~zero_for_subnormal(run.fmt, expected, got)
            if refuted.any():
                i = int(np.argmax(refuted))
                return _disagrees(quantity, "every encoding at once", tried, (z, t), i, got, alone)
    return Finding("passed", tried)


def _many(run: Run) -> Iterator[Points]:
    fmt = run.fmt
    if fmt.width > 16:
        z = logits(fmt, SCREENED, 0)
        for target in (0.0, 1.0):
            yield z, fmt.encodings(np.full(z.shape, target).astype(fmt.dtype))
    if run.subject.soft_targets:
        yield pairs(fmt, SCREENED, 0)


def _disagrees(
    quantity: str, where: str, tried: int, points: Points, i: int, got: UIntArray, want: UIntArray
) -> Finding:
    message = f"loss_and_gradient gives another {quantity} than {quantity}, {where}"
    point = int(points[0][i]), int(points[1][i])
    return Finding("failed", tried, "pair disagrees", message, point, int(got[i]), int(want[i]))


PAIR = ArrayCheck("pair", ("loss", "gradient"), _pair)
