"""What calls do to each other: one after another, in another dtype between, from threads, at once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from stablelce.conformance.checks.elements import distant, everyday_points, first_difference
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.judging import Finding
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import UIntArray

__all__ = [
    "ANOTHER_DTYPE",
    "OVERLAPPING",
    "another_dtype",
    "differing",
    "other_order",
    "overlapping",
    "succession",
]

Points = tuple[UIntArray, UIntArray]

ANOTHER_DTYPE = "depends on a call in another dtype"
OVERLAPPING = "depends on a call at the same time"

_SECONDS, _LEAST, _MOST = 0.006, 2, 12
"""For how long two threads compute, and how many calls each makes at least and at most."""

_SWITCH = 1e-5
"""Seconds after which Python turns to another thread that computes in Python."""


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
    """The same points, in numbers that both formats have, after a call in each other format.

    They were never asked for before in an array of this length, so what is remembered by values alone, by
    the length, or from the last call, is remembered from the other format. Results may differ by what the
    profile allows them: a remembered one of another format is far off, but where that is the wider one.
    """
    fmt, (z, t) = run.fmt, everyday_points(run, 65)
    for other in run.beside:
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


# -- at the same time --------------------------------------------------------------------------------


def overlapping(
    run: Run, quantity: str, points: Points, whole: UIntArray, counts: tuple[int, int]
) -> Finding | None:
    """Calls from two threads, one after another in each, with the same long array and with its reverse.

    Both threads are busy for longer than a processor gives to one of them, so that calls overlap. Single
    calls gave the same bits before; here a result may differ by what the profile allows, because libraries
    share out an array to as many threads as are free. Not asked of another process, which takes one call at
    a time.
    """
    size, tried = counts
    if run.subject.process is not None:
        return None
    orders = np.resize(np.arange(whole.size), size), np.resize(np.arange(whole.size), size)[::-1]
    asked = [(points[0][order], points[1][order]) for order in orders]
    for order, columns, results in zip(orders, asked, _at_once(run, quantity, asked), strict=True):
        for result in results:
            if isinstance(result, BaseException):
                text = f"{type(result).__name__}: {' '.join(str(result).split()):.200}"
                message = f"beside calls from another thread it raised {text}"
                return Finding("failed", tried, OVERLAPPING, message, (int(points[0][0]), int(points[1][0])))
            got = run.fmt.encodings(run.array(quantity, result, order.shape))
            if np.array_equal(got, whole[order]):
                continue
            i = distant(run, quantity, columns, got, whole[order])
            if i is not None:
                message = f"place {i} of {size} differs beside calls from another thread"
                return differing(OVERLAPPING, message, tried, *columns, i, got, whole[order])
    return None


def _at_once(run: Run, quantity: str, asked: list[Points]) -> list[list[Any]]:
    """What calls return, or raise, in threads of their own that begin at the same moment."""
    functions = run.subject.functions
    name = quantity if quantity in functions else "loss_and_gradient"
    barrier = threading.Barrier(len(asked), timeout=30)

    def several(columns: Points) -> list[Any]:
        arguments = [run.fmt.array(part) for part in columns[: 1 if quantity in ONE_ARGUMENT else 2]]
        results: list[Any] = []
        with contextlib.suppress(threading.BrokenBarrierError):  # a thread that did not come in time
            barrier.wait()
        until = time.thread_time() + _SECONDS
        try:
            while len(results) < _LEAST or (len(results) < _MOST and time.thread_time() < until):
                result = functions[name](*(array.copy() for array in arguments))
                results.append(result if name == quantity else run.part(result, quantity))
        except BaseException as error:  # noqa: BLE001  # SystemExit too: it must not end the audit
            results.append(error)
        return results

    with _quiet(), concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(several, asked))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing warned of or printed gets out, and Python takes turns between threads at a quick pace."""
    interval = sys.getswitchinterval()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        sys.setswitchinterval(_SWITCH)
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
