"""Rare: one wrong encoding of a 16-bit format, a narrow window, one binary32 encoding in a million."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from stablelce.conformance.faults.base import LOST, ROUNDING, SUBNORMAL, Array, Fault
from stablelce.conformance.faults.planting import element, right
from stablelce.formats import find_format

__all__ = ["FAULTS"]

_MODE = "rare"


def _raised(quantity: str, factor: float) -> Callable[[Array, Array], Any]:
    good = right(quantity)
    return lambda z, t: np.asarray(good(z, t)).astype(np.float64) * factor


def _among_encodings(chosen: Callable[[Array], Any], dtype: str) -> Callable[[Array, Array], Any]:
    """A mask over logits from one over their encodings."""

    def where(z: Array, _t: Array) -> Any:
        fmt = find_format(dtype)
        return chosen(fmt.encodings(z.astype(fmt.dtype)))

    return where


def _scattered(bits: Array) -> Any:
    """One encoding in 2^20, far from every pattern: the top bits of a product (Fibonacci hashing)."""
    return (bits.astype(np.uint64) * np.uint64(2654435769) % np.uint64(1 << 32)) >> np.uint64(12) == 774433


def _scattered_near(bits: Array) -> Any:
    """The same for a stricter pattern: all low bits alike, in everyday logits of both signs."""
    size = bits & np.uint32(0x7FFFFFFF)
    return ((bits & np.uint32(0xFFFF)) == 0x5555) & (size > 0x3C000000) & (size < 0x42800000)


def _deep(fault: Fault) -> Fault:
    return replace(fault, tier="deep")


FAULTS = (
    element(
        "one encoding of float16",
        "wrong at z = 3.662109375 alone, t = 0",
        "loss",
        _raised("loss", 1.01),
        _MODE,
        "",
        (3.662109375, 0.0),
        {"accuracy": ROUNDING},
        formats=("float16",),
        where=lambda z, t: (z == 3.662109375) & (t == 0),
    ),
    element(
        "one encoding of float16 flushed",
        "0 at z = -13.328125 alone, where the sigmoid is subnormal",
        "sigmoid",
        lambda z, _t: np.zeros_like(z),
        _MODE,
        "",
        (-13.328125, 0.0),
        {"subnormals": SUBNORMAL},
        formats=("float16",),
        where=lambda z, _t: z == -13.328125,
    ),
    element(
        "one encoding of float16, t = 1",
        "wrong at z = -0.0001614093780517578 alone, t = 1",
        "gradient",
        _raised("gradient", 1.01),
        _MODE,
        "",
        (-0.0001614093780517578, 1.0),
        {"accuracy": ROUNDING},
        formats=("float16",),
        where=lambda z, t: (z == -0.0001614093780517578) & (t == 1),
    ),
    element(
        "one encoding of bfloat16",
        "wrong at z = -27.875 alone",
        "sigmoid",
        _raised("sigmoid", 1.125),
        _MODE,
        "",
        (-27.875, 0.0),
        {"accuracy": LOST},
        formats=("bfloat16",),
        where=lambda z, _t: z == -27.875,
    ),
    element(
        "last encoding of bfloat16",
        "wrong at the largest finite logit alone",
        "softplus",
        _raised("softplus", 0.9),
        _MODE,
        "",
        (3.3895313892515355e38, 0.0),
        {"accuracy": LOST},
        formats=("bfloat16",),
        where=lambda z, _t: z > 3.38e38,
    ),
    element(
        "narrow window of float64",
        "seven digits for 30.2 < z < 30.3",
        "sigmoid",
        _raised("sigmoid", 1 - 1e-7),
        _MODE,
        "",
        (30.25, 0.0),
        {"accuracy": LOST},
        formats=("float64",),
        where=lambda z, _t: (z > 30.2) & (z < 30.3),
    ),
    element(
        "narrow window of float32",
        "four digits for -7.31 < z < -7.3",
        "hessian",
        _raised("hessian", 1 + 1e-4),
        _MODE,
        "",
        (-7.305, 0.0),
        {"accuracy": ROUNDING},
        formats=("float32",),
        where=lambda z, _t: (z > -7.31) & (z < -7.3),
    ),
    element(
        "one binade of float32",
        "six digits for 2^-9 <= |z| < 2^-8",
        "loss",
        _raised("loss", 1 + 1e-6),
        _MODE,
        "",
        (0.003, 0.0),
        {"accuracy": ROUNDING},
        formats=("float32",),
        where=lambda z, t: (np.abs(z) >= 2.0**-9) & (np.abs(z) < 2.0**-8) & (t == 0),
    ),
    element(
        "five floats below a threshold",
        "the lower branch is taken up to 18 and the upper from five floats below",
        "softplus",
        _raised("softplus", 1 + 1e-6),
        _MODE,
        "",
        (17.999994277954102, 0.0),
        {"accuracy": ROUNDING},
        formats=("float32",),
        where=lambda z, _t: (z > 17.99999) & (z < 18),
    ),
    _deep(
        element(
            "one encoding in a million",
            "wrong where a hash of the encoding says so",
            "sigmoid",
            _raised("sigmoid", 1 + 1e-5),
            _MODE,
            "",
            (0.009118902496993542, 0.0),
            {"accuracy": ROUNDING},
            formats=("float32",),
            where=_among_encodings(_scattered, "float32"),
        )
    ),
    _deep(
        element(
            "one encoding in a million, by its low bits",
            "wrong where the low 16 bits are 0x5555, in everyday logits",
            "loss",
            _raised("loss", 1 + 1e-5),
            _MODE,
            "",
            (0.007832844741642475, 0.0),
            {"accuracy": ROUNDING},
            formats=("float32",),
            where=_among_encodings(_scattered_near, "float32"),
        )
    ),
)
