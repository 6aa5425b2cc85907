"""Scripts for elements whose result depends on their place: in an array, in a shape, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.conformance.checks.arrays import LENGTHS, everyday_points
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.script import (
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
    """An element among others beside the same one alone: among its own copies where they show it."""
    assert finding.point is not None
    if finding.mode == "not deterministic":
        return _twice(run, check, quantity, finding)
    return among_script(run, check, quantity, finding.mode, finding.point)


def among_script(run: Run, check: str, quantity: str, mode: str, point: tuple[int, int]) -> str:
    """The script for a result that is another among other elements than alone."""
    z, t, place = _among(run, quantity, *point)
    text = expression(run, quantity)
    many = inputs(run, quantity, z.tolist(), t.tolist())
    if (z == z[0]).all() and (t == t[0]).all():
        many = [
            line.replace("]", f"] * {len(z)}", 1) for line in inputs(run, quantity, [int(z[0])], [int(t[0])])
        ]
    return text_of(
        head(run, quantity, check, mode),
        ulp_function(run.fmt),
        many,
        [f"result = {text}", f"got = float(result[{place}])"],
        inputs(run, quantity, [int(z[place])], [int(t[place])]),
        [
            f"result = {text}",
            "want = float(result[0])",
            "error = abs(got - want) / ulp(want)",
            f'where = "at place {place} of {len(z)}"',
            'print(f"got {got!r} {where}, want {want!r} as alone, error {error:.4g} ulp")',
            "sys.exit(1 if got != want else 0)",
        ],
    )


def _among(run: Run, quantity: str, z: int, t: int) -> tuple[UIntArray, UIntArray, int]:
    """Arrays, as short as a few tries find, and the place where an element differs from itself alone."""
    every_z, every_t = everyday_points(run, max(LENGTHS))
    alone = _alone(run, quantity, every_z[:200], every_t[:200])
    whole = run.evaluate(quantity, every_z, every_t)
    differing = np.flatnonzero(alone != whole[: len(alone)])[:5].tolist()
    for a, b in [(z, t), *((int(every_z[i]), int(every_t[i])) for i in differing)]:
        for count in LENGTHS[1:]:
            copies = np.full(count, a, dtype=run.fmt.uint), np.full(count, b, dtype=run.fmt.uint)
            different = run.evaluate(quantity, *copies) != _alone(run, quantity, copies[0][:1], copies[1][:1])
            if different.any():
                return *copies, int(different.argmax())
    for count in LENGTHS[1:]:
        for start in (0, 1, 3):
            part = every_z[start : start + count], every_t[start : start + count]
            size = min(len(part[0]), 200)
            got = run.evaluate(quantity, *part)[-size:]
            different = got != _alone(run, quantity, part[0][-size:], part[1][-size:])
            if different.any():
                return *part, len(part[0]) - size + int(different.argmax())
    there = np.flatnonzero((every_z == z) & (every_t == t))
    return every_z, every_t, int(there[0]) if there.size else 0


def _alone(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> UIntArray:
    """The result of each element in an array of its own."""
    results = [run.evaluate(quantity, z[i : i + 1], t[i : i + 1])[0] for i in range(len(z))]
    return np.array(results, dtype=run.fmt.uint)


def _twice(run: Run, check: str, quantity: str, finding: Finding) -> str:
    z, t = everyday_points(run, max(LENGTHS))
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
    z, t = everyday_points(run, 24)
    of_numpy = [
        '    "reversed": [a[::-1].copy()[::-1] for a in arrays],',
        '    "Fortran order": [np.asfortranarray(a.reshape(4, 6)) for a in arrays],',
    ]
    # What a framework cannot take from NumPy, a negative stride, says nothing about its results.
    more = of_numpy if run.subject.convert == "a" else []
    return text_of(
        head(run, quantity, check, finding.mode),
        ulp_function(run.fmt),
        memory(run, quantity, z.tolist(), t.tolist()),
        [
            "want = result(arrays)",
            "layouts = {",
            '    "every second element": [np.repeat(a, 2)[::2] for a in arrays],',
            *more,
            '    "an element into a buffer": [np.concatenate([a[:1], a])[1:] for a in arrays],',
            '    "two elements into a buffer": [np.concatenate([a[:2], a])[2:] for a in arrays],',
            "}",
            "for name, same in layouts.items():",
            "    got = result(same)",
            *_report("got", "want", "    "),
            "sys.exit(0)",
        ],
    )


def shapes_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The elements of a two-dimensional array, a column against a row and so on, beside a flat one."""
    z, t = everyday_points(run, 12)
    return text_of(
        head(run, quantity, check, finding.mode),
        ulp_function(run.fmt),
        memory(run, quantity, z.tolist(), t.tolist()),
        [
            "shapes = [((3, 4), (3, 4)), ((3, 1), (4,)), ((1,), (12,)), ((12,), (1,))]",
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
