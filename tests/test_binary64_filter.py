"""The filter says what the oracle says, and nothing where it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BFLOAT16, BINARY16, BINARY32, Format
from stablelce.oracle import batch
from tests import binary64_filter
from tests.binary64_filter import by_binary64


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16, BINARY32], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("t", [0.0, 1.0, 0.3, 0.5])
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"])
def test_what_is_decided_is_right(
    quantity: str, t: float, fmt: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = np.arange(7, 1 << fmt.width, 1 << (fmt.width - 11), dtype=np.uint64).astype(fmt.uint)
    z = z[(z & fmt.uint.type(fmt.sign_bit - 1)) < fmt.infinity]
    targets = np.full(z.size, t).astype(fmt.dtype)
    wanted = batch.expected(quantity, z, targets.view(fmt.uint), fmt).encodings
    # At t = 1/2 nothing is left of y - t for half of the logits; 1 - 0.3 is a midpoint of binary16.
    least = 0.55 if quantity == "gradient" and 0 < t < 1 else 0.995
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


def test_what_two_roundings_of_bfloat16_would_miss_is_not_decided() -> None:
    # sigmoid(z) = 1/2 + z/4 - ... is 2^-33 z or less from 1/2 + 2^-9, a midpoint, where binary32 sees a tie.
    z = np.array([0.0078125], BFLOAT16.dtype)
    lower = 1 / (1 + np.exp(-np.float64(z[0])))
    assert np.float32(lower) != lower
    assert not by_binary64("sigmoid", z, z, BFLOAT16)[1].any()
