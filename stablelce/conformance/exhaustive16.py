"""Expected results of binary16 and bfloat16 for every finite logit with hard targets, as package data.

Made and re-derived by the oracle; made again by ``python -m stablelce.conformance.exhaustive16``. Three
functions of z alone hold everything, by identities between exact values that rounding to nearest keeps::

    loss(z,0) = softplus(z)    gradient(z,0) = sigmoid(z)     log_sigmoid(z) = -softplus(-z)
    loss(z,1) = softplus(-z)   gradient(z,1) = -sigmoid(-z)

The offset (rounded - exact) is kept in 1/256 of a unit, rounded away from 0, so that its sign is exact;
errors read from these tables are therefore good to 1/256 of a unit, and verdicts by encoding are exact.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.formats import BFLOAT16, BINARY16, Format, UIntArray
from stablelce.oracle import Expected

__all__ = ["FUNCTIONS", "build", "finite_encodings", "table"]

FUNCTIONS = ("sigmoid", "softplus", "hessian")
_DATA = Path(__file__).with_name("data")
_STEPS = 256


def finite_encodings(fmt: Format) -> UIntArray:
    """Every finite encoding of a 16-bit format, -0 included, in the order of the integers."""
    encodings = np.arange(1 << 16, dtype=fmt.uint)
    finite: UIntArray = encodings[(encodings & (fmt.sign_bit - 1)) < fmt.infinity]
    return finite


def build(function: str, fmt: Format, z: UIntArray, using: str | None = None) -> npt.NDArray[np.uint16]:
    """Two rows for logits z: expected encodings, and quantised offsets as unsigned integers."""
    expected = oracle.expected(function, z, None, fmt, using)
    steps = np.sign(expected.sides) * np.ceil(np.abs(expected.offsets) * _STEPS)
    steps = np.where((steps == 0) & (expected.sides != 0), expected.sides, steps)
    return np.stack([expected.encodings, steps.astype(np.int16).view(np.uint16)])


@cache
def _rows(function: str, fmt: Format) -> npt.NDArray[np.uint16]:
    with np.load(_DATA / f"{fmt.name}.npz") as data:
        rows: npt.NDArray[np.uint16] = data[function]
    return rows


@cache
def table(quantity: str, target: int | None, fmt: Format) -> tuple[UIntArray, Expected]:
    """All finite logits of a 16-bit format and the expected results there.

    Parameters
    ----------
    quantity : str
        As in :func:`stablelce.oracle.exact`.
    target : {0, 1, None}
        The hard target of a loss or gradient; None for the others.
    fmt : Format
        ``BINARY16`` or ``BFLOAT16``.
    """
    z = finite_encodings(fmt)
    function = {"loss": "softplus", "log_sigmoid": "softplus", "gradient": "sigmoid"}.get(quantity, quantity)
    encodings, steps = _rows(function, fmt)
    if quantity == "log_sigmoid" or target == 1:  # the entry at -z
        mirrored = np.searchsorted(z, z ^ fmt.uint.type(fmt.sign_bit))
        encodings, steps = encodings[mirrored], steps[mirrored]
    offsets = steps.view(np.int16).astype(np.float64) / _STEPS
    if quantity == "log_sigmoid" or (quantity == "gradient" and target == 1):
        encodings, offsets = encodings ^ fmt.uint.type(fmt.sign_bit), -offsets
    sides = np.sign(offsets).astype(np.int8)
    return z, Expected(fmt, encodings, offsets, sides, _units(fmt, encodings, sides))


def _units(fmt: Format, encodings: UIntArray, sides: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """ulp(exact) from the rounded value: one less where it was rounded up onto a power of two."""
    magnitude = (encodings & fmt.uint.type(fmt.sign_bit - 1)).astype(np.int64)
    biased, trailing = magnitude >> (fmt.precision - 1), magnitude & (fmt.min_normal - 1)
    negative = (encodings & fmt.uint.type(fmt.sign_bit)) != 0
    rounded_up = np.where(negative, sides < 0, sides > 0)
    binade = np.maximum(biased, 1) - ((trailing == 0) & rounded_up & (biased > 1))
    units: npt.NDArray[np.int64] = fmt.quantum + binade - 1
    return units


def _main() -> None:
    _DATA.mkdir(exist_ok=True)
    for fmt in (BINARY16, BFLOAT16):
        sigmoid, softplus, hessian = (build(name, fmt, finite_encodings(fmt)) for name in FUNCTIONS)
        path = _DATA / f"{fmt.name}.npz"  # its zip entries carry no date
        np.savez_compressed(path, sigmoid=sigmoid, softplus=softplus, hessian=hessian)
        print(f"{fmt.name}: {len(finite_encodings(fmt))} logits")


if __name__ == "__main__":
    _main()
