"""Which faults common test tolerances let through, on the very inputs that a smoke audit takes.

The rule of each tool is restated here from its documentation or source; nothing of the tools runs. Wanted are
the correctly rounded results, so a tool fails nothing but the subject. Results are compared one by one:
``|got - want| <= atol + rtol*|want|`` (for array-api-tests, whose rule is that of ``math.isclose``:
``<= max(rtol*max(|got|,|want|), atol)``), NaN equal to NaN, infinities equal to themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from stablelce.conformance.checks.accuracy import expect
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.faults.base import Fault, subject_of
from stablelce.conformance.points import budget, region_points
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, Format, UIntArray, find_format

__all__ = ["TOOLS", "Tool", "let_through"]


@dataclass(frozen=True)
class Tool:
    """A tool's default tolerances, by format, and where they are written.

    Attributes
    ----------
    name, source : str
        The tool, and the address of the page or file.
    rtol, atol : mapping
        From a format to the tolerance.
    rule : {"sum", "larger"}
        Whether the two tolerances are added or the larger one counts.
    note : str
        What the rule leaves out.
    """

    name: str
    source: str
    rtol: dict[Format, float]
    atol: dict[Format, float]
    rule: Literal["sum", "larger"] = "sum"
    note: str = ""


def _alike(value: float) -> dict[Format, float]:
    return dict.fromkeys((BINARY16, BFLOAT16, BINARY32, BINARY64), value)


_TORCH = {BINARY16: (1e-3, 1e-5), BFLOAT16: (1.6e-2, 1e-5), BINARY32: (1.3e-6, 1e-5), BINARY64: (1e-7, 1e-7)}
_JAX = {BINARY16: 1e-3, BFLOAT16: 1e-2, BINARY32: 1e-6, BINARY64: 1e-15}

TOOLS: tuple[Tool, ...] = (
    Tool(
        "NumPy assert_allclose",
        "https://numpy.org/doc/stable/reference/generated/numpy.testing.assert_allclose.html",
        _alike(1e-7),
        _alike(0.0),
        note="the same for every dtype: below the spacing of float32 and narrower, so rounding fails too",
    ),
    Tool(
        "PyTorch assert_close",
        "https://docs.pytorch.org/docs/stable/testing.html",
        {fmt: pair[0] for fmt, pair in _TORCH.items()},
        {fmt: pair[1] for fmt, pair in _TORCH.items()},
    ),
    Tool(
        "JAX",
        "https://github.com/jax-ml/jax/blob/main/jax/_src/public_test_util.py",
        _JAX,
        _JAX,
        note="taken for one element: its check_close multiplies both by the number of elements",
    ),
    Tool(
        "ONNX backend tests",
        "https://github.com/onnx/onnx/blob/main/onnx/backend/test/loader/__init__.py",
        _alike(1e-3),
        _alike(1e-7),
    ),
    Tool(
        "array-api-tests",
        "https://github.com/data-apis/array-api-tests/blob/master/array_api_tests/"
        "test_operators_and_elementwise_functions.py",
        _alike(0.25),
        _alike(1.0),
        rule="larger",
    ),
)


def let_through(fault: Fault, seed: int = 0) -> dict[str, bool]:
    """For each tool, whether it accepts every result of the faulty function on the audit's points.

    The points are those that "accuracy" judges by the oracle in the smoke tier, and the hard cases; a call
    that raises, or returns no array of the right dtype, is seen by every tool.
    """
    fault.mend()
    accepted = {tool.name: True for tool in TOOLS}
    plain = replace(subject_of(fault), functions={fault.quantity: fault.functions[fault.quantity]})
    for name in fault.formats:
        fmt = find_format(name)
        run = Run(plain, fmt, "accurate")
        for z, t in region_points(run, fault.quantity, (), budget("smoke").accuracy, seed):
            try:
                got = run.evaluate(fault.quantity, z, t)
            except SubjectProblem:
                return dict.fromkeys(accepted, False)
            want = expect(fmt, fault.quantity, z, t).encodings
            for tool in TOOLS:
                accepted[tool.name] &= bool(_accepts(tool, fmt, got, want).all())
    fault.mend()
    return accepted


def _accepts(tool: Tool, fmt: Format, got: UIntArray, want: UIntArray) -> npt.NDArray[np.bool_]:
    a, b = (fmt.array(part).astype(np.float64) for part in (got, want))
    rtol, atol = tool.rtol[fmt], tool.atol[fmt]
    with np.errstate(all="ignore"):
        if tool.rule == "larger":
            allowed = np.maximum(rtol * np.maximum(np.abs(a), np.abs(b)), atol)
        else:
            allowed = atol + rtol * np.abs(b)
        near = np.isfinite(a) & np.isfinite(b) & (np.abs(a - b) <= allowed)
    return np.asarray(near | (a == b) | (np.isnan(a) & np.isnan(b)))
