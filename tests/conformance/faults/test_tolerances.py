"""The rules of tools, restated, against the functions that NumPy and Python have of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stablelce.conformance.faults import find
from stablelce.conformance.faults.tolerances import TOOLS, _accepts, let_through
from stablelce.formats import FORMATS, Format

PAIRS = [(a, b) for a in (0.0, 1.0, 1.0000001, 1.2, 1e-9, -1e-9, 4.0, 1e30) for b in (0.0, 1.0, 1e-9, 3.0)]
INF, NAN = math.inf, math.nan
SPECIAL = [(NAN, NAN), (INF, INF), (INF, -INF), (NAN, 1.0), (1.0, INF)]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_rule_is_that_of_its_tool(tool: object, fmt: Format) -> None:
    one = next(each for each in TOOLS if each is tool)
    for pair in PAIRS + SPECIAL:
        with np.errstate(over="ignore"):
            got, want = (np.array([value]).astype(fmt.dtype) for value in pair)
        a, b = float(got[0]), float(want[0])
        if one.rule == "sum":
            right = bool(np.isclose(a, b, rtol=one.rtol[fmt], atol=one.atol[fmt], equal_nan=True))
        else:
            near = math.isclose(a, b, rel_tol=one.rtol[fmt], abs_tol=one.atol[fmt])
            right = near or (math.isnan(a) and math.isnan(b))
        assert bool(_accepts(one, fmt, fmt.encodings(got), fmt.encodings(want))[0]) == right, pair


def test_each_tool_names_its_source() -> None:
    for tool in TOOLS:
        assert tool.source.startswith("https://")
        assert set(tool.rtol) == set(tool.atol) == set(FORMATS)


def test_a_tail_lost_altogether_passes_where_the_absolute_tolerance_is_large() -> None:
    accepted = let_through(find("loss by log_sigmoid"))
    assert accepted["PyTorch assert_close"]
    assert accepted["array-api-tests"]
    assert not accepted["NumPy assert_allclose"]


def test_what_raises_or_changes_the_dtype_passes_nowhere() -> None:
    assert not any(let_through(find("single promoted to double")).values())


def test_a_gross_fault_passes_nowhere() -> None:
    assert not any(let_through(find("factor 2")).values())
