"""The sieve on blocks, and compiled: it marks what the oracle says is next to a midpoint."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce import oracle
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels.search import draws
from stablelce.kernels.search.compiled_sieve import sieve as compiled
from stablelce.kernels.search.functions import FUNCTIONS
from stablelce.kernels.search.sieve import choose, sieve

THRESHOLD = 2.0**-6


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("exponent", [-20, -3, 0, 2])
def test_marks_are_right(fmt: Format, exponent: int) -> None:
    rng = np.random.default_rng(exponent + 100)
    a = draws.logits(rng, 400, exponent, fmt)
    t = draws.targets(rng, 400, "uniform", fmt)
    marks = np.empty(400, np.uint16)
    choose(fmt, compiled=False)(a, t, THRESHOLD, marks)
    some = 0
    for i, function in enumerate(FUNCTIONS):
        z = fmt.encodings((function.sign * a).astype(fmt.dtype))
        target = fmt.encodings((t if function.soft else 0 * t).astype(fmt.dtype))
        expected = oracle.expected(function.quantity, z, target, fmt)
        rounded = fmt.array(expected.encodings).astype(np.float64)
        # Offsets are in units that for a gradient may be larger than its own ulp.
        spacing = np.ldexp(1.0, np.frexp(rounded)[1] - fmt.precision)
        offset = expected.offsets * np.ldexp(1.0, expected.units.astype(np.intc)) / spacing
        distance = np.abs(0.5 - np.abs(offset))
        clear = np.abs(distance - THRESHOLD) > 2.0**-10
        near = (marks >> i) & 1 != 0
        assert np.array_equal(near[clear], distance[clear] < THRESHOLD), function
        some += int(near.sum())
    assert some > 50


@pytest.mark.parametrize("narrow", [True, False])
def test_compiled_marks_are_the_same(narrow: bool) -> None:
    rng = np.random.default_rng(5)
    a, t = 40 * rng.random(70_000), rng.random(70_000)
    if narrow:
        a = a.astype(np.float32).astype(np.float64)
    marks, others = np.empty((2, a.size), np.uint16)
    sieve(a, t, 2.0**-8, narrow, marks)
    compiled(a, t, 2.0**-8, narrow, others)
    assert np.count_nonzero(marks != others) <= 2  # at the threshold the last bits may tell
    assert np.count_nonzero(marks) > 1000


def test_the_compiled_sieve_is_chosen_on_demand() -> None:
    marks = np.empty(1, np.uint16)
    choose(BINARY32, compiled=True)(np.array([3 * 2.0**-23]), np.array([0.5]), 2.0**-20, marks)
    assert marks[0] >> 3 & 1  # sigmoid(z), z > 0, is next to a midpoint
