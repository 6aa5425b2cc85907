"""The NumPy engine: blocks through the stages, each on the elements that the one before left undecided.

1. The kernel and the rounding test: all but a few in a hundred thousand elements.
2. ``wide``: exact part and remainder apart, and logits beyond the table; ``special``: infinities and NaN.
   ``near_zero``: gradients next to z = 0 and t = 1/2.
3. ``longer``: three words instead of two, for targets next to sigmoid(z) and subnormal results.
4. ``exact``: integers of any length, one element at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY64, Format, find_format
from stablelce.kernels import finals
from stablelce.kernels.exact import exact_block
from stablelce.kernels.longer import longer
from stablelce.kernels.near_zero import near_zero
from stablelce.kernels.pairs import pairs
from stablelce.kernels.plain import plain
from stablelce.kernels.rounding import Block, Doubles, Encodings, Mask, Rounded, agree, encode, widen
from stablelce.kernels.selfcheck import check_arithmetic
from stablelce.kernels.special import special
from stablelce.kernels.table_layout import LIMIT
from stablelce.kernels.weighted import weighted
from stablelce.kernels.wide import wide

__all__ = ["QUANTITIES", "evaluate", "finish", "points"]


FEW = 16
"""So few elements go to the last stage at once: one takes some 30 us, the calls of a stage on arrays 200."""


class Quantity(NamedTuple):
    """A quantity as a loss, gradient or hessian: at a fixed target, or with the other sign."""

    base: str
    target: float | None = None
    sign: float = 1.0


QUANTITIES = {
    "loss": Quantity("loss"),
    "softplus": Quantity("loss", 0.0),
    "log_sigmoid": Quantity("loss", 1.0, -1.0),
    "gradient": Quantity("gradient"),
    "sigmoid": Quantity("gradient", 0.0),
    "hessian": Quantity("hessian"),
}
"""softplus(z) = L(z, 0), log_sigmoid(z) = -L(z, 1), sigmoid(z) = dL/dz(z, 0)."""


class Points(NamedTuple):
    """The inputs of a block, in binary64; weights are None, or both are there."""

    z: Doubles
    t: Doubles
    weight: Doubles | None
    pos_weight: Doubles | None
    fmt: Format

    def at(self, quantity: Quantity) -> Points:
        """The points with the target that a quantity fixes."""
        if quantity.target is None:
            return self
        return self._replace(t=np.full_like(self.z, quantity.target))

    def only(self, index: npt.NDArray[np.intp]) -> Points:
        """Some of the points."""
        weight = None if self.weight is None else self.weight[index]
        pos_weight = None if self.pos_weight is None else self.pos_weight[index]
        return Points(self.z[index], self.t[index], weight, pos_weight, self.fmt)


def evaluate(
    outs: Mapping[str, Block],
    z: Block,
    t: Block | None = None,
    weight: Block | None = None,
    pos_weight: Block | None = None,
) -> None:
    """Compute quantities of a block of elements and write them, correctly rounded.

    Parameters
    ----------
    outs : mapping
        Blocks to fill, by quantity: "loss", "gradient", "hessian", "sigmoid", "log_sigmoid",
        "softplus". They may be the memory of an input, element for element.
    z, t, weight, pos_weight : ndarray
        One-dimensional blocks of one length, all with the dtype of the results. Without ``t``, only
        the quantities of z alone, and the hessian. Weights are finite and not negative.

    Notes
    -----
    Call it with NumPy's floating-point warnings off.
    """
    check_arithmetic()
    elements = points(z, t, weight, pos_weight)
    results = _first_stage(elements, [QUANTITIES[name] for name in outs])
    for name, (encodings, decided) in zip(outs, results, strict=True):
        finish(name, elements, encodings, decided)
    for out, (encodings, _) in zip(outs.values(), results, strict=True):
        out.view(elements.fmt.uint)[...] = encodings


def points(
    z: Block, t: Block | None = None, weight: Block | None = None, pos_weight: Block | None = None
) -> Points:
    """A block of elements in binary64."""
    logits = widen(z)
    targets = np.zeros_like(logits) if t is None else widen(t)
    fmt = find_format(z.dtype)
    if weight is None and pos_weight is None:
        return Points(logits, targets, None, None, fmt)
    return Points(logits, targets, _factor(weight, logits), _factor(pos_weight, logits), fmt)


def _factor(weight: Block | None, z: Doubles) -> Doubles:
    """Weights in binary64, 1 where there are none; a weight of -0 is a weight of 0."""
    return np.ones_like(z) if weight is None else np.abs(widen(weight))


class Distances(NamedTuple):
    """w, as a pair unless all targets are hard, and where the first stage serves logit and target."""

    w: Doubles
    w_low: Doubles | None
    known: Mask


def _distances(points: Points, inside: Mask) -> Distances:
    is_one = points.t == 1
    if (is_one | (points.t == 0)).all():
        return Distances(((points.z >= 0) != is_one).astype(np.float64), None, inside)
    w, w_low = finals.distance(points.z, points.t)
    return Distances(w, w_low, inside & np.isfinite(points.t))


def _first_stage(points: Points, quantities: list[Quantity]) -> list[Rounded]:
    """Encodings of each quantity, and where they are decided."""
    a = np.abs(points.z)
    inside = a <= LIMIT
    a = np.where(inside, a, 0.0)
    paired = points.fmt == BINARY64 or points.weight is not None
    parts = pairs(a) if paired else plain(a)
    shared: dict[float | None, tuple[Points, Distances]] = {}
    made = []
    low: Doubles | float
    for quantity in quantities:
        if quantity.target not in shared:
            at = points.at(quantity)
            shared[quantity.target] = at, _distances(at, inside)
        at, distances = shared[quantity.target]
        known = distances.known
        if at.weight is not None and at.pos_weight is not None:
            high, low, bound, valid = weighted(quantity.base, at.z, at.t, at.weight, at.pos_weight, parts)
            known = known & valid
        else:
            high, low, bound = _value(quantity.base, a, distances, parts)
        encodings, decided = agree(high, low, bound, points.fmt)
        _give_signs(encodings, quantity, points)
        decided &= known
        if at.weight is not None and at.pos_weight is not None:
            # A weight of 0 masks the element, whatever it is; with p*t = 1-t = 0 no term is left.
            nothing = (at.weight == 0) | ((at.pos_weight == 0) & (at.t == 1) & ~np.isnan(at.z))
            encodings[nothing] = 0
            decided |= nothing
        made.append((encodings, decided))
    return made


def _give_signs(encodings: Encodings, quantity: Quantity, points: Points) -> None:
    """In place: the gradient below zero is -(w - y), the log_sigmoid a loss with the other sign."""
    sign = points.fmt.uint.type(points.fmt.sign_bit)
    if quantity.base == "gradient" and points.weight is None:
        encodings ^= (points.z < 0).astype(points.fmt.uint) * sign
    if quantity.sign < 0:
        encodings ^= sign


def _value(
    base: str, a: Doubles, distances: Distances, parts: tuple[Doubles, ...]
) -> tuple[Doubles, Doubles | float, Doubles]:
    """A value without its sign, its low word, and a bound of its error."""
    value: tuple[Doubles, Doubles | float, Doubles]
    w, w_low, _ = distances
    if len(parts) == 2:
        d, y = parts
        if base == "loss":
            high, bound = finals.plain_loss(a, w, d)
        elif base == "gradient":
            high, bound = finals.plain_gradient(w, y)
        else:
            high, bound = finals.plain_hessian(y)
        return high, 0.0, bound
    d, d_low, y, y_low = parts
    if base == "loss" and w_low is None:
        value = finals.hard_loss(a, w, d, d_low)
    elif base == "loss":
        value = finals.loss(a, w, w_low, d, d_low)
    elif base == "gradient":
        value = finals.gradient(w, 0.0 if w_low is None else w_low, y, y_low)
    else:
        value = finals.hessian(y, y_low)
    return value


def finish(name: str, points: Points, encodings: Encodings, decided: Mask) -> None:
    """Take the undecided elements through the later stages, in place."""
    index = np.flatnonzero(~decided)
    if not index.size:
        return
    fmt, quantity = points.fmt, QUANTITIES[name]
    rest = points.only(index).at(quantity)
    finite = np.isfinite(rest.z) & np.isfinite(rest.t)
    if not finite.all():
        encodings[index[~finite]] = _special(name, rest.only(np.flatnonzero(~finite)))
        index, rest = index[finite], rest.only(np.flatnonzero(finite))
    for stage in (near_zero, wide, longer) if rest.weight is None and index.size > FEW else ():
        if index.size:
            results, done = stage(quantity.base, quantity.sign, rest.z, rest.t, fmt)
            encodings[index[done]] = results[done]
            index, rest = index[~done], rest.only(np.flatnonzero(~done))
    if index.size:
        encodings[index] = exact_block(
            name,
            fmt,
            encode(rest.z, fmt),
            encode(rest.t, fmt),
            None if rest.weight is None else encode(rest.weight, fmt),
            None if rest.pos_weight is None else encode(rest.pos_weight, fmt),
        )


def _special(name: str, points: Points) -> Encodings:
    weight = _factor(points.weight, points.z)
    return special(name, points.z, points.t, weight, _factor(points.pos_weight, points.z), points.fmt)
