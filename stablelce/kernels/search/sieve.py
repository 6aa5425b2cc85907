"""Candidates among inputs, by the kernels on NumPy blocks: bit i marks function i as next to a midpoint.

The same source runs compiled in ``compiled_sieve``. The two may differ next to the threshold, where fused
operations change the last bits of a low word, but not in what is kept, which lies far below it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64, Format
from stablelce.kernels import finals
from stablelce.kernels.pairs import pairs
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.search.functions import FUNCTIONS
from stablelce.kernels.search.near import near32, near64

__all__ = ["Marks", "Sieve", "choose", "sieve"]

Marks = npt.NDArray[np.uint16]

Sieve = Callable[[Doubles, Doubles, float, bool, Marks], None]
"""``sieve(a, t, threshold, narrow, marks)``, with a threshold in ulps; narrow for binary32."""


def sieve(a: Doubles, t: Doubles, threshold: float, narrow: bool, marks: Marks) -> None:
    """Set the marks of a block, 0 < a <= 690 and targets in [0, 1]."""
    near = near32 if narrow else near64
    d, d_low, y, y_low = pairs(a)
    marks[:] = 0
    for i, function in enumerate(FUNCTIONS):
        w, w_low = finals.distance(np.full_like(a, function.sign), t if function.soft else np.zeros_like(a))
        if function.quantity == "loss":
            high, low, _ = finals.loss(a, w, w_low, d, d_low)
        elif function.quantity == "gradient":
            high, low, _ = finals.gradient(w, w_low, y, y_low)
        else:
            high, low, _ = finals.hessian(y, y_low)
        marks |= near(high, low, threshold).astype(np.uint16) << np.uint16(i)


def choose(fmt: Format, *, compiled: bool) -> Callable[[Doubles, Doubles, float, Marks], None]:
    """The sieve for a format, compiled or not."""
    chosen: Sieve = sieve
    if compiled:
        from stablelce.kernels.search.compiled_sieve import sieve as chosen
    narrow = fmt != BINARY64
    return lambda a, t, threshold, marks: chosen(a, t, threshold, narrow, marks)
