"""The hardest inputs are kept, whatever the order in which they come."""

from __future__ import annotations

import numpy as np

from stablelce.formats import BINARY64
from stablelce.kernels.search import draws
from stablelce.kernels.search.functions import FUNCTIONS
from stablelce.kernels.search.kept import Group, Kept, least_bits
from stablelce.kernels.search.measure import measure

GROUP = Group(FUNCTIONS[0], "drawn", 0)


def test_the_hardest_are_kept_once_in_any_order() -> None:
    a = draws.logits(np.random.default_rng(0), 40_000, 0, BINARY64)
    t = np.zeros_like(a)
    at_once, in_parts = Kept(BINARY64, 3), Kept(BINARY64, 3)
    at_once.offer(GROUP, a, t)
    for part in np.array_split(a[::-1], 7):
        in_parts.offer(GROUP, part, np.zeros_like(part))
        in_parts.offer(GROUP, part, np.zeros_like(part))
    bits = measure("loss", -1.0, a, t, BINARY64).bits
    assert at_once.groups[GROUP][2].tolist() == sorted(bits.tolist())[:-4:-1]
    for i in range(3):
        assert at_once.groups[GROUP][i].tolist() == in_parts.groups[GROUP][i].tolist()


def test_easy_inputs_are_not_kept() -> None:
    a = draws.logits(np.random.default_rng(0), 50, 0, BINARY64)
    assert measure("loss", -1.0, a, 0 * a, BINARY64).bits.max() < least_bits(BINARY64)
    kept = Kept(BINARY64, 3)
    kept.offer(GROUP, a, np.zeros_like(a))
    assert kept.groups == {}
    assert [column.size for column in kept.columns("loss")] == [0, 0, 0]


def test_columns_have_signs_and_the_hardest_first() -> None:
    kept = Kept(BINARY64, 3)
    for function in FUNCTIONS[:2]:
        a = draws.logits(np.random.default_rng(0), 40_000, 0, BINARY64)
        kept.offer(Group(function, "drawn", 0), a, np.zeros_like(a))
    z, t, bits = kept.columns("loss")
    assert {*np.sign(z).tolist()} == {-1.0, 1.0}
    assert t.tolist() == [0.0] * 6
    assert (np.diff(bits) <= 0).all()
    assert [*kept.smallest()] == ["loss, z < 0, hard targets: drawn", "loss, z > 0, hard targets: drawn"]
    assert max(kept.smallest().values()) == bits[0]
