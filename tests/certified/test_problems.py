"""The hash tells data apart and does not depend on their layout."""

from __future__ import annotations

import hashlib
import struct

import numpy as np

from tests.certified.problems import make


def test_the_hash_is_that_of_the_documented_bytes() -> None:
    problem = make("a", "", [[1.0, 2.0], [3.0, 4.0]], [0, 1], s=[5, 6])
    expected = hashlib.sha256(b"2 2\n" + struct.pack("<8d", 1, 2, 3, 4, 0, 1, 5, 6)).hexdigest()
    assert problem.sha256() == expected


def test_the_hash_does_not_depend_on_the_layout_and_does_on_every_value() -> None:
    x, t = np.array([[1.0, 2.0], [3.0, 4.0]]), [0, 1]
    same = make("b", "", np.asfortranarray(x), t).sha256()
    assert same == make("a", "", x, t).sha256()
    others = [make("a", "", x.T, t), make("a", "", x, [1, 0]), make("a", "", x, t, s=[1, 1])]
    assert len({same, *(other.sha256() for other in others)}) == 4


def test_the_sum_of_the_weights_is_exact() -> None:
    problem = make("a", "", [[1.0], [2.0], [3.0]], [0, 1, 1], s=[2.0**53, 1.0, 1.0])
    assert problem.total == 2**53 + 2
    assert make("a", "", [[1.0], [2.0]], [0, 1]).total == 2
