"""Gradients next to z = 0 and t = 1/2, against the oracle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from stablelce.formats import BINARY64, FORMATS, Format
from stablelce.kernels.near_zero import NEAR, near_zero
from stablelce.oracle import batch

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

Doubles = npt.NDArray[np.float64]


def values(encodings: npt.NDArray[np.unsignedinteger], fmt: Format) -> Doubles:
    return np.asarray(fmt.array(encodings)).astype(np.float64)


def small_logits(fmt: Format, count: int) -> npt.NDArray[np.unsignedinteger]:
    """Encodings of logits below 2^-47, all binades alike, the smallest ones, and zeros of both signs."""
    rng = np.random.default_rng(1)
    top = fmt.round_dyadic(1, -47)
    if top == 0:  # binary16 has no such number but zero
        top = 1
    drawn = rng.integers(0, top, count).astype(fmt.uint)
    tiny = np.arange(min(top, 40)).astype(fmt.uint)
    z = np.concatenate([drawn, tiny, tiny])
    z[::2] |= fmt.uint.type(fmt.sign_bit)
    return z


def targets(fmt: Format, count: int) -> npt.NDArray[np.unsignedinteger]:
    """1/2, its neighbours, and others in [1/4, 3/4]."""
    rng = np.random.default_rng(2)
    half, low, high = (fmt.round_dyadic(m, -2) for m in (2, 1, 3))
    near = half + rng.integers(-5, 6, count)
    wide = rng.integers(low, high + 1, count)
    chosen = np.where(rng.random(count) < 0.3, half, np.where(rng.random(count) < 0.5, near, wide))
    return chosen.astype(fmt.uint)


@each_format
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_decided_is_right(fmt: Format, sign: float) -> None:
    z = small_logits(fmt, 3000)
    t = targets(fmt, z.size)
    with np.errstate(all="ignore"):
        encodings, decided = near_zero("gradient", sign, values(z, fmt), values(t, fmt), fmt)
    wanted = batch.expected("gradient", z, t, fmt).encodings.copy()
    if sign < 0:  # an exact zero is +0 whatever the sign
        exact_zero = (values(z, fmt) == 0) & (values(t, fmt) == 0.5)
        wanted[~exact_zero] ^= fmt.uint.type(fmt.sign_bit)
    assert decided.mean() > 0.99
    assert (encodings == wanted)[decided].all()


def test_quarters_between_subnormal_numbers_go_down() -> None:
    units = np.arange(1, 200, dtype=np.uint64)
    half = np.full(units.size, 0.5)
    encodings, decided = near_zero("gradient", 1.0, units.view(np.float64), half, BINARY64)
    assert decided.all()
    # m/4 - R to the nearest integer: at m = 2 (mod 4) the remainder R > 0 decides.
    assert encodings.tolist() == [(m + 1) // 4 for m in range(1, 200)]


@each_format
def test_the_rest_is_left_alone(fmt: Format) -> None:
    z = np.array([NEAR, 1.0, 0.0, 0.0, -NEAR])
    t = np.array([0.5, 0.5, 0.0, 1.0, 0.5])
    assert not near_zero("gradient", 1.0, z, t, fmt)[1].any()
    for base in ("loss", "hessian"):
        assert not near_zero(base, 1.0, np.zeros(3), np.full(3, 0.5), fmt)[1].any()
