"""The quick test of binary32: where it is content, both ends of the interval round alike."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import numpy.typing as npt
import pytest

import stablelce as lce
from stablelce.formats import BINARY32
from stablelce.kernels import finals, numba_engine, numpy_engine
from stablelce.kernels.compiled32 import LEAST, NEAR, NEAR_GRADIENT, _near_midpoint
from stablelce.kernels.compiled_vocabulary import loop

Doubles = npt.NDArray[np.float64]

MARGINS = pytest.mark.parametrize("margin", [NEAR, NEAR_GRADIENT])

BOUNDS = {
    NEAR: lambda v: max((finals.PLAIN + 2.0**-51) * v, (2.0 * finals.PLAIN + 2.0**-51) * v),
    # the largest y that the gradient's test allows
    NEAR_GRADIENT: lambda v: (finals.PLAIN + 2.0**-51) * 512.0 * v + 2.0**-51 * v,
}
"""What a result v may be wrong by: loss and hessian, and the gradient."""


@loop
def near(values: Doubles, margin: int, out: npt.NDArray[np.bool_]) -> None:
    for i in range(values.size):
        out[i] = _near_midpoint(values[i], margin)


def is_near(values: Doubles, margin: int) -> npt.NDArray[np.bool_]:
    out = np.empty(values.size, bool)
    near(values, margin, out)
    return out


def around_midpoints(count: int, margin: int) -> Doubles:
    """Values up to twice the margin from midpoints of binary32, in all its normal binades."""
    rng = np.random.default_rng(1)
    floats = rng.integers(0x00800000, 0x7F000000, count, dtype=np.uint32).view(np.float32)
    encodings = floats.astype(np.float64).view(np.int64) + (1 << 28)
    return (encodings + rng.integers(-2 * margin, 2 * margin + 1, count)).view(np.float64)


def from_midpoint(values: Doubles) -> npt.NDArray[np.int64]:
    """Distances in units of the last place."""
    middle = (values.view(np.int64) & ~((1 << 29) - 1)) + (1 << 28)
    return np.abs(values.view(np.int64) - middle)


def round_alike(values: Doubles, margin: int) -> npt.NDArray[np.bool_]:
    bounds = np.array([BOUNDS[margin](value) for value in values])
    with np.errstate(over="ignore"):
        alike: npt.NDArray[np.bool_] = np.equal(
            (values - bounds).astype(np.float32), (values + bounds).astype(np.float32)
        )
    return alike


@MARGINS
def test_it_says_near_at_the_stated_distance_and_no_further(margin: int) -> None:
    values = around_midpoints(100_000, margin)
    assert (is_near(values, margin) == (from_midpoint(values) <= margin)).all()
    assert (is_near(-values, margin) == (from_midpoint(values) <= margin)).all()


@MARGINS
def test_what_is_not_near_is_decided_by_the_bounds(margin: int) -> None:
    values = around_midpoints(100_000, margin)
    calm = values[~is_near(values, margin)]
    assert calm.size > 10_000
    assert calm.min() >= LEAST
    assert round_alike(calm, margin).all()


@MARGINS
def test_half_the_margin_would_not_be_enough(margin: int) -> None:
    values = around_midpoints(100_000, margin)
    assert not round_alike(values[from_midpoint(values) <= margin // 2], margin).all()


def at_the_edge_of_normal_numbers(count: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Logits whose sigmoid is about 2^-126, and targets that are hard, tiny, or next to it."""
    rng = np.random.default_rng(2)
    z = -rng.uniform(80.0, 95.0, count).astype(np.float32)
    optimum = np.exp(z.astype(np.float64))
    scale = rng.choice([0.0, 0.5, 1 - 2.0**-9, 1.0, 1 + 2.0**-9, 2.0, 2.0**20], count)
    t = np.where(rng.random(count) < 0.1, 1.0, optimum * scale).astype(np.float32)
    flip = rng.random(count) < 0.1
    return np.where(flip, -z, z), np.where(flip & (t < 0.5), 1 - t, t)


def test_both_together_are_right_where_either_may_be_subnormal() -> None:
    z, t = at_the_edge_of_normal_numbers(20_000)
    loops = numba_engine.load(BINARY32)
    losses, gradients = np.empty_like(z), np.empty_like(z)
    for i in range(z.size):  # one to a call: else a doubtful one sends its whole chunk through the other test
        one = slice(i, i + 1)
        loops.run(z[one], t[one], losses[one], gradients[one])
    want = {"loss": np.empty_like(z), "gradient": np.empty_like(z)}
    numpy_engine.evaluate(want, z, t)
    assert ((np.abs(gradients) < 2.0**-126) & (gradients != 0)).sum() > 2_000
    assert (losses.view(np.uint32) == want["loss"].view(np.uint32)).all()
    assert (gradients.view(np.uint32) == want["gradient"].view(np.uint32)).all()


def test_both_together_give_the_nan_of_either_alone_for_infinite_targets() -> None:
    z = np.array([0.0, -0.0, 1.0, -1.0, 1e-40, 90.0, -90.0], np.float32)
    lce.warmup()
    for target in (np.inf, -np.inf, np.nan):
        t = np.full_like(z, target)
        for one in (slice(i, i + 1) for i in range(z.size)):
            loss, gradient = lce.loss_and_gradient(z[one], t[one], validate=False)
            assert loss.tobytes() == lce.loss(z[one], t[one], validate=False).tobytes(), (z[one], target)
            assert gradient.tobytes() == lce.gradient(z[one], t[one], validate=False).tobytes()
