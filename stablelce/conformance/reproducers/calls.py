"""Scripts for calls that raise or return no proper array, and for what a call leaves behind."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from stablelce.conformance.checks.views import ALIKE, BROADCAST
from stablelce.conformance.counterexamples import array_text, import_lines
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import Finding
from stablelce.conformance.reproducers.script import copies, expression, head, inputs, memory, text_of
from stablelce.conformance.subjects.base import NUMPY_ARRAY, ONE_ARGUMENT

__all__ = ["environment_script", "mutation_script", "noise_script", "raising_script"]

_SHAPES = (*((shape, shape) for shape in ((1,), *ALIKE.values())), *BROADCAST.values())


def raising_script(run: Run, check: str, quantity: str, problem: SubjectProblem) -> str:
    """The first of a few simple calls that fails in the same way; empty where none does."""
    if check == "pair":
        run = _of_the_pair(run)
    text = expression(run, quantity)
    if text is None:
        return ""
    process = run.subject.process if problem.searched and problem.point is None else None
    for lines, arrays in _simple_calls(run, quantity):
        if process is not None:  # what takes an earlier call is shown by no script of one
            process.renew()
        if _problem(run, quantity, *arrays) == problem.mode:
            shape = np.broadcast_shapes(*(array.shape for array in arrays))
            return text_of(
                head(run, quantity, check, problem.mode),
                lines,
                [
                    f"want = ({run.fmt.dtype_name!r}, {shape})",
                    "try:",
                    f"    result = {text}",
                    "    got = (str(result.dtype), tuple(result.shape))",
                    "except Exception as error:",
                    "    got = (repr(error), None)",
                    'print(f"got {got}, want {want}, no result to measure an error of")',
                    "sys.exit(0 if want[0] in got[0] and want[1] == got[1] else 1)",
                ],
            )
    return ""


def _problem(run: Run, quantity: str, z: Any, t: Any) -> str:
    shape = z.shape if quantity in ONE_ARGUMENT else np.broadcast_shapes(z.shape, t.shape)
    try:
        run.array(quantity, run.call(quantity, z, t), shape)
    except SubjectProblem as problem:
        return problem.mode
    return ""


def _simple_calls(run: Run, quantity: str) -> Iterator[tuple[list[str], tuple[Any, Any]]]:
    """Lines that make the inputs, and the inputs: everyday and special elements, then shapes."""
    fmt = run.fmt
    one, minus, deep = (int(fmt.encodings(np.array(v).astype(fmt.dtype))) for v in (1.0, -1.0, -800.0))
    infinity, nan = fmt.infinity, fmt.nan
    points = [(one, 0), (minus, one), (infinity, one), (infinity | fmt.sign_bit, 0), (infinity, 0)]
    for z, t in [*points, (nan, 0), (one, nan), (deep, one), (deep ^ fmt.sign_bit, one)]:
        yield inputs(run, quantity, [z], [t]), (fmt.array([z]).copy(), fmt.array([t]).copy())
    if run.subject.array == NUMPY_ARRAY:
        for count in (1, 132):
            lines = copies(run, quantity, [one], [0], count)
            yield [*lines, "z.flags.writeable = False"], _read_only(run, one, count)
    for shapes in _SHAPES:
        size = [math.prod(shape) for shape in shapes]
        lines = inputs(run, quantity, [one] * size[0], [0] * size[1])
        texts = [f"{line}.reshape({shape})" for line, shape in zip(lines, shapes, strict=False)]
        filled = (np.full(shape, value) for shape, value in zip(shapes, (1.0, 0.0), strict=True))
        if quantity not in ONE_ARGUMENT or shapes[0] == shapes[1]:
            logits, targets = (part.astype(fmt.dtype) for part in filled)
            yield texts, (logits, targets)


def _read_only(run: Run, one: int, count: int) -> tuple[Any, Any]:
    z = run.fmt.array([one] * count)
    z.flags.writeable = False
    return z, run.fmt.array([0] * count)


def _of_the_pair(run: Run) -> Run:
    """The same with a subject that offers the pair alone."""
    name = "loss_and_gradient"
    functions = {name: run.subject.functions[name]}
    expressions = {key: text for key, text in run.subject.expressions.items() if key == name}
    subject = replace(run.subject, functions=functions, expressions=expressions)
    return Run(subject, run.fmt, run.profile, run.allow_ftz)


def noise_script(run: Run) -> str:
    """The call that warned or printed first, with as few of its elements as do it by halving."""
    if run.noisy is None or expression(run, run.noisy[0]) is None:
        return ""
    quantity, z, t = run.noisy
    z, t = (part.ravel() for part in np.broadcast_arrays(z, z if quantity in ONE_ARGUMENT else t))
    while len(z) > 1:
        halves = [(z[: len(z) // 2], t[: len(z) // 2]), (z[len(z) // 2 :], t[len(z) // 2 :])]
        noisy = [half for half in halves if _is_noisy(run, quantity, *half)]
        if not noisy:
            break
        z, t = noisy[0]
    lines = inputs(run, quantity, run.fmt.encodings(z).tolist(), run.fmt.encodings(t).tolist())
    return text_of(
        head(run, quantity, "warnings and output", " and ".join(sorted(run.noise))),
        ["import contextlib, io, warnings", *lines, "out = io.StringIO()"],
        ["with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(out):"],
        ['    warnings.simplefilter("always")', f"    {expression(run, quantity)}"],
        ["got = [str(one.message) for one in caught] + out.getvalue().splitlines()"],
        ['print(f"got {got}, want silence, no error to measure")', "sys.exit(1 if got else 0)"],
    )


def _is_noisy(run: Run, quantity: str, z: Any, t: Any) -> bool:
    alone = Run(run.subject, run.fmt, run.profile, run.allow_ftz)
    _problem(alone, quantity, z.copy(), t.copy())
    return bool(alone.noise)


def mutation_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """The memory of the arguments before and after a call."""
    assert finding.point is not None
    if check == "pair":
        run = _of_the_pair(run)
    z, t = finding.point
    told = re.search(r"its argument (weight|pos_weight)\b(?: of shape (\([\d, ]*\)))?", finding.message)
    if told is not None:
        return _weights_mutated(run, check, quantity, finding, told[1], told[2] or "33")
    shape = _written_shape(run, quantity, z, t)
    return text_of(
        head(run, quantity, check, finding.mode),
        memory(run, quantity, [z], [t]),
        [
            f"arrays = [np.full({shape}, a[0]) for a in arrays]",
            "want = [a.tobytes() for a in arrays]",
            f"result(arrays)  # {expression(run, quantity)}",
            "got = [a.tobytes() for a in arrays]",
            "first = [a.flat[0] for a in arrays], [np.frombuffer(a, arrays[0].dtype)[0] for a in want]",
            'print(f"got {first[0]}, want {first[1]} as before, no error to measure")',
            "sys.exit(1 if got != want else 0)",
        ],
    )


def _weights_mutated(run: Run, check: str, quantity: str, finding: Finding, keyword: str, shape: str) -> str:
    text = expression(run, quantity, keyword)
    if text is None or finding.point is None:
        return ""
    given = replace(run.subject, array=NUMPY_ARRAY)
    weights = run.fmt.encodings(np.array([0.5, 3.0, 0.0, 1.0]).astype(run.fmt.dtype)).tolist()
    columns = [[finding.point[0]], [finding.point[1]], weights]
    return text_of(
        head(run, quantity, check, finding.mode),
        import_lines(replace(given, imports=""), run.fmt),
        [
            f"arrays = [{', '.join(array_text(given, run.fmt, column) for column in columns)}]",
            f"arrays = [np.resize(a, {shape}) for a in arrays]",
            "want = [a.tobytes() for a in arrays]",
            f"z, t, w = ({run.subject.convert} for a in arrays)",
            text,
            "got = [a.tobytes() for a in arrays]",
            "first = arrays[2].ravel().tolist()[:4], np.frombuffer(want[2], arrays[2].dtype).tolist()[:4]",
            'print(f"got {first[0]}, want {first[1]} as before, no error to measure")',
            "sys.exit(1 if got != want else 0)",
        ],
    )


def _written_shape(run: Run, quantity: str, z: int, t: int) -> tuple[int, ...]:
    """A shape of copies of a point that are written to."""
    for shape in ((33,), (1,), (3, 11), (), (257,), (1025,), (4097,), (66_001,)):
        alone = Run(run.subject, run.fmt, run.profile, run.allow_ftz)
        arrays = (run.fmt.array(np.full(shape, part, dtype=run.fmt.uint)) for part in (z, t))
        with contextlib.suppress(SubjectProblem):
            alone.call(quantity, *arrays)
        if alone.written:
            return shape
    return (33,)


_STATE = """\
import random
import numpy as np
def state():
    tiny, half = sys.float_info.min, sys.float_info.epsilon / 2
    return {
        "rounding": (1.0 + half, -1.0 - half, 1.0 + 3 * half),
        "subnormal numbers": (tiny * 0.5, bool((np.full(9, tiny) * 0.5 != 0).all())),
        "NumPy's error state": np.geterr(),
        "random generators": (random.getstate(), repr(np.random.get_state(legacy=False))),
    }
before = state()"""


def environment_script(run: Run, check: str, quantity: str, finding: Finding) -> str:
    """Loading the subject may be what alters the state, so the first look comes before its import."""
    comment, system, _, *imports = head(run, quantity, check, finding.mode)
    one = int(run.fmt.encodings(np.array(1.0).astype(run.fmt.dtype)))
    z, t = finding.point or (one, 0)
    return text_of(
        [comment, system, *_STATE.splitlines()],
        [line for line in imports if line != "import numpy as np"],
        inputs(run, quantity, [z], [t]),
        [
            f"{expression(run, quantity)}",
            "after = state()",
            "altered = [name for name in before if before[name] != after[name]]",
            'print(f"got {altered} altered, want none, no error to measure")',
            "sys.exit(1 if altered else 0)",
        ],
    )
