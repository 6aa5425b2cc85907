"""The last stage of the slow path: one element at a time, in integers of any length, always decided.

With a = |z|, p the positive weight, w the weight, c = p*t + (1-t)::

    loss     = w*a*(1-t if z > 0 else p*t) + w*c*softplus(-a)
    gradient = w*(1-t) - w*c*sigmoid(-a) for z > 0,  -w*p*t + w*c*sigmoid(-a) else
    hessian  =               w*c*sigmoid(a)*sigmoid(-a)

so that every value is ``B + C*R(a)`` with B and C exact, and R one of three functions for which
0 < R(a) < exp(-a) where a > 0. Three rules decide the rounding, in this order:

* the tail: C*R is below the spacing of a grid that holds B, zero and every midpoint; then B nudged by the
  sign of C is what rounds, and R is not computed;
* next to a = 0: an enclosure of R by polynomials, exact however much cancels against B;
* Ziv's strategy: enclosures of R to ever more bits, until both ends of B + C*R round alike.

R(a) is irrational for a rational a > 0 (Lindemann-Weierstrass), and so is softplus(0) = log 2: the value is
no midpoint and no end of an enclosure, and the last rule comes to an end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import Format, UIntArray
from stablelce.kernels.integers import FUNCTIONS, exp_of_minus, floor_scaled

__all__ = ["exact", "exact_block"]

Dyadic = tuple[int, int]
"""The value ``m * 2**e`` as ``(m, e)``."""

REMAINDERS = {"loss": "softplus", "gradient": "sigmoid", "hessian": "variance"}

FUNCTIONS_OF_Z = {"sigmoid": ("gradient", 0, 1), "softplus": ("loss", 0, 1), "log_sigmoid": ("loss", 1, -1)}
"""What a function of z alone is: a quantity, at a hard target, times a factor.

sigmoid(z) is the gradient at t = 0, softplus(z) the loss there, log_sigmoid(z) = -softplus(-z) minus the
loss at t = 1.
"""


def exact(
    quantity: str,
    fmt: Format,
    z: int,
    t: int | None = None,
    weight: int | None = None,
    pos_weight: int | None = None,
) -> int:
    """The correctly rounded value of a quantity at one element.

    Parameters
    ----------
    quantity : {"loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"}
        What to compute; the last three are functions of ``z`` alone.
    fmt : Format
        The format of all encodings.
    z, t : int
        Encodings of the logit and the target, finite. A target outside [0, 1] gives the affine extension
        in t. The hessian needs none unless there is a ``pos_weight``.
    weight, pos_weight : int, optional
        Encodings of the factor of the element and of its t-term, finite and not negative; 1 if left out.

    Returns
    -------
    int
        The round-to-nearest-even encoding. A zero that stands for a nonzero value has that value's sign;
        an exact zero is +0.

    Raises
    ------
    ValueError
        An encoding is not finite, the loss or the gradient has no target, or a function of z a weight.
    """
    base, coefficient, remainder = _decompose(quantity, fmt, z, t, weight, pos_weight)
    m, e = fmt.decode(fmt.magnitude(z))
    if m == 0 and remainder != "softplus":  # sigmoid(0) = 1/2, its variance 1/4
        base = _sum(base, _product(coefficient, (1, -1 if remainder == "sigmoid" else -2)))
        coefficient = (0, 0)
    if coefficient[0] == 0:
        return fmt.round_dyadic(*base)
    if _is_tail(fmt, base, coefficient, (m, e)):
        return fmt.round_dyadic(*base, 1 if coefficient[0] > 0 else -1)
    if m.bit_length() + e <= -fmt.precision and remainder != "softplus":
        encoding = _rounded(fmt, base, coefficient, *_next_to_zero(remainder, m, e))
        if encoding is not None:
            return encoding
    return _ziv(fmt, base, coefficient, remainder, (m, e))


def exact_block(
    quantity: str,
    fmt: Format,
    z: npt.NDArray[Any],
    t: npt.NDArray[Any] | None = None,
    weight: npt.NDArray[Any] | None = None,
    pos_weight: npt.NDArray[Any] | None = None,
) -> UIntArray:
    """The correctly rounded values of a quantity, as :func:`exact`, over blocks of encodings.

    Parameters
    ----------
    quantity : str
        As for :func:`exact`.
    fmt : Format
        The format of all encodings.
    z, t, weight, pos_weight : ndarray of unsigned int
        One-dimensional blocks of one length; all but ``z`` may be None.

    Returns
    -------
    ndarray of unsigned int
        Encodings, in the unsigned type of the format's width.
    """
    columns = [[None] * len(z) if block is None else block.tolist() for block in (z, t, weight, pos_weight)]
    rows = list(zip(*columns, strict=True))
    encodings = {row: exact(quantity, fmt, *row) for row in dict.fromkeys(rows)}
    return np.array([encodings[row] for row in rows], dtype=fmt.uint)


def _decompose(
    quantity: str, fmt: Format, z: int, t: int | None, weight: int | None, pos_weight: int | None
) -> tuple[Dyadic, Dyadic, str]:
    """B, C and the name of R."""
    if quantity in FUNCTIONS_OF_Z:
        if weight is not None or pos_weight is not None:
            raise ValueError(f"{quantity} is a function of z alone: leave the weights out.")
        quantity, hard, factor = FUNCTIONS_OF_Z[quantity]
        target, w, p = (hard, 0), (factor, 0), (1, 0)
    else:
        if t is None and (quantity != "hessian" or pos_weight is not None):
            raise ValueError(f"{quantity} needs a target here.")
        target = (0, 0) if t is None else fmt.decode(t)
        w = (1, 0) if weight is None else fmt.decode(weight)
        p = (1, 0) if pos_weight is None else fmt.decode(pos_weight)
    positive, negative = _product(p, target), _sum((1, 0), (-target[0], target[1]))
    coefficient = _product(w, _sum(positive, negative))
    logit, exponent = fmt.decode(z)
    if quantity == "loss":
        base = _product((abs(logit), exponent), negative if logit > 0 else positive)
    elif quantity == "gradient" and logit > 0:
        base, coefficient = negative, (-coefficient[0], coefficient[1])
    elif quantity == "gradient":
        base = (-positive[0], positive[1])
    else:
        base = (0, 0)
    return _product(w, base), coefficient, REMAINDERS[quantity]


def _product(x: Dyadic, y: Dyadic) -> Dyadic:
    return x[0] * y[0], x[1] + y[1]


def _sum(x: Dyadic, y: Dyadic) -> Dyadic:
    if x[0] == 0 or y[0] == 0:  # the exponent of a zero says nothing
        return y if x[0] == 0 else x
    e = min(x[1], y[1])
    return (x[0] << x[1] - e) + (y[0] << y[1] - e), e


def _is_tail(fmt: Format, base: Dyadic, coefficient: Dyadic, a: Dyadic) -> bool:
    """Whether B + C*R(a) lies between B and its neighbour on a grid of all midpoints.

    Every midpoint of the format, zero, and B are multiples of ``2**grid``: if abs(C*R) is below that, no
    midpoint but B itself is in reach. The bound R < exp(-a) <= 2^-floor(a*log2(e)) takes no exponential,
    so that a = 1e300 costs a product; log2(e) = 1.442695... > 23637/2^14.
    """
    grid = min(fmt.quantum - 1, base[1]) if base[0] else fmt.quantum - 1
    decay = floor_scaled(a[0] * 23637, a[1] - 14)
    return coefficient[0].bit_length() + coefficient[1] - decay <= grid


def _next_to_zero(remainder: str, m: int, e: int) -> tuple[int, int, int]:
    """Bounds of R(a) times ``2**scale``, and the scale, for a small a = m * 2**e, e <= -1.

    By x - x^3/3 < tanh(x) < x at x = a/2: sigmoid(-a) = 1/2 - tanh(a/2)/2 is in 1/2 - a/4 + (0, a^3/32),
    sigmoid(a)*sigmoid(-a) = 1/4 - tanh(a/2)^2/4 in 1/4 - (0, a^2/16). For a below 2^-precision both are
    tight enough unless all but the last term cancels against B.
    """
    if remainder == "sigmoid":
        scale = 5 - 3 * e
        low = (1 << scale - 1) - (m << scale - 2 + e)
        return low, low + m**3, scale
    scale = 4 - 2 * e
    high = 1 << scale - 2
    return high - m**2, high, scale


def _ziv(fmt: Format, base: Dyadic, coefficient: Dyadic, remainder: str, a: Dyadic) -> int:
    """Enclose R(a) to twice as many bits each time, until B + C*R(a) is decided.

    Near the optimum t = sigmoid(z) about ``fmt.precision`` bits cancel. The first attempt has 40 bits to
    spare, less about ten for the widths: one such element in 10^9 takes another, and so do small logits
    with t = 1/2 + z/4, where no more than z^3/48 is left.
    """
    precision = 2 * fmt.precision + 40
    while True:
        exp = exp_of_minus(*a, precision)
        low, high = FUNCTIONS[remainder](exp)
        encoding = _rounded(fmt, base, coefficient, low, high, exp.scale)
        if encoding is not None:
            return encoding
        precision *= 2


def _rounded(fmt: Format, base: Dyadic, coefficient: Dyadic, low: int, high: int, scale: int) -> int | None:
    """The encoding of B + C*R for all R in the open interval (low, high) * 2**-scale, None if it varies."""
    c, e = coefficient[0], coefficient[1] - scale
    if c < 0:
        low, high = high, low
    m, last = _sum(base, (c * low, e))
    encoding = fmt.round_dyadic(m, last, 1)
    m, last = _sum(base, (c * high, e))
    return encoding if encoding == fmt.round_dyadic(m, last, -1) else None
