"""Results at infinite logits and NaN, against the design's table stated again with rationals."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from stablelce.formats import FORMATS, Format
from stablelce.kernels import evaluate
from stablelce.kernels.special import special

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

LOGITS = (math.inf, -math.inf, math.nan)
TARGETS = (0.0, 5e-324, 2.0**-30, 0.25, 0.3, 1 - 2.0**-8, 1.0, math.nan)
WEIGHTS = (None, 0.0, -0.0, 5e-324, 0.3, 0.5, 1.0, 3.0, 1e308)
WEIGHTED = ("loss", "gradient", "hessian")
OF_Z = ("sigmoid", "softplus", "log_sigmoid")


class Point(NamedTuple):
    """One element, as it is after rounding to a format; the weights are None where absent."""

    z: float
    t: float
    w: float | None
    p: float | None


def rounded(fmt: Format, value: float) -> float:
    """The nearest number of the format, but neither 0 nor infinity in place of a number."""
    if not math.isfinite(value) or value == 0:
        return value
    encoding = min(max(fmt.round(Fraction(value)), 1), fmt.max_finite)
    return float(fmt.to_fraction(encoding))


def points(fmt: Format, targets: tuple[float, ...] = TARGETS) -> list[Point]:
    made = []
    for z, t, w, p in itertools.product(LOGITS, targets, WEIGHTS, WEIGHTS):
        weights = (None if x is None else rounded(fmt, x) for x in (w, p))
        made.append(Point(z, rounded(fmt, t), *weights))
    return made


def factor(weight: float | None) -> Fraction:
    return Fraction(1) if weight is None else Fraction(weight)


def wanted(quantity: str, fmt: Format, point: Point) -> int:
    """The table, and its limits for weights: c = w*(1-t) at +inf, c = w*p*t at -inf."""
    z, t = point.z, point.t
    w, p = factor(point.w), factor(point.p)
    if quantity in OF_Z:
        if math.isnan(z):
            return fmt.nan
        minus = fmt.sign_bit
        up = {"sigmoid": fmt.round(Fraction(1)), "softplus": fmt.infinity, "log_sigmoid": minus}
        down = {"sigmoid": 0, "softplus": 0, "log_sigmoid": fmt.infinity | minus}
        return (up if z > 0 else down)[quantity]
    if w == 0:
        return 0
    if math.isnan(z) or math.isnan(t):
        return fmt.nan
    if quantity == "hessian":
        return 0
    return _limit(quantity, fmt, z > 0, Fraction(t), w, p)


def _limit(quantity: str, fmt: Format, up: bool, t: Fraction, w: Fraction, p: Fraction) -> int:
    c = w * (1 - t) if up else w * p * t
    if quantity == "loss":
        return fmt.infinity if c else 0
    if c:
        return fmt.round(c if up else -c)
    # (1-t)*y - p*t*(1-y): without the first term at +inf the second one is left, below zero if there is one.
    return fmt.sign_bit if up and p * t else 0


def compute(quantity: str, fmt: Format, chosen: list[Point]) -> list[int]:
    """By way of ``evaluate``, in one block for each choice of absent weights."""
    results: dict[int, int] = {}
    for absent in itertools.product((False, True), repeat=2):
        index = [i for i, x in enumerate(chosen) if (x.w is None, x.p is None) == absent]
        if not index:
            continue
        columns = [
            None if column[0] is None else np.array(column, dtype=np.float64).astype(fmt.dtype)
            for column in zip(*(chosen[i] for i in index), strict=True)
        ]
        out = np.empty(len(index), fmt.dtype)
        z, t, w, p = columns
        assert z is not None
        with np.errstate(all="ignore"):  # the kernels run so
            evaluate({quantity: out}, z, t, w, p)
        results |= dict(zip(index, fmt.encodings(out).tolist(), strict=True))
    return [results[i] for i in range(len(chosen))]


@each_format
@pytest.mark.parametrize("quantity", WEIGHTED)
def test_every_combination_follows_the_table(fmt: Format, quantity: str) -> None:
    chosen = points(fmt)
    got = compute(quantity, fmt, chosen)
    for point, encoding in zip(chosen, got, strict=True):
        assert encoding == wanted(quantity, fmt, point), (point, hex(encoding))


@each_format
@pytest.mark.parametrize("quantity", OF_Z)
def test_functions_of_z_alone(fmt: Format, quantity: str) -> None:
    chosen = [Point(z, 0.0, None, None) for z in LOGITS]
    assert compute(quantity, fmt, chosen) == [wanted(quantity, fmt, point) for point in chosen]


@each_format
@pytest.mark.parametrize("quantity", WEIGHTED)
def test_targets_that_are_nan_at_finite_logits(fmt: Format, quantity: str) -> None:
    chosen = [
        Point(rounded(fmt, z), math.nan, w, p)
        for z in (0.0, 1.5, -700.0, 1e300)
        for w in (None, 0.0, 3.0)
        for p in (None, 0.0, 3.0)
    ]
    assert compute(quantity, fmt, chosen) == [0 if point.w == 0 else fmt.nan for point in chosen]


@each_format
def test_infinite_targets_at_infinite_logits_are_the_affine_extension(fmt: Format) -> None:
    # c = w*(1-t) = -inf at z = +inf, c = w*p*t = +inf at z = -inf, but 0 at p = 0.
    infinity, minus = fmt.infinity, fmt.sign_bit
    for point in points(fmt, (math.inf,)):
        if math.isnan(point.z):
            continue
        up = point.z > 0
        if point.w == 0 or (not up and point.p == 0):
            losses, gradients = 0, 0
        else:
            losses, gradients = infinity | (minus if up else 0), infinity | minus
        assert compute("loss", fmt, [point]) == [losses], point
        assert compute("gradient", fmt, [point]) == [gradients], point
        assert compute("hessian", fmt, [point]) == [0], point


@each_format
def test_infinite_targets_at_finite_logits_have_the_sign_of_the_extension(fmt: Format) -> None:
    # L is affine in t with the slope -z, its derivative has the slope -1.
    infinity, minus = fmt.infinity, fmt.sign_bit
    for t, flip in ((math.inf, 0), (-math.inf, minus)):
        chosen = [Point(z, t, None, None) for z in (1.5, -1.5)]
        assert compute("loss", fmt, chosen) == [(infinity | minus) ^ flip, infinity ^ flip]
        assert compute("gradient", fmt, chosen) == [(infinity | minus) ^ flip] * 2


@each_format
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_every_nan_is_the_positive_quiet_one(fmt: Format, quantity: str) -> None:
    payload = fmt.array([fmt.nan | fmt.sign_bit | 1, fmt.infinity | 1])
    ones = np.ones(2, fmt.dtype)
    for arguments in ((payload, ones), (ones, payload), (payload, payload)):
        out = np.empty(2, fmt.dtype)
        with np.errstate(all="ignore"):
            evaluate({quantity: out}, *arguments)
        assert fmt.encodings(out).tolist() == [fmt.nan] * 2


@each_format
def test_products_are_rounded_once_and_from_their_rationals(fmt: Format) -> None:
    # Three factors of full length: two roundings in binary64 would show in a sample of this size.
    rng = np.random.default_rng(0)
    one = fmt.round(Fraction(1))
    count = 300
    t, w, p = (fmt.array((one - rng.integers(1, 1 << (fmt.precision - 1), count)).tolist()) for _ in range(3))
    z = np.where(rng.random(count) < 0.5, np.inf, -np.inf).astype(fmt.dtype)
    rows = [Point(*(float(x[i]) for x in (z, t, w, p))) for i in range(count)]
    assert compute("gradient", fmt, rows) == [wanted("gradient", fmt, row) for row in rows]


def test_the_table_notices_a_wrong_sign_of_zero() -> None:
    fmt = FORMATS[0]
    point = Point(math.inf, 1.0, None, None)
    assert wanted("gradient", fmt, point) == fmt.sign_bit != wanted("gradient", fmt, point._replace(p=0.0))


def test_weights_are_one_where_there_are_none() -> None:
    fmt = FORMATS[3]
    z, t, ones = np.array(LOGITS), np.array([0.25, 0.25, 0.25]), np.ones(3)
    encodings = special("gradient", z, t, ones, ones, fmt)
    assert encodings.tolist() == [wanted("gradient", fmt, Point(x, 0.25, None, None)) for x in LOGITS]
