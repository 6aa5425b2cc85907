"""The quick test of binary32: where it is content, both ends of the interval round alike."""

from __future__ import annotations

import numba  # noqa: F401  # without it there is no compiled code
import numpy as np
import numpy.typing as npt

from stablelce.kernels import finals
from stablelce.kernels.compiled32 import LEAST, NEAR, _near_midpoint
from stablelce.kernels.compiled_vocabulary import loop

Doubles = npt.NDArray[np.float64]


@loop
def near(values: Doubles, out: npt.NDArray[np.bool_]) -> None:
    for i in range(values.size):
        out[i] = _near_midpoint(values[i])


def is_near(values: Doubles) -> npt.NDArray[np.bool_]:
    out = np.empty(values.size, bool)
    near(values, out)
    return out


def around_midpoints(count: int) -> Doubles:
    """Values some hundred units of the last place from midpoints of binary32, in all its normal binades."""
    rng = np.random.default_rng(1)
    floats = rng.integers(0x00800000, 0x7F000000, count, dtype=np.uint32).view(np.float32)
    encodings = floats.astype(np.float64).view(np.int64) + (1 << 28)
    return (encodings + rng.integers(-2 * NEAR, 2 * NEAR + 1, count)).view(np.float64)


def test_it_says_near_at_the_stated_distance_and_no_further() -> None:
    values = around_midpoints(100_000)
    middle = (values.view(np.int64) & ~((1 << 29) - 1)) + (1 << 28)
    distance = np.abs(values.view(np.int64) - middle)
    assert (is_near(values) == (distance <= NEAR)).all()
    assert (is_near(-values) == (distance <= NEAR)).all()


def test_what_is_not_near_is_decided_by_the_bounds() -> None:
    values = around_midpoints(200_000)
    calm = values[~is_near(values)]
    assert calm.size > 10_000
    y = 16.0 * calm  # the largest that the gradient's test allows
    bounds = (
        (finals.PLAIN + 2.0**-51) * calm,  # loss
        (finals.PLAIN + 2.0**-51) * y + 2.0**-51 * calm,  # gradient
        (2.0 * finals.PLAIN + 2.0**-51) * calm,  # hessian
    )
    assert calm.min() >= LEAST
    with np.errstate(over="ignore"):
        for bound in bounds:
            assert ((calm - bound).astype(np.float32) == (calm + bound).astype(np.float32)).all()


def test_a_smaller_margin_would_not_be_enough() -> None:
    values = around_midpoints(200_000)
    middle = (values.view(np.int64) & ~((1 << 29) - 1)) + (1 << 28)
    close = values[np.abs(values.view(np.int64) - middle) <= 100]
    bound = (finals.PLAIN + 2.0**-51) * 16.0 * close + 2.0**-51 * close
    with np.errstate(over="ignore"):
        assert ((close - bound).astype(np.float32) != (close + bound).astype(np.float32)).any()
