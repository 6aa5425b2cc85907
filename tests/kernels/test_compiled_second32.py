"""The second stage of binary32, against the oracle: where the first one leaves everything open."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import numpy.typing as npt
import pytest

from stablelce.formats import BINARY32
from stablelce.kernels.compiled_second32 import settle
from stablelce.kernels.marks import BITS
from stablelce.oracle import batch

Floats = npt.NDArray[np.float32]


def settled(quantity: str, z: Floats, t: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Results, and where they are decided."""
    out, nothing = np.empty_like(z), np.empty(0, np.float32)
    left = np.full(z.size, BITS[quantity], np.uint8)
    losses, gradients, hessians = (out if name == quantity else nothing for name in BITS)
    assert settle(z, t, 0.0, losses, gradients, hessians, left, np.arange(z.size)) == left.any()
    return out, left == 0


@pytest.mark.bulk
@pytest.mark.parametrize("quantity", BITS)
def test_what_is_decided_is_right(quantity: str) -> None:
    rng = np.random.default_rng(1)
    z = np.concatenate(
        [rng.normal(0, 8, 4000), rng.uniform(-104, 104, 2000), 2.0 ** rng.uniform(-40, 0, 500)]
    )
    z = z.astype(np.float32)
    near = (1 / (1 + np.exp(-z.astype(np.float64)))).astype(np.float32)
    t = np.where(np.arange(z.size) % 3 == 0, (z > 0).astype(np.float32), near)
    out, decided = settled(quantity, z, t)
    wanted = batch.expected(quantity, z.view(np.uint32), t.view(np.uint32), BINARY32).encodings
    assert decided.mean() > 0.95
    assert (out.view(np.uint32) == wanted)[decided].all()


def test_what_it_cannot_know_is_left_open() -> None:
    z = np.array([np.nan, np.inf, -np.inf, 691.0, 0.0, 150.0, 1.0, 1.0], np.float32)
    t = np.array([0.5, 1.0, 0.0, 0.0, 0.5, 1.0, 1.5, np.nan], np.float32)
    _, decided = settled("gradient", z, t)
    # 0: y - t = 0 at z = 0; 150 rounds to zero, whose sign is left to others.
    assert not decided.any()


def test_losses_and_gradients_together_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(0, 20, 4000).astype(np.float32)
    t = (1 / (1 + np.exp(-z.astype(np.float64)))).astype(np.float32)
    out, nothing = (np.empty_like(z), np.empty_like(z)), np.empty(0, np.float32)
    left = rng.choice(np.array([0, 1, 2, 3]), z.size).astype(np.uint8)
    wanted = left.copy()
    assert settle(z, t, 0.0, *out, nothing, left, np.arange(z.size)) == left.any()
    for quantity, found in zip(("loss", "gradient"), out, strict=True):
        alone, decided = settled(quantity, z, t)
        marked = wanted & BITS[quantity] != 0
        assert np.array_equal(left[marked] & BITS[quantity] == 0, decided[marked])
        assert np.array_equal(found[marked & decided], alone[marked & decided])
