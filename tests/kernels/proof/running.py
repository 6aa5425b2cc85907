"""Runs of a kernel's source on Python floats and on enclosures, with every intermediate value recorded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import ModuleType
from typing import Any

from stablelce.kernels import pairs, primitives
from stablelce.kernels.proof.cells import Kernel
from stablelce.kernels.rebinding import rebind

Operations = Mapping[str, Callable[..., Any]]


def planted(*replacements: tuple[str, str]) -> Kernel:
    """The kernel ``pairs`` with a defect in its source."""
    source = inspect.getsource(pairs)
    for text, defect in replacements:
        assert text in source, f"{text!r} is no longer in pairs.py"
        source = source.replace(text, defect)
    module = ModuleType("stablelce.kernels.planted")
    exec(compile(source, "planted.py", "exec"), vars(module))
    return Kernel("pairs", module, 2)


def _fused_mul_add(a: float, b: float, c: float) -> float:
    # The quotient of two integers is rounded once, to nearest, by Python.
    return float(Fraction(a) * Fraction(b) + Fraction(c))


def _fused_two_prod(a: float, b: float) -> tuple[float, float]:
    return a * b, float(Fraction(a) * Fraction(b) - Fraction(a * b))


SEPARATE: Operations = {
    "fast_two_sum": primitives.fast_two_sum,
    "mul_add": primitives.mul_add,
    "select": lambda condition, a, b: a if condition else b,
    "take": lambda column, index: float(column[index]),
    "to_index": int,
    "two_prod": primitives.two_prod,
    "two_square": primitives.two_square,
    "two_sum": primitives.two_sum,
}
"""The primitives on Python floats."""

FUSED: Operations = {
    **SEPARATE,
    "mul_add": _fused_mul_add,
    "two_prod": _fused_two_prod,
    "two_square": lambda a: _fused_two_prod(a, a),
}
"""The same as a machine with fused operations does them."""


class Traced:
    """A number of any type, the results of whose operations are recorded in order."""

    def __init__(self, inner: Any, log: list[Any]):
        self.inner, self.log = inner, log
        log.append(inner)

    def _result(self, inner: Any) -> Traced:
        return Traced(inner, self.log)

    def __neg__(self) -> Traced:
        return self._result(-self.inner)

    def __add__(self, other: Any) -> Traced:
        return self._result(self.inner + unwrapped(other))

    def __radd__(self, other: float) -> Traced:
        return self._result(other + self.inner)

    def __sub__(self, other: Any) -> Traced:
        return self._result(self.inner - unwrapped(other))

    def __rsub__(self, other: float) -> Traced:
        return self._result(other - self.inner)

    def __mul__(self, other: Any) -> Traced:
        return self._result(self.inner * unwrapped(other))

    def __rmul__(self, other: float) -> Traced:
        return self._result(other * self.inner)

    def __ge__(self, other: float) -> bool:
        return bool(self.inner >= other)

    def __truediv__(self, other: Any) -> Traced:
        return self._result(self.inner / unwrapped(other))


def unwrapped(value: Any) -> Any:
    return value.inner if isinstance(value, Traced) else value


def trace(kernel: Kernel, operations: Operations, index: int, rest: Any) -> list[Any]:
    """Each value in the order of the operations, and each pair that a primitive or the kernel returns."""
    log: list[Any] = []

    def recorded(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            result = function(*map(unwrapped, arguments))
            if not isinstance(result, tuple):
                return Traced(result, log)
            log.append(result)
            return tuple(Traced(part, log) for part in result)

        return run

    wrapped: dict[str, Callable[..., Any]] = {name: recorded(f) for name, f in operations.items()}
    wrapped["reduced"] = lambda _: (index, Traced(rest, log))
    results = [unwrapped(result) for result in rebind(kernel.module, wrapped)[kernel.name](None)]
    starts = range(0, len(results), kernel.words)
    return log + [tuple(results[i : i + kernel.words]) for i in starts]
