"""The source of ``longer_limbs`` on ranges: every operation exact, and a bound of what is left out.

The functions between which numbers pass are wrapped: each runs on limbs that are free within their bounds,
and what it returns is compared, as a polynomial, with the formula that it stands for, in which every number
has its error as one more symbol. The reduction is run for each k, as its bounds depend on it.

What is done by hand: ``fourth_order``, whose error is bounded in its docstring, the largest error of an entry
of the table, which a test derives, and the rounding errors in ``longer_values``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from types import ModuleType
from typing import Any, NamedTuple

from stablelce.kernels import longer_limbs
from stablelce.kernels.longer_layout import BITS, ROWS, STEPS
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.proof.ranges import Exact, Form, constant, exactly, free, hull, split, symbol
from stablelce.kernels.rebinding import rebind

__all__ = ["Bounds", "prove"]

ENTRY = Fraction(1, 2**151)
"""Error of an entry of the table: half of its last place."""

FOURTH_ORDER = Fraction(1, 2**78)

LARGEST = Fraction(746)

HALF, SIXTH = constant(Fraction(1, 2)), constant(Fraction(1, 6))


class Bounds(NamedTuple):
    """Errors, absolute: of m, of a product of m and two limbs, of m*f with m and f such numbers."""

    exponential: Fraction
    times_short: Fraction
    product: Fraction


class Limbs(tuple[Exact, ...]):
    """Limbs of a number, and the bound of their sum's error."""

    error: Fraction

    def __new__(cls, limbs: tuple[Exact, ...], error: Fraction) -> Limbs:
        made = super().__new__(cls, limbs)
        made.error = error
        return made


def _free(argument: Any) -> Any:
    """The same limbs without their history."""
    if isinstance(argument, tuple):
        return tuple(_free(limb) for limb in argument)
    limb = exactly(argument)
    return limb if limb.low == limb.high else free(limb.low, limb.high, limb.grid)


def _sum(limbs: Any) -> Form:
    total = Form()
    for limb in limbs if isinstance(limbs, tuple) else (limbs,):
        total = total + exactly(limb).form
    return total


def _against(function: Callable[..., Any], formula: Callable[..., Form], *arguments: Limbs) -> Limbs:
    """What a function returns, and how far its sum is from a formula of the exact arguments."""
    given = [_free(argument) for argument in arguments]
    result = function(*given)
    exact = [_sum(limbs) + symbol(argument.error) for limbs, argument in zip(given, arguments, strict=True)]
    return Limbs(_free(result), (_sum(result) - formula(*exact)).bound())


def _mul_add(a: Exact | float, b: Exact | float, c: Exact | float) -> Exact:
    """Exact in both steps, hence fused or not."""
    return exactly(a) * b + c


class Run:
    """One run of the source of a module: the errors of the reduction and of m, and m itself."""

    def __init__(self, module: ModuleType, every: int = 1) -> None:
        self.module = module
        self.source = rebind(module, {"split": split, "mul_add": _mul_add})
        self.remainder = self._reduction(every)
        self.taken = Form()
        wrapped: dict[str, Callable[..., Any]] = {
            "nearest_multiple": lambda _: exactly(0.0),
            "remainder": lambda *_: tuple(self.remainder),
            "split": split,
            "to_index": lambda index: index,
            "row": self._row,
            "grow": self.grow,
            "fourth_order": lambda *_: free(-Fraction(1, 2**30), Fraction(1, 2**30)),
            "third_order": self._third_order,
            "second_order": self._second_order,
            "first_order": self._first_order,
        }
        _, self.m = rebind(module, wrapped)["exponential"](*[exactly(0.0)] * 4)

    def bounds(self) -> Bounds:
        """Errors of what ``longer_values`` uses."""
        half = Fraction(1, 2 ** (BITS + 1))
        c = Limbs((free(Fraction(2, 5), Fraction(1), -BITS), free(-half, half, -2 * BITS)), Fraction(0))
        short = _against(self.source["times_short"], lambda t, x: t * x, self.m, c)
        less_one = Limbs((self.m[0] - 1.0, *self.m[1:]), self.m.error)
        return Bounds(self.m.error, short.error, self.grow(self.m, less_one).error)

    def _reduction(self, every: int) -> Limbs:
        """The results of ``remainder`` over all k and all arguments that belong to it, and their error."""
        results, error = [], Fraction(0)
        log2 = [Fraction(limb) for limb in self.module.LOG2]
        for k in range(0, int(LARGEST * 3 / 2), every):
            # RN(RN(a*c)) = k, c = 1/log(2) in binary64: a*c*(1 + e) is within 1/2 of k, |e| <= 2^-53.
            c, wider = Fraction(self.module.PER_LOG2), Fraction(1, 2**52)
            low = max((k - Fraction(1, 2)) / c * (1 - wider), Fraction(0))
            high = min((k + Fraction(1, 2)) / c * (1 + wider), LARGEST)
            if low > high:
                break
            a = [free(low, high, -BITS)]
            for place in (2, 3, 4):
                half = Fraction(1, 2 ** (BITS * (place - 1) + 1))
                a.append(free(-half, half, -BITS * place))
            result = self.source["remainder"](float(k), *a)
            results.append(result)
            # log(2) is off by half a unit of its last limb.
            off = k * Fraction(1, 2 ** (len(log2) * BITS + 1))
            error = max(
                error, (_sum(result) - _sum(tuple(a)) + constant(k * sum(log2, Fraction(0)))).bound() + off
            )
        return Limbs(tuple(_joined(limbs) for limbs in zip(*results, strict=True)), error)

    def _row(self, columns: Any, index: Exact) -> Limbs:
        """Any row; what was split off to find it is remembered."""
        tables = (self.module.COARSE, self.module.MEDIUM, self.module.FINE)
        (level,) = [level for level, table in enumerate(tables) if table is columns]
        if index.low < 0 or index.high > len(columns[0]) - 1:
            raise ProofError(f"rows {float(index.low)} .. {float(index.high)} of {len(columns[0])}")
        place = index.form - constant(Fraction(ROWS[level]))
        self.taken = self.taken + place * constant(Fraction(1, 2 ** STEPS[level]))
        return Limbs(tuple(hull(column.tolist()) for column in columns), ENTRY)

    def grow(self, t: Limbs, x: Limbs) -> Limbs:
        """The function of that name."""
        return _against(self.source["grow"], lambda t, x: t + t * x, t, x)

    def _third_order(self, r: tuple[Exact, ...], t: Exact) -> Limbs:
        if (self.remainder[0].form - self.taken - r[0].form).terms or r[0].size > Fraction(
            1, 2 ** (BITS + 1)
        ):
            raise ProofError("what is left is not what the rows leave, or too large for the series")
        return _against(
            lambda r, t: self.source["third_order"](r, *t),
            lambda r, t: r * (SIXTH - t),
            self._with_error(r),
            Limbs((t,), FOURTH_ORDER),
        )

    def _second_order(self, r: tuple[Exact, ...], p: Limbs) -> Limbs:
        return _against(self.source["second_order"], lambda r, p: r * (HALF - p), self._with_error(r), p)

    def _first_order(self, r: tuple[Exact, ...], q: Limbs) -> Limbs:
        return _against(self.source["first_order"], lambda r, q: r * q - r, self._with_error(r), q)

    def _with_error(self, r: tuple[Exact, ...]) -> Limbs:
        return Limbs(r, self.remainder.error)


def _joined(limbs: tuple[Exact, ...]) -> Exact:
    """A free number in place of any of some."""
    return free(min(x.low for x in limbs), max(x.high for x in limbs), min(x.grid for x in limbs))


def prove(module: ModuleType = longer_limbs, every: int = 1) -> Bounds:
    """Run the source of a module; raise ProofError where an operation may be inexact.

    Parameters
    ----------
    module : module
        ``longer_limbs``, or one made from its source.
    every : int
        Run the reduction for every so many k only: no proof then, but enough to see a defect.
    """
    return Run(module, every).bounds()
