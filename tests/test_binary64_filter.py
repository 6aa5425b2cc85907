"""The filter says what the oracle says, and nothing where it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BFLOAT16, BINARY16, BINARY32, Format
from stablelce.oracle import batch
from tests import binary64_filter
from tests.binary64_filter import by_binary64

OPEN = {("binary16", 0.3): 0.8, ("bfloat16", 0.5): 0.6, ("binary32", 0.5): 0.55}
"""Gradients that stay open: 1 - 0.3 is a midpoint of binary16, and y - 1/2 cancels at small logits."""


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16, BINARY32], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("t", [0.0, 1.0, 0.3, 0.5])
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"])
def test_what_is_decided_is_right(
    quantity: str, t: float, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = np.arange(7, 1 << fmt.width, 1 << (fmt.width - 11), dtype=np.uint64).astype(fmt.uint)
    least_ones = np.array([0, 1, 2, fmt.sign_bit, fmt.sign_bit | 1], fmt.uint)
    z = np.concatenate([z[(z & fmt.uint.type(fmt.sign_bit - 1)) < fmt.infinity], least_ones])
    targets = np.full(z.size, t).astype(fmt.dtype)
    wanted = batch.expected(quantity, z, targets.view(fmt.uint), fmt).encodings
    least = OPEN.get((fmt.name, t), 0.995) if quantity == "gradient" else 0.995
    # With intervals 32 times as narrow too, so that the one used has room for worse functions.
    for relative in (binary64_filter.RELATIVE, 2.0**-50):
        monkeypatch.setattr(binary64_filter, "RELATIVE", relative)
        found, decided = by_binary64(quantity, z.view(fmt.dtype), targets, fmt)
        assert decided.mean() > least
        assert (found == wanted)[decided].all()


def test_a_midpoint_is_not_decided() -> None:
    # sigmoid(3 * 2^-23) = 1/2 + 3 * 2^-25 - a third-order term: next to a midpoint.
    z = np.array([3 * 2.0**-23], np.float32)
    assert not by_binary64("sigmoid", z, z, BINARY32)[1].any()


def test_where_two_roundings_to_bfloat16_go_wrong_nothing_is_decided() -> None:
    z, t = np.array([14.875], BFLOAT16.dtype), np.array([0.25], BFLOAT16.dtype)
    value = 0.75 * 14.875 + np.log1p(np.exp(-14.875))
    right = batch.expected("loss", BFLOAT16.encodings(z), BFLOAT16.encodings(t), BFLOAT16).encodings
    # As ml_dtypes before 0.7 rounded binary64 to bfloat16: by way of binary32.
    assert BFLOAT16.encodings(np.array([value]).astype(np.float32).astype(BFLOAT16.dtype)) != right
    assert not by_binary64("loss", z, t, BFLOAT16)[1].any()
