"""Scripts for checks that judge points: the result of one input is too far from the exact value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stablelce import oracle
from stablelce.conformance.checks.accuracy import expect, wrong
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.reproducers.places import among_script
from stablelce.conformance.reproducers.script import (
    Reference,
    compare,
    expression,
    failing,
    head,
    inputs,
    text_of,
)
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import Format, UIntArray

__all__ = ["Batch", "Point", "point_script"]


class Point(NamedTuple):
    """A quantity at an input, as encodings."""

    quantity: str
    z: int
    t: int


@dataclass(frozen=True)
class Batch:
    """The call in which a point failed: all its inputs, and the place of the point."""

    z: UIntArray
    t: UIntArray
    place: int


def point_script(run: Run, check: str, mode: str, points: Sequence[Point], batch: Batch) -> str:
    """The script for a failing point: the worst of the results that the check compared.

    A relation bounds what results within the profile can do, so where it fails one of them is outside.
    Results that are right alone are shown in the array in which they were wrong.
    """
    outside = [point for point in points if _is_wrong(run, point)]
    if not outside:
        return _in_array(run, check, mode, points[0], batch)
    worst = max(outside, key=lambda point: _error(run, point))
    text = expression(run, worst.quantity)
    if text is None:
        return ""
    lines = head(run, worst.quantity, check, mode) + inputs(run, worst.quantity, [worst.z], [worst.t])
    return text_of(lines, compare(run.fmt, text, 0, _reference(run, worst)))


def _is_wrong(run: Run, point: Point) -> bool:
    one = _one(run.fmt, point)
    try:
        got = run.evaluate(point.quantity, *one)
    except SubjectProblem:
        return True
    return bool(wrong(run, expect(run.fmt, point.quantity, *one), got)[0])


def _in_array(run: Run, check: str, mode: str, point: Point, batch: Batch) -> str:
    """In as few elements as show it: copies of the point where those do, else the whole call."""
    text = expression(run, point.quantity)
    if text is None:
        return ""
    for count in (2, 3, 4, 5, 8, 9, 16, 17, 33):
        z, t = (np.full(count, value, dtype=run.fmt.uint) for value in (point.z, point.t))
        failed = wrong(run, expect(run.fmt, point.quantity, z, t), run.evaluate(point.quantity, z, t))
        if failed.any():
            batch = Batch(z, t, int(failed.argmax()))
            break
    quantity, place = point.quantity, batch.place
    got = run.evaluate(quantity, batch.z, batch.t)
    if not wrong(run, expect(run.fmt, quantity, batch.z, batch.t), got)[place]:
        # A relation failed between results that are right alone and wrong in yet another array.
        return among_script(run, check, quantity, mode, (point.z, point.t))
    at = Point(quantity, int(batch.z[place]), int(batch.t[place]))
    lines = head(run, quantity, check, mode) + inputs(run, quantity, batch.z.tolist(), batch.t.tolist())
    return text_of(lines, compare(run.fmt, text, place, _reference(run, at)))


def _reference(run: Run, point: Point) -> Reference:
    """The exact value at finite inputs."""
    fmt = run.fmt
    expected = expect(fmt, point.quantity, *_one(fmt, point))
    target = None if point.quantity in ONE_ARGUMENT else fmt.to_fraction(point.t)
    exact = oracle.exact(point.quantity, fmt.to_fraction(point.z), target, fmt)
    return Reference(int(expected.encodings[0]), exact.digits(25), int(expected.units[0]), failing(run))


def _one(fmt: Format, point: Point) -> tuple[UIntArray, UIntArray]:
    return np.array([point.z], dtype=fmt.uint), np.array([point.t], dtype=fmt.uint)


def _error(run: Run, point: Point) -> float:
    one = _one(run.fmt, point)
    try:
        got = run.evaluate(point.quantity, *one)
    except SubjectProblem:
        return float("inf")
    return float(expect(run.fmt, point.quantity, *one).errors(got)[0])
