"""That a fault is one: what the oracle says of its trigger. No check takes part, so none can be fooled."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.conformance.checks.special import limit
from stablelce.conformance.contract import allowed_error
from stablelce.conformance.faults.base import Fault
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import Format, find_format

__all__ = ["call", "wrong_elements"]


def call(fault: Fault) -> Any:
    """What the faulty function returns at the trigger, whatever that is."""
    arguments, keywords = _arguments(fault)
    with np.errstate(all="ignore"):
        return fault.functions[fault.quantity](*arguments, **keywords)


def wrong_elements(fault: Fault, result: npt.NDArray[Any]) -> list[str]:
    """One sentence for each element of a result at the trigger that the oracle, or a limit, refutes."""
    fmt = find_format(fault.trigger.format)
    arguments, keywords = _arguments(fault)
    columns = [fmt.encodings(part).ravel().tolist() for part in arguments]
    z = columns[0]
    t = columns[1] if len(columns) > 1 else [0] * len(z)
    got = fmt.encodings(result).ravel().tolist()
    scales = [keywords.get(name, np.ones(len(z))).astype(np.float64) for name in ("weight", "pos_weight")]
    found = []
    for i in range(len(z)):
        weights = tuple(Fraction(float(part[i])) for part in scales)
        sentence = _refuted(fault, fmt, z[i], t[i], weights, got[i])
        if sentence:
            found.append(f"element {i}: {sentence}")
    return found


def _arguments(fault: Fault) -> tuple[tuple[npt.NDArray[Any], ...], dict[str, npt.NDArray[Any]]]:
    fmt, trigger = find_format(fault.trigger.format), fault.trigger
    shape = np.broadcast_shapes(np.shape(trigger.z), np.shape(trigger.t))

    def array(values: Any) -> npt.NDArray[Any]:
        return np.broadcast_to(np.asarray(values, np.float64).astype(fmt.dtype), shape).copy()

    given = (trigger.z,) if fault.quantity in ONE_ARGUMENT else (trigger.z, trigger.t)
    return tuple(map(array, given)), {name: array(value) for name, value in trigger.keywords.items()}


def _refuted(
    fault: Fault, fmt: Format, z: int, t: int, weights: tuple[Fraction, ...], got: int
) -> str | None:
    if weights[0] == 0:
        return None if fmt.is_zero(got) else "an element of weight 0 is 0"
    if fmt.is_nan(z) or (fmt.is_nan(t) and fault.quantity not in ONE_ARGUMENT):
        return None if fmt.is_nan(got) else "NaN went in and a number came out"
    if fmt.is_infinite(z):
        want = limit(fmt, fault.quantity, z, t)
        return None if got == want else f"the limit is {want:#x}, not {got:#x}"
    exact = oracle.exact(
        fault.quantity,
        fmt.to_fraction(z),
        fmt.to_fraction(t),
        fmt,
        weight=weights[0],
        pos_weight=weights[1],
    )
    if fault.profile == "correctly-rounded":
        return None if got == exact.encoding else f"not the nearest to {exact.digits(20)}"
    error = exact.error(got)
    if fault.quantity == "gradient" and all(
        one == 1 for one in weights
    ):  # whose unit allows for the cancellation at y = t
        logit, target, result = (np.array([one], dtype=fmt.uint) for one in (z, t, got))
        error = float(oracle.expected("gradient", logit, target, fmt).errors(result)[0])
    return f"{error:.3g} units from {exact.digits(20)}" if error > allowed_error(fault.profile, fmt) else None
