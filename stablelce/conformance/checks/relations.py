"""Relations that hold for exact values, with the slack that rounding within a profile can need.

Each exact value v and its result r obey |r - v| <= A(r) (judging.allowance), so a relation
``sum c_i * v_i = 0`` becomes ``|sum c_i * r_i| <= sum |c_i| * A(r_i)``, evaluated in exact rationals: no
tolerance here is chosen, each one follows from the profile. No oracle is asked, so these checks stand
even if it were wrong; and correctly rounded results pass them on every input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import Judgement, PointCheck, Related, allowance, gradient_allowance
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.formats import Format, UIntArray

__all__ = [
    "AFFINE",
    "CONVEXITY",
    "DIFFERENCE",
    "MIRROR",
    "MONOTONICITY",
    "SIGN_AND_RANGE",
    "Term",
    "exact_encodings",
    "relation",
    "stencil",
]


class Term:
    """Results of one quantity at an array of points, with their exact values and allowances."""

    def __init__(self, run: Run, quantity: str, z: UIntArray, t: UIntArray) -> None:
        self.run, self.quantity, self.z, self.t = run, quantity, z, t
        self.got = run.elementwise(quantity, z, t)

    def value(self, i: int) -> Fraction | None:
        """The i-th result, exactly; None where it is not finite."""
        encoding = int(self.got[i])
        return self.run.fmt.to_fraction(encoding) if self.run.fmt.is_finite(encoding) else None

    def allowed(self, i: int) -> Fraction:
        """How far the i-th result may lie from its exact value."""
        fmt, bound = self.run.fmt, self.run.bound
        if self.quantity == "gradient":
            z, t = fmt.to_fraction(int(self.z[i])), fmt.to_fraction(int(self.t[i]))
            return gradient_allowance(fmt, z, t, bound)
        value = self.value(i)
        assert value is not None
        return allowance(fmt, value, bound)


Mask = npt.NDArray[np.bool_]

Holds = Callable[[int, list[Fraction], list[Fraction]], bool | None]
"""``holds(i, values, allowances)``: whether the relation holds at point i, None where it cannot tell."""


def relation(terms: Sequence[Term], holds: Holds, where: Mask | None = None) -> Judgement:
    """Judge a relation between terms at every point where all of them are finite."""
    count = len(terms[0].got)
    failed, judged = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    inconclusive = 0
    for i in range(count) if where is None else np.flatnonzero(where).tolist():
        values = [term.value(i) for term in terms]
        if any(value is None for value in values):
            continue  # a spurious inf or NaN is the business of "accuracy"
        finite = [value for value in values if value is not None]
        verdict = holds(i, finite, [term.allowed(i) for term in terms])
        if verdict is None:
            inconclusive += 1
            continue
        judged[i], failed[i] = True, not verdict
    related = tuple(Related(term.quantity, term.z, term.t, term.got) for term in terms[1:])
    return Judgement(failed, judged, got=terms[0].got, inconclusive=inconclusive, related=related)


def exact_encodings(fmt: Format, values: Sequence[Fraction | None]) -> tuple[UIntArray, Mask]:
    """Encodings of rationals, and a mask of those that the format represents exactly and finitely."""
    encodings = np.zeros(len(values), dtype=fmt.uint)
    exactly = np.zeros(len(values), dtype=bool)
    for i, value in enumerate(values):
        if value is None:
            continue
        encoding = fmt.round(value)
        if fmt.is_finite(encoding) and fmt.to_fraction(encoding) == value:
            encodings[i], exactly[i] = encoding, True
    return encodings, exactly


def stencil(
    fmt: Format, z: UIntArray, step_exponent: int
) -> tuple[UIntArray, UIntArray, UIntArray, list[Fraction]]:
    """Logits z-h, z, z+h, all three exact in the format, near the given ones; and the steps h.

    h is 2**step_exponent, or the ulp of the largest of the three where that is more; z moves to the
    nearest multiple of that ulp.
    """
    low, mid, high, steps = [], [], [], []
    for encoding in z:
        value = fmt.to_fraction(int(encoding))
        h = Fraction(2) ** step_exponent
        top = abs(value) + 2 * h
        spacing = (
            fmt.to_fraction(fmt.next_up(fmt.round(top))) - fmt.to_fraction(fmt.round(top))
            if fmt.magnitude(fmt.round(top)) < fmt.max_finite
            else None
        )
        if spacing is None:  # at the edge of the format: no room for a step
            value, spacing = Fraction(0), Fraction(1)
        h = max(h, spacing)
        centre = round(value / spacing) * spacing
        low.append(fmt.round(centre - h))
        mid.append(fmt.round(centre))
        high.append(fmt.round(centre + h))
        steps.append(h)
    pack = [np.array(part, dtype=fmt.uint) for part in (low, mid, high)]
    return pack[0], pack[1], pack[2], steps


def _sign_and_range(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """Bounds that need no slack: they are floats, and rounding to a profile may cross them by A only."""
    fmt = run.fmt

    def holds(i: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
        r, a = values[0], allowed[0]
        logit, target = fmt.to_fraction(int(z[i])), fmt.to_fraction(int(t[i]))
        low, high = _range(quantity, logit, target)
        return (low is None or r >= low - _crossing(low, a)) and (high is None or r <= high + a)

    def _crossing(low: Fraction, allowed: Fraction) -> Fraction:
        # 0 is a float that no positive value rounds across: a negative loss has no excuse but its error.
        return allowed if run.profile in ("accurate", "stable") or low else Fraction(0)

    return relation([Term(run, quantity, z, t)], holds)


def _range(quantity: str, z: Fraction, t: Fraction) -> tuple[Fraction | None, Fraction | None]:
    zero, one = Fraction(0), Fraction(1)
    if quantity == "loss":  # |z|*w <= loss <= |z|*w + log 2
        growing = abs(z) * (1 - t if z > 0 else t)
        return growing, growing + Fraction(7, 10)
    if quantity == "gradient":  # -t < y - t < 1-t; above 1/2 - t on the right of 0
        return (Fraction(1, 2) - t, one - t) if z >= 0 else (-t, Fraction(1, 2) - t)
    if quantity == "hessian":
        return zero, Fraction(1, 4)
    if quantity == "sigmoid":
        return (Fraction(1, 2), one) if z >= 0 else (zero, Fraction(1, 2))
    if quantity == "softplus":
        return max(z, zero), max(z, zero) + Fraction(7, 10)
    return min(z, zero) - Fraction(7, 10), min(z, zero)


def _mirror(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """loss(z,t) = loss(-z,1-t); gradient changes sign; the hessian stays."""
    fmt = run.fmt
    targets = [1 - fmt.to_fraction(int(e)) for e in t]
    mirrored, where = exact_encodings(fmt, targets)
    sign = fmt.uint.type(fmt.sign_bit)
    factor = -1 if quantity == "gradient" else 1
    terms = [Term(run, quantity, z, t), Term(run, quantity, z ^ sign, mirrored)]

    def holds(_: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
        return abs(values[0] - factor * values[1]) <= sum(allowed)

    return relation(terms, holds, where)


_STRIDES = (1, 7, 1 << 10)


def _monotonicity(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """Rising in z: gradient, sigmoid, softplus, log_sigmoid, loss(z,0); falling: loss(z,1)."""
    fmt = run.fmt
    # By the encoding, not by the place in the array: a point that fails also fails alone.
    strides = np.array(_STRIDES)[(z % len(_STRIDES)).astype(np.intp)]
    above = fmt.from_ordinals(np.minimum(fmt.ordinals(z) + strides, fmt.max_finite))
    one = int(fmt.encodings(np.ones(1, dtype=fmt.dtype))[0])
    if quantity == "loss":
        t = np.where(t == one, one, 0).astype(fmt.uint)
    terms = [Term(run, quantity, z, t), Term(run, quantity, above, t)]

    def holds(i: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
        falling = quantity == "loss" and t[i] == one
        rise = values[0] - values[1] if falling else values[1] - values[0]
        # Correct rounding keeps the order exactly; otherwise both results may be off.
        return rise >= (0 if run.profile == "correctly-rounded" else -sum(allowed))

    return relation(terms, holds)


def _convexity(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """L(z-h) + L(z+h) - 2 L(z) >= 0, exactly h^2 times a positive second derivative."""
    failed, judged = np.zeros(len(z), dtype=bool), np.zeros(len(z), dtype=bool)
    got: UIntArray | None = None
    related: tuple[Related, ...] = ()
    for exponent in (-2, 2):
        low, mid, high, _ = stencil(run.fmt, z, exponent)
        terms = [Term(run, quantity, mid, t), Term(run, quantity, low, t), Term(run, quantity, high, t)]

        def holds(_: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
            bend = values[1] + values[2] - 2 * values[0]
            return bend >= -(2 * allowed[0] + allowed[1] + allowed[2])

        part = relation(terms, holds)
        if got is None or part.failed.any():
            got, related = part.got, part.related
        failed, judged = failed | part.failed, judged | part.judged
    return Judgement(failed, judged, got, related=related)


def _difference(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """loss(z,0) - loss(z,1) = z, the logarithm of exp(z)."""
    fmt = run.fmt
    zeros = np.zeros_like(t)
    ones = fmt.encodings(np.ones(len(t), dtype=fmt.dtype))
    terms = [Term(run, quantity, z, zeros), Term(run, quantity, z, ones)]

    def holds(i: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
        return abs(values[0] - values[1] - fmt.to_fraction(int(z[i]))) <= sum(allowed)

    return relation(terms, holds)


def _affine(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Judgement:
    """loss(z,t) = t loss(z,1) + (1-t) loss(z,0): affine in t, term by term."""
    fmt = run.fmt
    zeros = np.zeros_like(t)
    ones = fmt.encodings(np.ones(len(t), dtype=fmt.dtype))
    terms = [Term(run, quantity, z, part) for part in (t, ones, zeros)]

    def holds(i: int, values: list[Fraction], allowed: list[Fraction]) -> bool:
        w = fmt.to_fraction(int(t[i]))
        gap = values[0] - w * values[1] - (1 - w) * values[2]
        return abs(gap) <= allowed[0] + w * allowed[1] + (1 - w) * allowed[2]

    return relation(terms, holds, np.asarray((t != zeros) & (t != ones)))


_FINITE = ("moderate", "middle", "thresholds", "encodings", "tails", "near optimum")

SIGN_AND_RANGE = PointCheck("sign and range", QUANTITIES, _sign_and_range)
MIRROR = PointCheck("mirror", ("loss", "gradient", "hessian"), _mirror)
MONOTONICITY = PointCheck(
    "monotonicity", ("loss", "gradient", "sigmoid", "log_sigmoid", "softplus"), _monotonicity, _FINITE
)
CONVEXITY = PointCheck("convexity", ("loss",), _convexity, _FINITE)
DIFFERENCE = PointCheck("difference", ("loss",), _difference, _FINITE)
AFFINE = PointCheck(
    "affine in t", ("loss",), _affine, ("moderate", "near optimum", "tiny targets", "near one")
)
