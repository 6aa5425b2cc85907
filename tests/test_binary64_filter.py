"""The filter says what the oracle says, and nothing where it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BINARY32
from stablelce.oracle import batch
from tests import binary64_filter
from tests.binary64_filter import binary32


@pytest.mark.parametrize("t", [0.0, 1.0, 0.3, 0.5])
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"])
def test_what_is_decided_is_right(quantity: str, t: float, monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.arange(7, 1 << 32, 1 << 21, dtype=np.uint64).astype(np.uint32)
    z = z[(z & 0x7FFFFFFF) < BINARY32.infinity]
    targets = np.full(z.size, t, np.float32)
    wanted = batch.expected(quantity, z, targets.view(np.uint32), BINARY32).encodings
    # At t = 1/2 nothing is left of y - t for the smaller half of the logits.
    least = 0.55 if (quantity, t) == ("gradient", 0.5) else 0.995
    # With intervals 32 times as narrow too, so that the one used has room for worse functions.
    for relative in (binary64_filter.RELATIVE, 2.0**-50):
        monkeypatch.setattr(binary64_filter, "RELATIVE", relative)
        found, decided = binary32(quantity, z.view(np.float32), targets)
        assert decided.mean() > least
        assert (found == wanted)[decided].all()


def test_a_midpoint_is_not_decided() -> None:
    # sigmoid(3 * 2^-23) = 1/2 + 3 * 2^-25 - a third-order term: next to a midpoint.
    z = np.array([3 * 2.0**-23], np.float32)
    assert not binary32("sigmoid", z, z)[1].any()
