"""Inputs of the search: where they lie, and that moving them leads to a midpoint."""

from __future__ import annotations

import numpy as np
import pytest

from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels.search import draws
from stablelce.kernels.search.functions import FUNCTIONS, SOFT, Function
from stablelce.kernels.search.measure import measure

formats = pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)


@formats
def test_logits_fill_their_binade(fmt: Format) -> None:
    for exponent in draws.binades(fmt):
        a = draws.logits(np.random.default_rng(0), 2000, exponent, fmt)
        low, high = 2.0**exponent, min(2.0 ** (exponent + 1), 690.0)
        assert ((a >= low) & (a <= high)).all()
        assert a.min() < low + 0.01 * (high - low) < high - 0.01 * (high - low) < a.max()
        assert (a.astype(fmt.dtype) == a).all()


def test_a_sweep_takes_every_logit_of_a_binade() -> None:
    size = 1 << 23
    first, last = draws.sweep(0, 10, 3), draws.sweep(size - 10, 10, 3)
    assert first[0] == 8.0
    assert np.nextafter(np.float32(last[-1]), np.float32(99)) == 16.0
    for a in (first, last):
        assert (np.diff(a.astype(np.float32).view(np.uint32).astype(np.int64)) == 1).all()


@formats
@pytest.mark.parametrize("kind", ["uniform", "short", "small"])
def test_targets_are_floats_between_0_and_1(kind: draws.Kind, fmt: Format) -> None:
    t = draws.targets(np.random.default_rng(0), 5000, kind, fmt)
    assert ((t > 0) & (t < 1)).all()
    assert (t.astype(fmt.dtype) == t).all()
    if kind == "short":
        assert (t * 2.0**11 % 1 == 0).all()
        assert {0.25, 0.375} <= {*t.tolist()}
    assert (t.min() < 2.0**-24) == (kind == "small")


@formats
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_optimal_targets_are_a_few_floats_from_the_sigmoid(sign: float, fmt: Format) -> None:
    rng = np.random.default_rng(0)
    a = draws.logits(rng, 1000, 1, fmt)
    t = draws.optimal_targets(rng, a, sign, fmt)
    y = 1 / (1 + np.exp(-sign * a))
    apart = np.abs(
        fmt.ordinals(fmt.encodings(t.astype(fmt.dtype))) - fmt.ordinals(fmt.encodings(y.astype(fmt.dtype)))
    )
    assert apart.max() <= 6
    assert len({*apart.tolist()}) > 3


@formats
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f"{f.quantity}{f.sign:+}{f.soft}")
def test_small_logits_are_moved_next_to_a_midpoint(function: Function, fmt: Format) -> None:
    """Next to 2^-5 there are 2^4 logits or more for each result, so that one of them is 2^-5 ulps near."""
    rng = np.random.default_rng(1)
    a, t = draws.logits(rng, 500, -5, fmt), draws.targets(rng, 500, "short", fmt)
    t = t if function.soft else np.zeros_like(t)
    before = measure(function.quantity, function.sign, a, t, fmt).bits
    a, same = draws.moved(function, a, t, fmt, by_target=False)
    after = measure(function.quantity, function.sign, a, t, fmt).bits
    assert np.array_equal(same, t)
    assert (a.astype(fmt.dtype) == a).all()
    assert np.median(after) >= np.median(before) + 3


@pytest.mark.parametrize("function", SOFT, ids=lambda f: f"{f.quantity}{f.sign:+}")
def test_small_targets_are_moved_next_to_a_midpoint(function: Function) -> None:
    rng = np.random.default_rng(2)
    a, t = draws.logits(rng, 500, 0, BINARY64), 2.0**-20 * (1 + rng.random(500))
    same, moved = draws.moved(function, a, t, BINARY64, by_target=True)
    after = measure(function.quantity, function.sign, a, moved, BINARY64).bits
    assert np.array_equal(same, a)
    assert np.median(after) >= 18
