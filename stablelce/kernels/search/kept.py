"""The hardest inputs found so far, a few of each group."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format
from stablelce.kernels.rounding import Doubles
from stablelce.kernels.search.functions import FUNCTIONS, Function
from stablelce.kernels.search.measure import Measured, measure

__all__ = ["Group", "Kept", "least_bits"]


class Group(NamedTuple):
    """What is kept apart, so that the hardest inputs are not all of one kind or one binade of a."""

    function: Function
    kind: str
    exponent: int


def least_bits(fmt: Format) -> int:
    """Distances above 2^-bits ulps are no hard cases: one random input in 2^(bits-1) is as close."""
    return 14 if fmt.precision == 53 else 12


class Kept:
    """The inputs with the smallest distances, each as a, t and bits; ties go to the smaller input.

    What is kept does not depend on the order in which inputs are offered.
    """

    def __init__(self, fmt: Format, size: int) -> None:
        self.fmt, self.size = fmt, size
        self.groups: dict[Group, tuple[Doubles, Doubles, npt.NDArray[np.int8]]] = {}

    def offer(self, group: Group, a: Doubles, t: Doubles) -> None:
        """Measure inputs, and keep those that are among the hardest."""
        measured: Measured = measure(group.function.quantity, group.function.sign, a, t, self.fmt)
        enough = measured.bits >= least_bits(self.fmt)
        a, t, bits = a[enough], t[enough], measured.bits[enough]
        if not a.size:
            return
        if group in self.groups:
            before, others, known = self.groups[group]
            a, t, bits = np.append(before, a), np.append(others, t), np.append(known, bits)
        order = np.lexsort((t, a, -bits.astype(np.int64)))
        a, t, bits = a[order], t[order], bits[order]
        new = np.r_[True, (a[1:] != a[:-1]) | (t[1:] != t[:-1])]
        first = np.flatnonzero(new)[: self.size]
        self.groups[group] = (a[first], t[first], bits[first])

    def columns(self, quantity: str) -> tuple[Doubles, Doubles, npt.NDArray[np.int8]]:
        """Logits, targets and bits of a quantity, the hardest first; each input once."""
        rows = {
            (group.function.sign * x, y): b
            for group, kept in self.groups.items()
            if group.function.quantity == quantity
            for x, y, b in zip(*(column.tolist() for column in kept), strict=True)
        }
        order = sorted(rows, key=lambda row: (-rows[row], abs(row[0]), row))
        z, t = (np.array(column) for column in zip(*order, strict=True)) if order else (np.empty(0),) * 2
        return z, t, np.array([rows[row] for row in order], dtype=np.int8)

    def smallest(self) -> dict[str, int]:
        """For each function, kind of input and target, the bits of the hardest input, in their order."""
        found = {(FUNCTIONS.index(group.function), group.kind): -1 for group in self.groups}
        for group, (_, _, bits) in self.groups.items():
            key = FUNCTIONS.index(group.function), group.kind
            found[key] = max(found[key], int(bits[0]))
        return {label(FUNCTIONS[i], kind): found[i, kind] for i, kind in sorted(found)}


def label(function: Function, kind: str) -> str:
    """A function and a kind of input in a few words."""
    side = "" if function.quantity == "hessian" else ", z > 0" if function.sign > 0 else ", z < 0"
    return f"{function.quantity}{side}, {'soft' if function.soft else 'hard'} targets: {kind}"
