"""Planting: the right functions, and how one bug is put into one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stablelce.conformance.estimates import estimate
from stablelce.conformance.faults.base import GITHUB, WIDE, Array, Fault, Function, Trigger
from stablelce.conformance.faults.shows import Shows
from stablelce.conformance.subjects.base import ONE_ARGUMENT, Process
from stablelce.formats import find_format

__all__ = [
    "batch",
    "element",
    "everywhere",
    "narrowed",
    "places",
    "planted",
    "right",
    "state",
    "stepped",
]


def right(quantity: str) -> Function:
    """The function without a fault: binary64 arithmetic, rounded to the format of the logits."""
    if quantity == "loss_and_gradient":
        loss, gradient = right("loss"), right("gradient")
        return lambda z, t, **weights: (loss(z, t, **weights), gradient(z, t, **weights))

    def compute(z: Array, t: Any = 0.0, *, weight: Any = None, pos_weight: Any = None) -> Any:
        target = 0.0 if quantity in ONE_ARGUMENT else t
        return narrowed(estimate(quantity, z, target, weight, pos_weight), z.dtype)[()]

    return compute


def everywhere(_z: Array, _t: Array) -> Any:
    """Where a formula replaces the right one: at every finite logit."""
    return True


def planted(
    quantity: str,
    formula: Callable[[Array, Array], Any],
    where: Callable[[Array, Array], Any] = everywhere,
    *,
    wide: bool = False,
) -> Function:
    """The right function, but for the results that ``formula(z, t)`` gives at finite logits where it is told.

    The formula gets arrays of the subject's own format, and so works in its arithmetic; with ``wide`` it
    gets binary64, which leaves the formula itself as the only error. Infinities and NaN keep their right
    results: a fault is one bug.
    """
    good = right(quantity)

    def compute(z: Array, t: Any = 0.0, **weights: Any) -> Any:
        result = np.asarray(good(z, t, **weights))
        logits, targets = np.broadcast_arrays(z, np.asarray(t).astype(z.dtype))
        with np.errstate(all="ignore"):
            finite = np.isfinite(logits.astype(np.float64))
            chosen = finite & where(logits.astype(np.float64), targets.astype(np.float64))
            if wide:
                logits, targets = logits.astype(np.float64), targets.astype(np.float64)
            bad = np.broadcast_to(np.asarray(formula(logits, targets)), logits.shape)
            mixed = np.where(chosen, narrowed(bad, z.dtype), result.reshape(logits.shape))
        return mixed.reshape(result.shape)[()]

    return compute


def element(  # noqa: PLR0913 - a row of a table, its options by name
    name: str,
    formula: str,
    quantity: str,
    compute: Callable[[Array, Array], Any],
    mode: str,
    url: str,
    trigger: tuple[float, float],
    expected: Mapping[str, str],
    *,
    formats: tuple[str, ...] = WIDE,
    where: Callable[[Array, Array], Any] = everywhere,
    wide: bool = False,
    beside: tuple[str, ...] = (),
    **attributes: Any,
) -> Fault:
    """A fault in the formula of an element; ``beside`` are right functions that the subject offers too.

    ``url`` is the part after the host, ``trigger`` one logit with one target, in the last of the formats.
    """
    functions = {other: right(other) for other in beside}
    functions[quantity] = planted(quantity, compute, where, wide=wide)
    z, t = trigger
    return Fault(
        name=name,
        formula=formula,
        functions=functions,
        quantity=quantity,
        failure_mode=mode,
        url=f"{GITHUB}/{url}" if url else "",
        trigger=Trigger((z,), (t,), formats[-1]),
        expected=expected,
        formats=formats,
        **attributes,
    )


def batch(  # noqa: PLR0913 - a row of the table below
    name: str,
    text: str,
    quantity: str,
    compute: Callable[..., Any],
    url: str,
    expected: dict[str, str],
    *,
    trigger: Trigger | None = None,
    mode: str = "array",
    formats: tuple[str, ...] = WIDE,
    **attributes: Any,
) -> Fault:
    """A fault in what elements do to each other, or in how arrays are taken and given."""
    return Fault(
        name=name,
        formula=text,
        functions={quantity: compute},
        quantity=quantity,
        failure_mode=mode,
        url=f"{GITHUB}/{url}" if url else "",
        trigger=trigger or Trigger((1.0, -2.0, 0.5, 3.0, 0.25), (0.0, 1.0, 0.0, 1.0, 1.0), formats[-1]),
        expected=expected,
        kind="batch",
        formats=formats,
        **attributes,
    )


def state(  # noqa: PLR0913 - a row of the table below
    name: str,
    text: str,
    quantity: str,
    compute: Callable[..., Any],
    expected: dict[str, str],
    *,
    url: str = "",
    formats: tuple[str, ...] = WIDE,
    mode: str = "state",
    mend: Callable[[], object] = lambda: None,
    process: Process | None = None,
    shows: Shows | None = None,
) -> Fault:
    """A fault in what calls do to later calls, or to what surrounds them."""
    return Fault(
        name=name,
        formula=text,
        functions={quantity: compute},
        quantity=quantity,
        failure_mode=mode,
        url=url,
        trigger=Trigger((1.0,) * 16, (0.0,) * 16, formats[-1]),
        expected=expected,
        formats=formats,
        kind="state",
        mend=mend,
        process=process,
        shows=shows,
    )


def stepped(result: Any, count: Any) -> Any:
    """Results moved along the floats, where they are finite and not 0."""
    array = np.asarray(result)
    fmt = find_format(array.dtype)
    bits = fmt.encodings(array)
    moved = fmt.array(fmt.from_ordinals(fmt.ordinals(bits) + np.broadcast_to(count, array.shape)))
    return np.where(np.isfinite(array) & (array != 0), moved, array)[()]


def places(shape: tuple[int, ...]) -> Array:
    """The place of each element in the order of rows."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def narrowed(values: Any, dtype: Any) -> Array:
    """Values in another format; to bfloat16 through binary32, as the conversion goes that people have."""
    with np.errstate(all="ignore"):
        if find_format(dtype).name == "bfloat16" and np.asarray(values).dtype == np.float64:
            values = np.asarray(values).astype(np.float32)
        return np.asarray(values).astype(dtype)
