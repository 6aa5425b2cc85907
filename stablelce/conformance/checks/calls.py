"""What calls do to each other: one after another, in another dtype between, from another thread.

Calls that overlap are not looked at: what two threads do to each other differs from run to run, a verdict
must not, and the contract does not ask for functions that several threads may call at once.
"""

from __future__ import annotations

import concurrent.futures

import numpy as np

from stablelce.conformance.checks.elements import distant, everyday_points, first_difference
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import Finding
from stablelce.formats import UIntArray

__all__ = ["ANOTHER_DTYPE", "another_dtype", "differing", "other_order", "succession"]

Points = tuple[UIntArray, UIntArray]

ANOTHER_DTYPE = "depends on a call in another dtype"


def differing(
    mode: str, message: str, tried: int, z: UIntArray, t: UIntArray, i: int, got: UIntArray, want: UIntArray
) -> Finding:
    """The finding that the i-th result is another one."""
    return Finding("failed", tried, mode, message, (int(z[i]), int(t[i])), int(got[i]), int(want[i]))


def succession(
    run: Run, quantity: str, points: Points, returned: UIntArray, whole: UIntArray, tried: int
) -> Finding | None:
    """What an earlier call does to a later one, a later one to an earlier one, and another thread to both."""
    z, t = points
    i = first_difference(run.fmt, returned, whole)
    if i is not None:
        message = "a later call changed the array that an earlier one returned"
        return differing("earlier result overwritten", message, tried, z, t, i, returned, whole)
    z, t = other_order(*points)
    got = run.evaluate(quantity, z, t).copy()
    backwards = run.evaluate(quantity, z[::-1], t[::-1])[::-1]
    i = first_difference(run.fmt, got, backwards)
    if i is not None:
        message = "the results are those of an earlier call with arrays that begin and end alike"
        return differing("not deterministic", message, tried, z, t, i, got, backwards)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(run.evaluate, quantity, *points).result()
    i = first_difference(run.fmt, elsewhere, whole)
    if i is not None:
        message = "a call from another thread differs"
        return differing("depends on the thread", message, tried, *points, i, elsewhere, whole)
    return None


def other_order(z: UIntArray, t: UIntArray) -> Points:
    """The same targets beside the logits in another order, the outer quarters as they were."""
    end = z.size // 4
    return np.concatenate([z[:end], z[end : z.size - end][::-1], z[z.size - end :]]), t


# -- another dtype between ---------------------------------------------------------------------------


def another_dtype(run: Run, quantity: str, tried: int) -> Finding | None:
    """The same points, in numbers that both formats have, after a call in each other format that is offered.

    The array has another length than the one just before, and its own values, so what is remembered by the
    values alone, by the length, or from the last call, is remembered from the other format. Results may
    differ by what the profile allows them, which hides a remembered result of the wider format, and in
    binary16 one of bfloat16.
    """
    fmt, (z, t) = run.fmt, everyday_points(run, 65)
    for other in run.beside:
        if not run.subject.offers(quantity, other.dtype_name):
            continue
        largest = float(min(one.to_fraction(one.max_finite) for one in (fmt, other)))
        with np.errstate(all="ignore"):
            wide = [np.clip(fmt.array(part).astype(np.float64), -largest, largest) for part in (z, t)]
            there = [part.astype(other.dtype) for part in wide]
            here = [part.astype(np.float64).astype(fmt.dtype) for part in there]
        points = fmt.encodings(here[0]), fmt.encodings(here[1])
        whole = run.evaluate(quantity, *(np.resize(part[::-1], 1025) for part in points))
        want = np.resize(whole, 65)[::-1]
        between = Run(run.subject, other, run.profile)
        try:
            between.call(quantity, *there)
        except SubjectProblem:
            continue  # which the checks in that format say
        got = run.evaluate(quantity, *points)
        i = distant(run, quantity, points, got, want)
        if i is not None:
            message = f"after a call with {other.dtype_name} arrays of the same numbers"
            return differing(ANOTHER_DTYPE, message, tried, *points, i, got, want)
    return None
