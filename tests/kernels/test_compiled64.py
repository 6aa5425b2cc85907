"""The first stage for binary64: its pairs hold nothing subnormal, and it ends where the next one goes on."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import pytest

from stablelce.kernels import compiled64, numba_engine, numpy_engine
from stablelce.kernels.compiled64 import NORMAL
from stablelce.kernels.longer import LAST
from stablelce.kernels.proof.cells import KERNELS
from stablelce.kernels.table_layout import LIMIT
from tests.kernels.proof.running import FUSED, trace

NAMES = ("loss", "gradient", "hessian")


@pytest.mark.parametrize(("least", "most"), [(30, 330), (330, 375), (375, NORMAL)])
def test_no_intermediate_result_of_the_tail_is_subnormal(least: float, most: float) -> None:
    # Such numbers take some processors a hundred times as long, and a vector that has one all of it.
    for a in np.random.default_rng(1).uniform(least, most, 300).tolist():
        index = round(32 * a)
        values = trace(KERNELS["pairs"], FUSED, index, a - index / 32)
        words = [word for value in values for word in (value if isinstance(value, tuple) else (value,))]
        assert not [word for word in words if 0 < abs(word) < 2.0**-1022], a


@pytest.mark.parametrize("edge", [NORMAL, LIMIT, LAST])
def test_the_stages_meet_at_their_limits(edge: float) -> None:
    steps = np.arange(-700, 701) * np.spacing(edge)
    z = np.concatenate([edge + steps, -(edge + steps), np.linspace(edge - 20, edge + 20, 999)])
    for target in (0.0, 1.0, 2.0**-60):
        t = np.full(z.size, target)
        found = {name: np.empty(z.size) for name in NAMES}
        want = {name: np.empty(z.size) for name in NAMES}
        numba_engine.evaluate(found, z, t)
        with np.errstate(all="ignore"):
            numpy_engine.evaluate(want, z, t)
        for name in NAMES:
            assert (found[name].view(np.uint64) == want[name].view(np.uint64)).all(), name


def test_the_limit_lies_within_the_table() -> None:
    assert NORMAL <= LIMIT
    assert compiled64.ROWS[round(32 * NORMAL), 2] * 2.0**-60 >= 2.0**-1022


def test_no_term_of_a_bound_but_its_constant_is_subnormal() -> None:
    bounds = compiled64.ROWS[: round(32 * NORMAL) + 1, [0, 2]] * 2.0**-100
    assert bounds.min() >= 2.0**-1022
