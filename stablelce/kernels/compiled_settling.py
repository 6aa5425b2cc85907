"""Elements that a stage leaves undecided, gathered into columns, and what the next one decides put back.

Under a condition a vectoriser computes everything for every element, or nothing becomes vectors. So marked
elements of several chunks wait until they fill a chunk of their own, and go through loops without conditions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stablelce.kernels.compiled_rows import CHUNK
from stablelce.kernels.compiled_vocabulary import loop
from stablelce.kernels.marks import GRADIENT, HESSIAN, LOSS

__all__ = ["ROOM", "any_left", "collect", "gather", "scatter", "settling"]

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
    """Logits, targets and places of what has all of ``mark``: |z| at most ``limit``, targets in [0, 1]."""
    columns, chosen, count = np.empty((2, places.size)), np.empty(places.size, np.int64), 0
    for i in places:
        target = float(t[i]) if t.size else fixed
        columns[0, count], columns[1, count], chosen[count] = z[i], target, i
        served = (abs(z[i]) <= limit) & (target >= 0) & (target <= 1)
        count += served & (left[i] & mark == mark)
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


def settling(of_both: Any, of_losses: Any, of_gradients: Any, of_hessians: Any, limit: float) -> Any:
    """The loop of a stage: ``settle(z, t, fixed, losses, gradients, hessians, left, places)``.

    It writes the results that are marked as undecided at those places, and unmarks them; it returns whether
    any are left. Those are left that the stage cannot decide, or must not: targets outside [0, 1], logits
    beyond the limit.

    Parameters
    ----------
    of_both : loop
        Columns of logits and targets to losses, whether each is decided, gradients, whether each is decided:
        one after the other they would take exp(-a) twice.
    of_losses, of_gradients : loop
        Columns of logits and targets to results, and whether each is decided.
    of_hessians : loop
        The same of logits alone.
    limit : float
        The largest magnitude of a logit.
    """

    @loop
    def settle(
        z: Any, t: Any, fixed: Any, losses: Any, gradients: Any, hessians: Any, left: Any, places: Any
    ) -> Any:
        if losses.size and gradients.size:
            logits, targets, chosen = gather(LOSS | GRADIENT, limit, z, t, fixed, left, places)
            values, sure, slopes, sure_slopes = of_both(logits, targets)
            scatter(LOSS, values, sure, chosen, losses, left)
            scatter(GRADIENT, slopes, sure_slopes, chosen, gradients, left)
        if losses.size:
            logits, targets, chosen = gather(LOSS, limit, z, t, fixed, left, places)
            values, sure = of_losses(logits, targets)
            scatter(LOSS, values, sure, chosen, losses, left)
        if gradients.size:
            logits, targets, chosen = gather(GRADIENT, limit, z, t, fixed, left, places)
            values, sure = of_gradients(logits, targets)
            scatter(GRADIENT, values, sure, chosen, gradients, left)
        if hessians.size:
            logits, targets, chosen = gather(HESSIAN, limit, z, t, fixed, left, places)
            values, sure = of_hessians(logits)
            scatter(HESSIAN, values, sure, chosen, hessians, left)
        return any_left(left, places)

    return settle
