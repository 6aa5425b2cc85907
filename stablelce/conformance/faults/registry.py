"""All faults, by name."""

from __future__ import annotations

from stablelce.conformance.faults import (
    absorption,
    calls,
    cancellation,
    formulas,
    lanes,
    layouts,
    overflow,
    pairs,
    precision,
    rare,
    saturation,
    shapes,
    soft,
    special,
    state,
    surroundings,
    underflow,
    weighted,
)
from stablelce.conformance.faults.base import Fault

__all__ = ["FAULTS", "find"]

_MODULES = (
    absorption,
    cancellation,
    overflow,
    underflow,
    saturation,
    formulas,
    precision,
    soft,
    special,
    weighted,
    lanes,
    shapes,
    layouts,
    pairs,
    state,
    calls,
    surroundings,
    rare,
)

FAULTS: tuple[Fault, ...] = tuple(fault for module in _MODULES for fault in module.FAULTS)
"""The collection, module by module."""


def find(name: str) -> Fault:
    """The fault of that name.

    Raises
    ------
    ValueError
        No fault goes by that name.
    """
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise ValueError(f"unknown fault {name!r}: the names stand in reports/faults/README.md.")
