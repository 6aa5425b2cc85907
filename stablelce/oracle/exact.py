"""The exact value of a quantity at binary inputs: its rounding, its sign, its ulp error, its digits."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import TypeVar

from stablelce.formats import Format, find_format
from stablelce.oracle.decomposition import FUNCTIONS_OF_Z, QUANTITIES, Decomposition, decompose
from stablelce.oracle.dyadic import ONE, ZERO, Dyadic
from stablelce.oracle.enclosure import Backend, Enclosure, refinements
from stablelce.ulp import real_ratio

__all__ = ["Exact", "Number", "backend", "exact", "ulp_error"]

Number = Fraction | float | int
"""An exact binary value: a finite float, an integer, or a Fraction whose denominator is a power of two."""

Answer = TypeVar("Answer")


@cache
def backend(name: str | None = None) -> Backend:
    """The library that computes enclosures: "arb", "mpmath", or Arb where installed (None)."""
    if name is None:
        name = "arb" if importlib.util.find_spec("flint") else "mpmath"
    if name not in ("arb", "mpmath"):
        raise ValueError(f"unknown oracle backend {name!r}: use 'arb' or 'mpmath'.")
    try:
        module = importlib.import_module(f"stablelce.oracle.{name}_backend")
    except ImportError:
        raise ImportError(
            "the Arb oracle needs python-flint: pip install 'stablelce[suite]', or pass using='mpmath'."
        ) from None
    bounds: Backend = module.bounds
    return bounds


class Exact:
    """The exact real value of one quantity at one input.

    Attributes
    ----------
    format : Format
        The format of the result.
    encoding : int
        The round-to-nearest-even encoding. A zero that stands for a nonzero value has that value's
        sign; an exact zero is +0.
    """

    __slots__ = ("_bounds", "_parts", "encoding", "format")

    def __init__(self, parts: Decomposition, fmt: Format, bounds: Backend) -> None:
        self._parts = parts
        self._bounds = bounds
        self.format = fmt
        self.encoding = self._decide(lambda enclosure: enclosure.rounded(fmt))

    def _decide(self, question: Callable[[Enclosure], Answer | None]) -> Answer:
        """The first answer that an enclosure gives, over ever tighter ones."""
        answers = map(question, refinements(self._parts, self._bounds))
        return next(answer for answer in answers if answer is not None)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return self._decide(Enclosure.sign)

    @property
    def ulp_exponent(self) -> int:
        """The integer k with ulp(value) = 2**k in the format."""
        return self._decide(lambda enclosure: enclosure.ulp_exponent(self.format))

    def value(self, width: Fraction) -> Fraction:
        """A rational at most ``width`` / 2 away from the value; the value itself where it is rational."""

        def question(enclosure: Enclosure) -> Fraction | None:
            low, high = (end.fraction() for end in enclosure.ends())
            return (low + high) / 2 if high - low <= width else None

        return self._decide(question)

    def error(self, got: int, unit_exponent: int | None = None) -> float:
        """The ulp error of an encoding: |got - value| / ulp(value), within 2^-61 and one rounding.

        ``unit_exponent`` replaces ulp(value) by 2**unit_exponent. Infinite where ``got`` is NaN, or an
        infinity that the value does not round to; 0 where it is the infinity that the value rounds to.
        A finite error is held at the largest float.
        """
        fmt = self.format
        if not fmt.is_finite(got):
            return 0.0 if got == self.encoding else float("inf")
        unit = Dyadic(1, self.ulp_exponent if unit_exponent is None else unit_exponent).fraction()
        return real_ratio(abs(fmt.to_fraction(got) - self.value(unit / 2**60)), unit)

    def digits(self, count: int = 20) -> str:
        """The value in scientific notation with ``count`` significant digits, rounded to nearest.

        A value below 2**-20000 is only said to be so: its exponent alone may have 300 digits.
        """
        vanishing = Dyadic(1, -20000)

        def question(enclosure: Enclosure) -> str | None:
            sign = enclosure.sign()
            if sign is None:
                return None
            if sign == 0:
                return "0"
            low, high = enclosure.ends()
            if abs(low) <= vanishing and abs(high) <= vanishing:
                return f"{'-' if sign < 0 else ''}(less than 1e-6020)"
            # The ends are not elements of an open interval: step inside, off a decimal tie.
            step = (high - low) * Dyadic(1, -64)
            first, last = _scientific(low + step, count), _scientific(high - step, count)
            return first if first == last else None

        return self._decide(question)


def _scientific(value: Dyadic, count: int) -> str:
    """A value that is not zero, to ``count`` digits."""
    magnitude = abs(value.fraction())
    exponent = int(value.floor_log2() * 0.30102999566398120)  # near floor(log10); the loops settle it
    while magnitude >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while magnitude < Fraction(10) ** exponent:
        exponent -= 1
    scaled = round(magnitude * Fraction(10) ** (count - 1 - exponent))
    if scaled == 10**count:
        scaled, exponent = scaled // 10, exponent + 1
    text = str(scaled)
    sign = "-" if value.m < 0 else ""
    point = f".{text[1:]}" if count > 1 else ""
    return f"{sign}{text[0]}{point}e{exponent:+03d}"


def exact(
    quantity: str,
    z: Number,
    t: Number | None = None,
    fmt: Format | str = "binary64",
    *,
    weight: Number = 1,
    pos_weight: Number = 1,
    using: str | None = None,
) -> Exact:
    """The exact value of a quantity at a logit and a target, decided in a format.

    Parameters
    ----------
    quantity : {"loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"}
        What to evaluate: L(z,t) = t*log(1+exp(-z)) + (1-t)*log(1+exp(z)), its first and second
        derivative in z, or the function of z alone.
    z, t : Fraction, float or int
        The logit, and the target in [0, 1] where the quantity has one. Taken as they are, exactly.
    fmt : Format or str
        Format of the result; the inputs may be of any format.
    weight, pos_weight : Fraction, float or int
        Factors of a loss, gradient or hessian and of its t-term; finite and not negative.
    using : {"arb", "mpmath"}, optional
        The library that encloses; Arb where installed.

    Raises
    ------
    ValueError
        A value that is not finite, a target outside [0, 1], a negative weight, a missing target, a
        weight of a function of z alone, or an unknown quantity or format. Limits at infinity are no
        values: they stand in the contract.
    """
    result_format = fmt if isinstance(fmt, Format) else find_format(fmt)
    if quantity not in QUANTITIES:
        raise ValueError(f"unknown quantity {quantity!r}: use one of {', '.join(QUANTITIES)}.")
    if t is None and (quantity in ("loss", "gradient") or (quantity == "hessian" and pos_weight != 1)):
        raise ValueError(f"{quantity} needs a target here: pass t in [0, 1].")
    if quantity in FUNCTIONS_OF_Z and (weight != 1 or pos_weight != 1):
        raise ValueError(f"{quantity} is a function of z alone: leave weight and pos_weight out.")
    target = ZERO if t is None else Dyadic.of(t)
    if target.m < 0 or target > ONE:
        raise ValueError(f"the target {t} lies outside [0, 1].")
    v, p = Dyadic.of(weight), Dyadic.of(pos_weight)
    if v.m < 0 or p.m < 0:
        raise ValueError(f"weight {weight} and pos_weight {pos_weight} must not be negative.")
    parts = decompose(quantity, Dyadic.of(z), target, v, p)
    return Exact(parts, result_format, backend(using))


def ulp_error(quantity: str, z: Number, t: Number | None, got: int, fmt: Format | str = "binary64") -> float:
    """The ulp error of the encoding ``got`` as a result for the quantity at (z, t)."""
    return exact(quantity, z, t, fmt).error(got)
