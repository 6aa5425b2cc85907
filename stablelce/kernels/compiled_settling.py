"""Elements that a stage leaves undecided, gathered into columns, and what the next one decides put back.

Under a condition a vectoriser computes everything for every element, or nothing becomes vectors. So marked
elements of several chunks wait until they fill a chunk of their own, and go through loops without conditions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels.compiled_rows import CHUNK
from stablelce.kernels.compiled_vocabulary import loop

__all__ = ["ROOM", "any_left", "collect", "gather", "scatter"]

ROOM = 2 * CHUNK
"""Places that are kept: up to a chunk of them waits, and the next chunk may add as many."""


@loop
def collect(marks: Any, start: Any, places: Any, count: Any) -> Any:
    """Add to ``places`` where the marks of the chunk beginning at ``start`` are not 0; how many there are."""
    for i in range(marks.size):
        places[count] = start + i
        count += marks[i] != 0
    return count


@loop
def gather(mark: Any, limit: Any, z: Any, t: Any, fixed: Any, left: Any, places: Any) -> Any:
    """Logits, targets and places of what has the mark: logits of at most ``limit``, targets in [0, 1]."""
    columns, chosen, count = np.empty((2, places.size)), np.empty(places.size, np.int64), 0
    for i in places:
        target = float(t[i]) if t.size else fixed
        columns[0, count], columns[1, count], chosen[count] = z[i], target, i
        served = (abs(z[i]) <= limit) & (target >= 0) & (target <= 1)
        count += served & (left[i] & mark != 0)
    return columns[0, :count], columns[1, :count], chosen[:count]


@loop
def scatter(mark: Any, values: Any, sure: Any, chosen: Any, out: Any, left: Any) -> Any:
    """Write what is decided, and unmark it."""
    for k in range(values.size):
        if sure[k]:
            i = chosen[k]
            out[i], left[i] = values[k], left[i] ^ mark


@loop
def any_left(left: Any, places: Any) -> Any:
    """Whether a mark is left at those places."""
    some = False
    for i in places:
        some |= left[i] != 0
    return some
