"""The same elements in other shapes and in other places of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.checks.elements import distant, everyday_points, first_difference, turns
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES
from stablelce.formats import UIntArray

__all__ = ["ALIKE", "BROADCAST", "LAYOUTS", "SHAPES", "SIZE", "unaligned"]

Array = npt.NDArray[Any]

SIZE = 120
ALIKE = {
    "0-d arrays": (),
    "empty arrays": (0,),
    "one element": (1,),
    "two-dimensional arrays": (3, 4),
    "an empty axis": (0, 3),
    "three-dimensional arrays": (4, 5, 6),
    "a few long rows": (6, 20),
    "many short rows": (24, 5),
    "one column": (17, 1),
    "one row": (1, 17),
}
"""Shapes of logits and targets alike."""
BROADCAST = {
    "a logit beside many targets": ((1,), (12,)),
    "a target beside many logits": ((12,), (1,)),
    "a column against a row": ((3, 1), (4,)),
    "a 0-d logit beside many targets": ((), (SIZE,)),
    "a 0-d target beside many logits": ((SIZE,), ()),
    "a row of targets for many rows": ((6, 20), (20,)),
    "a row of logits for many rows": ((20,), (6, 20)),
}
"""Shapes of logits and of targets that go together."""
_ALWAYS = (
    "0-d arrays",
    "empty arrays",
    "one element",
    "an empty axis",
    "three-dimensional arrays",
    "a column against a row",
)
"""Which of them a sparing run tries each time; of the others, every second one."""


def _shapes(run: Run, quantity: str) -> Finding:
    fmt = run.fmt
    z, t = everyday_points(run, SIZE)
    whole = run.elementwise(quantity, z, t)
    cases = {name: (shape, shape) for name, shape in ALIKE.items()}
    if quantity not in ONE_ARGUMENT and quantity != "hessian":
        cases |= BROADCAST
    cases = _some(run, quantity, cases)
    for name, shapes in cases.items():
        i, j = (np.arange(int(np.prod(shape))).reshape(shape) for shape in shapes)
        arrays = (fmt.array(part[index].reshape(index.shape)) for part, index in ((z, i), (t, j)))
        shape = np.broadcast_shapes(*shapes)
        try:
            result = run.array(quantity, run.call(quantity, *arrays), shape)
        except SubjectProblem as problem:
            return Finding("failed", len(cases), problem.mode, f"{name}: {problem}")
        i, j = (index.ravel() for index in np.broadcast_arrays(i, j))
        points, got = (z[i], t[j]), fmt.encodings(result).ravel()
        want = whole[i] if shapes[0] == shapes[1] else run.elementwise(quantity, *points)
        k = distant(run, quantity, points, got, want)
        if k is not None:
            point = int(points[0][k]), int(points[1][k])
            message = f"{name}: the element differs from the same one in a flat array"
            return Finding(
                "failed", len(cases), "depends on shape", message, point, int(got[k]), int(want[k])
            )
    return Finding("passed", len(cases))


_Cases = dict[str, tuple[tuple[int, ...], tuple[int, ...]]]


def _some(run: Run, quantity: str, cases: _Cases) -> _Cases:
    if not run.sparing:
        return cases
    others = [name for name in cases if name not in _ALWAYS]
    own = others[turns(run, quantity) % 2 :: 2]
    return {name: case for name, case in cases.items() if name in _ALWAYS or name in own}


def _same(array: Array) -> Array:
    return array.copy()


def _second(array: Array) -> Array:
    return np.repeat(array, 2)[::2]


def _third(array: Array) -> Array:
    return np.repeat(array, 3)[::3]


def _reversed(array: Array) -> Array:
    return array[::-1].copy()[::-1]


def _rows(array: Array) -> Array:
    return array.reshape(4, -1).copy()


def _columns(array: Array) -> Array:
    return np.asfortranarray(array.reshape(4, -1))


def _inner(array: Array) -> Array:
    return np.repeat(array.reshape(4, -1), 2, axis=1)[:, ::2]


def _after_one(array: Array) -> Array:
    return np.append(array[:1], array)[1:]


def unaligned(array: Array) -> Array:
    """The array in memory that begins a byte beyond where an element may."""
    memory = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
    memory[...] = array
    return memory


def _frozen(array: Array) -> Array:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


_View = Callable[[Array], Array]
_VIEWS: dict[str, tuple[_View, _View]] = {
    "every second element": (_second, _second),
    "reversed": (_reversed, _reversed),
    "from the second element of its memory": (_after_one, _after_one),
    "Fortran order": (_columns, _columns),
    "logits in Fortran order, targets not": (_columns, _rows),
    "targets in Fortran order, logits not": (_rows, _columns),
    "read-only": (_frozen, _frozen),
    "every third element": (_third, _third),
    "every second column": (_inner, _inner),
    "from the second byte of its memory": (unaligned, unaligned),
    "every second element, the logits alone": (_second, _same),
    "every second element, the targets alone": (_same, _second),
    "reversed, the logits alone": (_reversed, _same),
    "reversed, the targets alone": (_same, _reversed),
}


def _layouts(run: Run, quantity: str) -> Finding:
    # What goes to another process goes as rows, so there the views say nothing of the length.
    counts = (24,) if run.subject.process is not None else (132,) if run.sparing else (24, 132)
    tried = 0
    for count in counts:
        for name, arrays, points, right in _laid_out(run, quantity, count):
            tried += 1
            try:
                result = run.array(quantity, run.call(quantity, *arrays), arrays[0].shape)
            except SubjectProblem as problem:
                return Finding("failed", tried, problem.mode, f"{name}: {problem}")
            got = run.fmt.encodings(result).ravel()
            i = first_difference(run.fmt, got, right)
            if i is not None:
                message = f"{name}: the element differs from the same one in a contiguous array of {count}"
                point = int(points[0][i]), int(points[1][i])
                return Finding(
                    "failed", tried, "depends on layout", message, point, int(got[i]), int(right[i])
                )
    return Finding("passed", tried)


def _laid_out(
    run: Run, quantity: str, count: int
) -> Iterator[tuple[str, tuple[Array, Array], tuple[UIntArray, UIntArray], UIntArray]]:
    """The name of a layout, arrays in it, the same points in rows, and their results."""
    fmt = run.fmt
    z, t = everyday_points(run, count)
    zs, ts = fmt.array(z), fmt.array(t)
    want = run.evaluate(quantity, z, t)
    alone = quantity in ONE_ARGUMENT
    for name, (of_z, of_t) in _VIEWS.items():
        if not (alone and _same in (of_z, of_t)):
            yield name, (of_z(zs), of_t(ts)), (z, t), want
    # A repeated element has stride 0, and belongs to a read-only view.
    same = np.repeat(z[5:6], count), np.repeat(t[5:6], count)
    once = np.broadcast_to(zs[5], (count,)), np.broadcast_to(ts[5], (count,))
    points = same[0], t
    yield "one logit repeated by stride 0", (once[0], ts.copy()), points, run.evaluate(quantity, *points)
    if not alone:
        points = z, same[1]
        yield "one target repeated by stride 0", (zs.copy(), once[1]), points, run.evaluate(quantity, *points)


SHAPES = ArrayCheck("shapes", QUANTITIES, _shapes)
LAYOUTS = ArrayCheck("layouts", QUANTITIES, _layouts)
