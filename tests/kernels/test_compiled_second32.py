"""The second stage of binary32, against the oracle: where the first one leaves everything open."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import pytest

from stablelce.formats import BINARY32
from stablelce.kernels.compiled_second32 import drive
from stablelce.kernels.marks import BITS
from stablelce.oracle import batch


@pytest.mark.parametrize("quantity", BITS)
def test_what_is_decided_is_right(quantity: str) -> None:
    rng = np.random.default_rng(1)
    z = np.concatenate(
        [rng.normal(0, 8, 4000), rng.uniform(-104, 104, 2000), 2.0 ** rng.uniform(-40, 0, 500)]
    )
    z = z.astype(np.float32)
    near = (1 / (1 + np.exp(-z.astype(np.float64)))).astype(np.float32)
    t = np.where(np.arange(z.size) % 3 == 0, (z > 0).astype(np.float32), near)
    out, sure = np.empty_like(z), np.empty(z.size, np.uint8)
    drive(BITS[quantity], z, t, out, sure)
    wanted = batch.expected(quantity, z.view(np.uint32), t.view(np.uint32), BINARY32).encodings
    decided = sure != 0
    assert decided.mean() > 0.95
    assert (out.view(np.uint32) == wanted)[decided].all()


def test_what_it_cannot_know_is_left_open() -> None:
    z = np.array([np.nan, np.inf, -np.inf, 691.0, 0.0, 150.0], np.float32)
    t = np.array([0.5, 1.0, 0.0, 0.0, 0.5, 1.0], np.float32)
    out, sure = np.empty_like(z), np.ones(z.size, np.uint8)
    drive(BITS["gradient"], z, t, out, sure)
    # 0: y - t = 0 at z = 0; the last one rounds to zero, whose sign is left to others.
    assert not sure.any()
