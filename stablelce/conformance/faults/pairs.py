"""Pairs: loss and gradient in one pass, of which one differs from what the function alone gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import Array, Fault, Trigger
from stablelce.conformance.faults.planting import narrowed, right
from stablelce.conformance.subjects.base import QUANTITIES

__all__ = ["FAULTS"]

_loss = right("loss")
_gradient = right("gradient")


def _another_gradient(z: Array, t: Array) -> tuple[Any, Any]:
    return _loss(z, t), narrowed(-np.asarray(_gradient(z, t)), z.dtype)


def _naive_loss(z: Array, t: Array) -> tuple[Any, Any]:
    """The loss of the pair overflows as exp(z) does in binary32."""
    loss = np.asarray(_loss(z, t))
    return np.where(np.isfinite(z) & (z > 1e4), np.inf, loss).astype(z.dtype)[()], _gradient(z, t)


def _one_logit(z: Array, t: Array) -> tuple[Any, Any]:
    """One encoding of the logit has a loss of its own, 1% too large."""
    loss = np.asarray(_loss(z, t))
    chosen = (np.asarray(z) == 3.662109375) & (np.asarray(t) == 0)
    with np.errstate(all="ignore"):
        wrong = narrowed(loss * 1.01, z.dtype)
    return np.where(chosen, wrong, loss).astype(z.dtype)[()], _gradient(z, t)


def _narrow_window(z: Array, t: Array) -> tuple[Any, Any]:
    """Logits between two neighbours of a table get a gradient from the end of the interval."""
    gradient = np.asarray(_gradient(z, t))
    window = (np.asarray(z) > 17) & (np.asarray(z) < 17.0625)
    at_the_end = _gradient(np.full_like(z, 17.0625), t)
    return _loss(z, t), np.where(window, at_the_end, gradient).astype(z.dtype)[()]


def _pair(
    name: str,
    formula: str,
    quantity: str,
    compute: Callable[[Array, Array], tuple[Any, Any]],
    mode: str,
    trigger: tuple[float, float],
    formats: tuple[str, ...] = ("float32", "float64"),
) -> Fault:
    def shows(_quantity: str, alone: Callable[..., Any], dtype_name: str) -> bool:
        z, t = (np.array([part]).astype(dtype_name) for part in trigger)
        return bool(compute(z, t)[QUANTITIES.index(quantity)][0] != alone(z, t)[0])

    return Fault(
        name=name,
        formula=formula,
        functions={"loss": _loss, "gradient": _gradient, "loss_and_gradient": compute},
        quantity=quantity,
        failure_mode=mode,
        url="",
        trigger=Trigger((trigger[0],), (trigger[1],), formats[-1]),
        expected={"pair": "pair disagrees"},
        formats=formats,
        kind="batch",
        shows=shows,
    )


FAULTS = (
    _pair(
        "another gradient in one pass",
        "loss_and_gradient gives t - y",
        "gradient",
        _another_gradient,
        "wrong formula",
        (1.0, 0.0),
    ),
    _pair(
        "another loss of huge logits in one pass",
        "the loss of loss_and_gradient is inf from 10,000 on",
        "loss",
        _naive_loss,
        "spurious overflow",
        (30_000.0, 0.0),
    ),
    _pair(
        "one encoding of float16 in one pass",
        "the loss of loss_and_gradient is wrong at z = 3.662109375 alone, t = 0",
        "loss",
        _one_logit,
        "rare",
        (3.662109375, 0.0),
        ("float16",),
    ),
    _pair(
        "a narrow window in one pass",
        "the gradient of loss_and_gradient is that of 17.0625 from 17 on",
        "gradient",
        _narrow_window,
        "rare",
        (17.03125, 1.0),
    ),
)
