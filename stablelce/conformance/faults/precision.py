"""Too little precision on the way: a narrower type, a short polynomial, a second rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.conformance.faults.base import LOST, ROUNDING, Array
from stablelce.conformance.faults.planting import element, right
from stablelce.formats import find_format

__all__ = ["FAULTS"]

_MODE = "too little precision"
_loss, _sigmoid, _hessian = right("loss"), right("sigmoid"), right("hessian")


def _in_float32(z: Array, t: Array) -> Any:
    return np.asarray(_loss(z.astype(np.float32), t.astype(np.float32)))


def _exp_of_degree_five(x: npt.NDArray[np.float64]) -> Any:
    """exp by 2^n * p(r), |r| <= log(2)/2, with the Taylor polynomial of degree 5: wrong from 2^-18 on."""
    n = np.rint(x / np.log(2.0))
    r = x - n * np.log(2.0)
    p = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5))))
    return np.ldexp(p, n.astype(np.intc))


def _by_short_polynomial(z: Array, _t: Array) -> Any:
    e = _exp_of_degree_five(-np.abs(z.astype(np.float64)))
    return np.where(z < 0, e, 1) / (1 + e)


def _odds_in_bfloat16(z: Array, _t: Array) -> Any:
    e = np.exp(z)
    return e / (z.dtype.type(1) + e)


def _nine_units_off(z: Array, _t: Array) -> Any:
    fmt = find_format(z.dtype)
    return fmt.array(fmt.encodings(np.asarray(_sigmoid(z))) + fmt.uint.type(9))


def _polynomial_in_the_middle(z: Array, _t: Array) -> Any:
    """log_sigmoid by its Taylor polynomial at 0, log(1/2) + z/2 - z^2/8 + z^4/192."""
    return -np.log(2.0) + z / 2 - z * z / 8 + z**4 / 192


def _table_without_interpolation(z: Array, t: Array) -> Any:
    """log1p(exp(-|z|)) from the left end of its cell of width 0.3."""
    rest = np.log1p(np.exp(-0.3 * np.floor(np.abs(z) / 0.3)))
    return np.where(z > 0, 1 - t, t) * np.abs(z) + rest


def _rounded_twice(z: Array, t: Array) -> Any:
    """To float16 by way of eleven bits and one more, as a fused store after a wider one."""
    value = np.asarray(_loss(z.astype(np.float64), t.astype(np.float64)))
    significand, exponent = np.frexp(value)
    return np.ldexp(np.rint(np.ldexp(significand, 12)), exponent - 12)


def _slope_of_the_exponential(z: Array, _t: Array) -> Any:
    return np.asarray(_hessian(z, 0)) * (1 + 2.0**-20)


FAULTS = (
    element(
        "double that holds a single",
        "computed in float32, returned as float64",
        "loss",
        _in_float32,
        _MODE,
        "",
        (1.0, 0.0),
        {"accuracy": LOST},
        formats=("float64",),
        where=lambda z, _t: (np.abs(z) > 1e-3) & (np.abs(z) < 80),
    ),
    element(
        "exponential by a short polynomial",
        "exp(-|z|) = 2^n * p(r), p of degree 5",
        "sigmoid",
        _by_short_polynomial,
        _MODE,
        "tenstorrent/tt-metal/issues/53261",
        (-1.0, 0.0),
        {"accuracy": ROUNDING},
        formats=("float64", "float32"),
        where=lambda z, _t: (z < 0) & (z > -80),
    ),
    element(
        "sigmoid in bfloat16 arithmetic",
        "exp(z)/(1 + exp(z)), every step in bfloat16",
        "sigmoid",
        _odds_in_bfloat16,
        "absorption",
        "tensorflow/tensorflow/issues/123104",
        (5.75, 0.0),
        {"accuracy": ROUNDING},
        formats=("bfloat16",),
        where=lambda z, _t: (np.abs(z) < 80) & (np.abs(z) > 2.0**-4),
        profile="faithful",
    ),
    element(
        "compiled sigmoid",
        "nine units from the eager one",
        "sigmoid",
        _nine_units_off,
        _MODE,
        "pytorch/pytorch/pull/196032",
        (1.0, 0.0),
        {"accuracy": ROUNDING, "hard cases": ROUNDING},
        formats=("float64", "float32"),
        where=lambda z, _t: (np.abs(z) < 10) & (z != 0),
    ),
    element(
        "log_sigmoid by a polynomial in the middle",
        "log(1/2) + z/2 - z^2/8 + z^4/192 for |z| < 1",
        "log_sigmoid",
        _polynomial_in_the_middle,
        _MODE,
        "tenstorrent/tt-metal/issues/53787",
        (0.5, 0.0),
        {"accuracy": LOST},
        formats=("float64", "float32"),
        where=lambda z, _t: (np.abs(z) < 1) & (np.abs(z) > 0.25),
    ),
    element(
        "table without interpolation",
        "log1p(exp(-|z|)) from a table with cells of width 0.3",
        "loss",
        _table_without_interpolation,
        _MODE,
        "",
        (1.0, 0.0),
        {"accuracy": LOST, "convexity": "violates: convexity"},
        formats=("float64", "float32"),
        where=lambda z, _t: np.abs(z) < 30,
    ),
    element(
        "rounded twice to float16",
        "to 12 bits, then to the 11 of float16",
        "loss",
        _rounded_twice,
        "double rounding",
        "",
        (-1.005859375, 0.0),
        {"accuracy": ROUNDING},
        formats=("float16",),
        profile="correctly-rounded",
        where=lambda z, _t: np.abs(z) < 5,
    ),
    element(
        "second derivative with a short reciprocal",
        "e/(1+e)^2 with a reciprocal of 20 bits",
        "hessian",
        _slope_of_the_exponential,
        _MODE,
        "",
        (1.0, 0.0),
        {"accuracy": ROUNDING, "hard cases": ROUNDING},
        formats=("float64", "float32"),
    ),
)
