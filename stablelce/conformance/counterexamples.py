"""A failing point as a reader wants it: what came, what should have come, and a call to paste."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stablelce import oracle
from stablelce.conformance.checks.accuracy import expect
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.results import Counterexample, Value
from stablelce.conformance.subjects.base import NUMPY_ARRAY, ONE_ARGUMENT, QUANTITIES, Subject
from stablelce.formats import Format

__all__ = ["array_text", "counterexample", "import_lines", "literal", "paste_ready"]


def counterexample(
    run: Run,
    quantity: str,
    z: int,
    t: int,
    *,
    got: int | None = None,
    want: int | None = None,
    related: Sequence[tuple[str, int, int, int]] = (),
) -> Counterexample:
    """The point (z, t) with result, exact value and error.

    ``related`` are the other results of a relation that fails there, as (quantity, z, t, got).
    """
    fmt = run.fmt
    if got is None:
        got = _result(run, quantity, z, t)
    error: float | None = None
    note = ""
    finite = fmt.is_finite(z) and fmt.is_finite(t)
    if finite:
        expected = expect(fmt, quantity, *(np.array([e], dtype=fmt.uint) for e in (z, t)))
        want = int(expected.encodings[0]) if want is None else want
        if got is not None:
            error = float(expected.errors(np.array([got], dtype=fmt.uint))[0])
        exact = oracle.exact(quantity, fmt.to_fraction(z), fmt.to_fraction(t), fmt)
        note = f"exact value {exact.digits(20)}"
    notes = [note] if note else []
    notes += [_related(fmt, *other) for other in related]
    takes_target = quantity not in ONE_ARGUMENT
    return Counterexample(
        quantity=quantity,
        format=fmt.dtype_name,
        z=Value.of(fmt, z),
        t=Value.of(fmt, t) if takes_target else None,
        got=None if got is None else Value.of(fmt, got),
        want=None if want is None else Value.of(fmt, want),
        error=error,
        call=paste_ready(run, quantity, z, t),
        note="; ".join(notes),
    )


def _related(fmt: Format, quantity: str, z: int, t: int, got: int) -> str:
    arguments = f"z={_number(fmt, z)}"
    if quantity not in ONE_ARGUMENT:
        arguments += f", t={_number(fmt, t)}"
    return f"compared with {quantity}({arguments}) = {_number(fmt, got)}"


def _number(fmt: Format, encoding: int) -> str:
    return Value.of(fmt, encoding).decimal


def _result(run: Run, quantity: str, z: int, t: int) -> int | None:
    one = np.array([z], dtype=run.fmt.uint), np.array([t], dtype=run.fmt.uint)
    try:
        return int(run.evaluate(quantity, *one)[0])
    except SubjectProblem:
        return None


def paste_ready(run: Run, quantity: str, z: int, t: int) -> str:
    """Python lines that print the subject's result at one point."""
    fmt, subject = run.fmt, run.subject
    expression = subject.expressions.get(quantity)
    suffix = ""
    if expression is None and quantity in QUANTITIES[:2]:
        expression = subject.expressions.get("loss_and_gradient")
        suffix = "[0]" if quantity == "loss" else "[1]"
    lines = [f"z = {array_text(subject, fmt, [z])}"]
    if quantity not in ONE_ARGUMENT:
        lines.append(f"t = {array_text(subject, fmt, [t])}")
    lines.append(f"print({expression or f'{quantity}(...)'}{suffix})")
    return "\n".join([*import_lines(subject, fmt), *lines])


def import_lines(subject: Subject, fmt: Format) -> list[str]:
    """The imports that `array_text` and the subject's expressions need."""
    lines = ["import numpy as np"] if subject.array == NUMPY_ARRAY else []
    if "ml_dtypes" in array_text(subject, fmt, []):
        lines.append("import ml_dtypes")
    return lines + [line for line in subject.imports.splitlines() if line not in lines]


def array_text(subject: Subject, fmt: Format, encodings: Sequence[int]) -> str:
    """A Python expression for an array in the subject's own type."""
    values = ", ".join(literal(fmt, encoding) for encoding in encodings)
    text = subject.array.format(values=f"[{values}]", format=fmt.dtype_name)
    return text.replace("np.bfloat16", "ml_dtypes.bfloat16") if subject.array == NUMPY_ARRAY else text


def _nan(fmt: Format, encoding: int) -> str:
    """NaN with its sign, and with its payload where it has one."""
    sign = "-" if fmt.is_negative(encoding) else ""
    payload = (encoding ^ fmt.nan) & (fmt.sign_bit - 1)
    if not payload:
        return f"{sign}float('nan')"
    bits = (0x7FF8 << 48) + (payload << 53 - fmt.precision)
    return f"{sign}struct.unpack('d', struct.pack('Q', {bits:#x}))[0]"


def literal(fmt: Format, encoding: int) -> str:
    """A Python expression for the number: a binary64 holds every value of the four formats."""
    scalar = float(fmt.array([encoding])[0])
    if math.isnan(scalar):
        return _nan(fmt, encoding)
    if math.isinf(scalar):
        return "float('-inf')" if scalar < 0 else "float('inf')"
    return repr(scalar)
