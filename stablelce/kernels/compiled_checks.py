"""What is looked at before the compiled loops run: targets in range, and outputs with memory of their own."""

from __future__ import annotations

from typing import Any

from stablelce.kernels.compiled_vocabulary import loop

__all__ = ["refuses32", "refuses64"]


@loop
def _shares(a: Any, b: Any) -> Any:
    """Whether two arrays in C order have bytes in common."""
    first, second = a.ctypes.data, b.ctypes.data
    return (first < second + b.size * b.itemsize) & (second < first + a.size * a.itemsize)


def _refuses(z: Any, t: Any, loss: Any, gradient: Any, validate: Any) -> Any:
    """Whether a target lies outside [0, 1], NaN does not, or an output shares memory with another array."""
    shared = _shares(loss, z) | _shares(loss, t) | _shares(loss, gradient)
    if shared | _shares(gradient, z) | _shares(gradient, t):
        return True
    outside = False
    if validate:
        for i in range(t.size):
            outside |= (t[i] < 0) | (t[i] > 1)
    return outside


refuses32, refuses64 = loop(_refuses), loop(_refuses)
