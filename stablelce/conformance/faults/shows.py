"""How a fault of arrays or of state shows: a few calls, and whether they contradict each other.

Each maker returns a function of the faulty function that is True where the fault shows; of the right
function it is False. Values are compared by their encodings.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import find_format

__all__ = [
    "Shows",
    "after_another_dtype",
    "alone",
    "argument_changed",
    "dtype",
    "in_a_thread",
    "kept_memory",
    "later_call",
    "layout",
    "left_behind",
    "noise",
    "repeated",
    "shape",
    "weight_changed",
]

Array = npt.NDArray[Any]
Shows = Callable[[str, Callable[..., Any], str], bool]
"""``shows(quantity, function, dtype)``."""

_LOGITS = (1.0, -2.0, 0.5, 3.0, -0.25, 7.0, -30.0, 2.5)
_TARGETS = (0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0)


def _call(quantity: str, function: Callable[..., Any], z: Array, t: Array) -> Any:
    with np.errstate(all="ignore"):
        return function(z) if quantity in ONE_ARGUMENT else function(z, t)


def _points(dtype_name: str, count: int = 8) -> tuple[Array, Array]:
    made = find_format(dtype_name).dtype
    return np.resize(_LOGITS, count).astype(made), np.resize(_TARGETS, count).astype(made)


def _same(a: Any, b: Any) -> bool:
    """Equal shapes and encodings, NaNs alike."""
    left, right = np.asarray(a), np.asarray(b)
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    wide = left.astype(np.float64), right.astype(np.float64)
    return bool(np.array_equal(*wide, equal_nan=True) and (np.signbit(wide[0]) == np.signbit(wide[1])).all())


def alone(count: int, z: float | None = None, t: float | None = None) -> Shows:
    """An element in an array of ``count`` differs from the same element alone."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        logits, targets = _points(name, count)
        if z is not None:
            logits[...] = z
        if t is not None:
            targets[...] = t
        whole = np.asarray(_call(quantity, function, logits, targets))
        distinct = min(count, len(_LOGITS))
        each = [_call(quantity, function, logits[i : i + 1], targets[i : i + 1])[0] for i in range(distinct)]
        return not _same(whole, np.resize(np.array(each, whole.dtype), count))

    return shows


def shape(logits: tuple[int, ...], targets: tuple[int, ...]) -> Shows:
    """Inputs of these shapes raise, give another shape, or other values than the same elements in rows."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z = _points(name, int(np.prod(logits)))[0].reshape(logits)
        t = _points(name, int(np.prod(targets)) + 1)[1][1:].reshape(targets)
        try:
            result = _call(quantity, function, z, t)
        except ValueError:
            return True
        full = [part.copy() for part in np.broadcast_arrays(z, t)]
        rows = np.asarray(_call(quantity, function, *(part.ravel() for part in full)))
        return np.shape(result) != full[0].shape or not _same(np.ravel(result), rows)

    return shows


def dtype(scalar: bool = False) -> Shows:
    """The result is no array of the inputs' dtype."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        if scalar:
            z, t = z[0].reshape(()), t[0].reshape(())
        result = _call(quantity, function, z, t)
        return not isinstance(result, (np.ndarray, np.generic)) or result.dtype != z.dtype

    return shows


def layout(change: Callable[[Array, Array], tuple[Array, Array]]) -> Shows:
    """A view differs from a fresh copy in rows, or raises."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = change(*_points(name, 24))
        fresh = [np.array(part, order="C", copy=True) for part in (z, t)]
        try:
            result = _call(quantity, function, z, t)
        except ValueError:
            return True
        return not _same(result, _call(quantity, function, *fresh))

    return shows


def argument_changed() -> Shows:
    """A call writes to what it is given."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        given = _points(name)
        before = [part.copy() for part in given]
        _call(quantity, function, *given)
        return not all(_same(*pair) for pair in zip(given, before, strict=True))

    return shows


def weight_changed() -> Shows:
    """A call writes to the weights that it is given."""

    def shows(_quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        weight = np.resize([0.5, 0.0], z.shape).astype(z.dtype)
        before = weight.copy()
        function(z, t, weight=weight)
        return not _same(weight, before)

    return shows


def repeated(calls: int = 6) -> Shows:
    """One of several calls with the same input differs."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        first = np.array(_call(quantity, function, z, t))
        return not all(_same(first, _call(quantity, function, z.copy(), t.copy())) for _ in range(calls))

    return shows


def later_call() -> Shows:
    """What a call returned, or returns, depends on a call with the same ends and another middle."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        other = np.concatenate([z[:1], z[-2:0:-1], z[-1:]]), np.concatenate([t[:1], t[-2:0:-1], t[-1:]])
        returned = _call(quantity, function, z, t)
        kept = np.array(returned)
        second = np.array(_call(quantity, function, *other))
        return not _same(returned, kept) or not _same(second[1:-1], kept[-2:0:-1])

    return shows


def in_a_thread(logit: float) -> Shows:
    """A call from another thread differs."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        z[...] = logit
        here = _call(quantity, function, z, t)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            there = pool.submit(_call, quantity, function, z, t).result()
        return not _same(here, there)

    return shows


def after_another_dtype(other: str) -> Shows:
    """A call differs after one with the same numbers in another dtype."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        longer = np.array(_call(quantity, function, np.append(z, z), np.append(t, t)))
        made = find_format(other).dtype
        _call(quantity, function, z.astype(made), t.astype(made))
        return not _same(longer[: z.size], _call(quantity, function, z, t))

    return shows


def _state() -> tuple[object, ...]:
    half_ulp = np.float64(2.0**-53)
    return (
        np.geterr(),
        random.getstate(),
        repr(np.random.get_state(legacy=False)),  # noqa: NPY002 - the global generator is what is looked at
        float(1.0 + half_ulp),
    )


def left_behind() -> Shows:
    """A call changes the error state, a global generator, or how arithmetic rounds."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        # Moved on, so that seeding the same again is seen, and back after it.
        generators = random.getstate(), np.random.get_state()  # noqa: NPY002
        random.random()
        with np.errstate(all="warn"):
            before = _state()
            function(z) if quantity in ONE_ARGUMENT else function(z, t)
            after = _state()
        random.setstate(generators[0])
        np.random.set_state(generators[1])  # noqa: NPY002
        return before != after

    return shows


def kept_memory(size: Callable[[], int]) -> Shows:
    """Ten calls of one array leave more in use than the first did."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        _call(quantity, function, z, t)
        before = size()
        for _ in range(10):
            _call(quantity, function, z, t)
        return size() > before

    return shows


def noise() -> Shows:
    """A call warns, or prints."""

    def shows(quantity: str, function: Callable[..., Any], name: str) -> bool:
        z, t = _points(name)
        z[0] = -1000.0
        printed = io.StringIO()
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            function(z) if quantity in ONE_ARGUMENT else function(z, t)
        return bool(caught) or bool(printed.getvalue())

    return shows
