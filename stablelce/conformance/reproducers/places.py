"""Scripts for elements whose result depends on their place: in an array, in a shape, in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from stablelce.conformance.checks.arrays import LARGE, LENGTHS, lane_points, lengths
from stablelce.conformance.checks.calls import ANOTHER_DTYPE, other_order
from stablelce.conformance.checks.elements import everyday_points, first_difference
from stablelce.conformance.checks.views import ALIKE, BROADCAST, SIZE
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.script import (
    copies,
    expression,
    head,
    inputs,
    memory,
    text_of,
    ulp_function,
)
from stablelce.formats import UIntArray

__all__ = ["among_script", "layouts_script", "places_script", "shapes_script"]


def places_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """An element among others beside the same one alone: among its own copies where they show it.

    There is none for a call that takes one in another format before.
    """
    if finding.mode == ANOTHER_DTYPE:
        return ""
    assert finding.point is not None
    if finding.mode == "not deterministic":
        script = "" if _by_chance(run, quantity) else _after(run, check, quantity, finding)
        return script or _twice(run, check, quantity, finding)
    z, t, place = _among(run, quantity, *finding.point)
    alone = _alone(run, quantity, z[place : place + 1], t[place : place + 1])
    if first_difference(run.fmt, run.evaluate(quantity, z, t)[place : place + 1], alone) is None:
        script = _after(run, check, quantity, finding)
        if script:
            return script
    return among_script(run, check, quantity, finding.mode, finding.point)


def among_script(run: Run, check: str, quantity: str, mode: str, point: tuple[int, int]) -> str:
    """The script for a result that is another among other elements than alone."""
    z, t, place = _among(run, quantity, *point)
    text = expression(run, quantity)
    many = inputs(run, quantity, z.tolist(), t.tolist())
    if (z == z[0]).all() and (t == t[0]).all():
        many = copies(run, quantity, [int(z[0])], [int(t[0])], len(z))
    return text_of(
        head(run, quantity, check, mode),
        ulp_function(run.fmt),
        many,
        [f"result = {text}", f"got = float(result[{place}])"],
        inputs(run, quantity, [int(z[place])], [int(t[place])]),
        [
            f"result = {text}",
            "want = float(result[0])",
            *_as_alone(place, len(z)),
        ],
    )


def _as_alone(place: int, size: int) -> list[str]:
    """Lines that end the script with what stands at a place and what the element alone has."""
    return [
        "error = abs(got - want) / ulp(want)",
        f'where = "at place {place} of {size}"',
        'print(f"got {got!r} {where}, want {want!r} as alone, error {error:.4g} ulp")',
        "sys.exit(1 if repr(got) != repr(want) else 0)",
    ]


def _among(run: Run, quantity: str, z: int, t: int) -> tuple[UIntArray, UIntArray, int]:
    """Arrays, as short as a few tries find, and the place where an element differs from itself alone."""
    fmt, (every_z, every_t) = run.fmt, lane_points(run, quantity)
    alone = _alone(run, quantity, every_z[:200], every_t[:200])
    whole = run.evaluate(quantity, every_z, every_t)
    differing = np.flatnonzero(alone != whole[: len(alone)])[:5].tolist()
    for a, b in [(z, t), *((int(every_z[i]), int(every_t[i])) for i in differing)]:
        one = _alone(run, quantity, *(np.array([part], dtype=fmt.uint) for part in (a, b)))
        for count in lengths(run, quantity)[1:]:
            many = np.full(count, a, dtype=fmt.uint), np.full(count, b, dtype=fmt.uint)
            place = first_difference(fmt, run.evaluate(quantity, *many), np.repeat(one, count))
            if place is not None:
                return *many, place
    for count in (count for count in lengths(run, quantity)[1:] if count <= max(LENGTHS)):
        for start in (0, 1, 3):
            part = every_z[start : start + count], every_t[start : start + count]
            size = min(len(part[0]), 200)
            got = run.evaluate(quantity, *part)[-size:]
            place = first_difference(fmt, got, _alone(run, quantity, part[0][-size:], part[1][-size:]))
            if place is not None:
                return *part, len(part[0]) - size + place
    there = np.flatnonzero((every_z == z) & (every_t == t))
    return every_z, every_t, int(there[0]) if there.size else 0


def _alone(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> UIntArray:
    """The result of each element in an array of its own."""
    results = [run.evaluate(quantity, z[i : i + 1], t[i : i + 1])[0] for i in range(len(z))]
    return np.array(results, dtype=run.fmt.uint)


def _by_chance(run: Run, quantity: str) -> bool:
    """Whether calls with the same arrays, one after another, differ."""
    points = lane_points(run, quantity)
    first = run.evaluate(quantity, *points).copy()
    again = (run.evaluate(quantity, *points) for _ in range(6))
    return any(first_difference(run.fmt, got, first) is not None for got in again)


def _after(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """A call after another one beside its element alone; empty where no such call differs."""
    for lines, before, points in _successions(run, quantity):
        run.evaluate(quantity, *before)
        got = run.evaluate(quantity, *points)
        size = min(got.size, 200) if got.size < max(LENGTHS) else got.size
        place = first_difference(run.fmt, got[:size], _alone(run, quantity, *(p[:size] for p in points)))
        if place is None:
            continue
        text = expression(run, quantity)
        z, t = (part.tolist() for part in points)
        return text_of(
            head(run, quantity, check, finding.mode),
            ulp_function(run.fmt),
            lines,
            [f"result = {text}"],
            inputs(run, quantity, z, t),
            [f"result = {text}", f"got = float(result[{place}])"],
            inputs(run, quantity, [z[place]], [t[place]]),
            [f"result = {text}", "want = float(result[0])", *_as_alone(place, len(z))],
        )
    return ""


def _successions(
    run: Run, quantity: str
) -> Iterator[tuple[list[str], tuple[UIntArray, UIntArray], tuple[UIntArray, UIntArray]]]:
    """Lines that make the arrays of a first call, these arrays, and those of a second call."""
    z, t = lane_points(run, quantity)
    few = z[7:10], t[7:10]
    for count in (count for count in lengths(run, quantity) if count in LARGE):
        many = np.repeat(z[:1], count), np.repeat(t[:1], count)
        yield copies(run, quantity, z[:1].tolist(), t[:1].tolist(), count), many, few
    for size in (33, max(LENGTHS)):
        points = z[:size], t[:size]
        lines = inputs(run, quantity, *(part.tolist() for part in points))
        yield lines, points, few
        yield lines, points, other_order(*points)


def _twice(run: Run, check: str, quantity: str, finding: Finding) -> str:
    z, t = lane_points(run, quantity)
    return text_of(
        head(run, quantity, check, finding.mode),
        ulp_function(run.fmt),
        inputs(run, quantity, z.tolist(), t.tolist()),
        [
            f"first = [float(x) for x in {expression(run, quantity)}]",
            "for _ in range(100):",
            f"    again = [float(x) for x in {expression(run, quantity)}]",
            *_report("again", "first", "    "),
            "sys.exit(0)",
        ],
    )


def layouts_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The same elements in memory that is laid out in other ways."""
    told = re.search(r"array of (\d+)$", finding.message)
    z, t = everyday_points(run, int(told[1]) if told else 24)
    # What a framework cannot take from NumPy, a negative stride, says nothing about its results.
    more = _VIEWS_OF_NUMPY if run.subject.convert == "a" else ""
    return text_of(
        head(run, quantity, check, finding.mode),
        ulp_function(run.fmt),
        memory(run, quantity, z.tolist(), t.tolist()),
        [*_VIEWS.splitlines(), *more.splitlines()],
        [
            "for view in views:",
            "    for chosen in ((0, 1), (0,), (1,)):",
            "        shaped = [(k, view(a), a) for k, a in enumerate(arrays)]",
            "        given = [v if k in chosen else a.reshape(v.shape) for k, v, a in shaped]",
            '        plain = [np.array(a, order="C").ravel() for a in given]',
            "        got, want = result(given), result(plain)",
            *_report("got", "want", "        "),
            "sys.exit(0)",
        ],
    )


_VIEWS = """\
views = [
    lambda a: np.repeat(a, 2)[::2],
    lambda a: np.concatenate([a[:1], a])[1:],
    lambda a: np.concatenate([a[:2], a])[2:],
]"""
_VIEWS_OF_NUMPY = """\
def off_by_a_byte(a):
    memory = np.empty(a.nbytes + 1, np.uint8)[1:].view(a.dtype)
    memory[:] = a
    return memory
views += [
    lambda a: a[::-1].copy()[::-1],
    lambda a: np.repeat(a, 3)[::3],
    lambda a: np.asfortranarray(a.reshape(4, -1)),
    lambda a: np.repeat(a.reshape(4, -1), 2, axis=1)[:, ::2],
    lambda a: np.broadcast_to(a[5], a.shape),
    off_by_a_byte,
]"""


def shapes_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The elements of a two-dimensional array, a column against a row and so on, beside a flat one."""
    z, t = everyday_points(run, SIZE)
    alike = [(shape, shape) for shape in ALIKE.values() if 0 not in shape]
    shapes = ", ".join(str(pair) for pair in (*alike, *BROADCAST.values()))
    return text_of(
        head(run, quantity, check, finding.mode),
        ulp_function(run.fmt),
        memory(run, quantity, z.tolist(), t.tolist()),
        [
            f"shapes = [{shapes}]",
            "for pair in shapes:",
            "    some = [a[: int(np.prod(shape))].reshape(shape) for a, shape in zip(arrays, pair)]",
            "    flat = [a.ravel() for a in np.broadcast_arrays(*some)]",
            "    got, want = result(some), result(flat)",
            *_report("got", "want", "    "),
            "sys.exit(0)",
        ],
    )


def _report(got: str, want: str, indent: str) -> list[str]:
    """Lines that end the script at the first element that differs."""
    lines: list[Any] = [
        f"for one, other in zip({got}, {want}):",
        "    if one != other and (one == one or other == other):",
        '        print(f"got {one!r}, want {other!r}, error {abs(one - other) / ulp(other):.4g} ulp")',
        "        sys.exit(1)",
    ]
    return [f"{indent}{line}" for line in lines]
