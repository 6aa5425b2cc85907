"""Expected results of binary16 and bfloat16 for every finite logit with hard targets, as package data.

Made and re-derived by the oracle; made again by ``python -m stablelce.conformance.exhaustive16``. Three
functions of z alone hold everything, by identities between exact values that rounding to nearest keeps::

    loss(z,0) = softplus(z)    gradient(z,0) = sigmoid(z)     log_sigmoid(z) = -softplus(-z)
    loss(z,1) = softplus(-z)   gradient(z,1) = -sigmoid(-z)

The offset (rounded - exact) is kept in 1/256 of a unit, rounded away from 0, so that its sign is exact and
it stays within 1/2. Errors read from these tables are therefore good to 1/256 of a unit, and what goes by
encodings (correctly rounded, faithful) is exact. Units follow from encodings and signs.

Beside the data stands how it was made (``exhaustive16.json``), with a hash over the sources it depends on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.conformance.provenance import provenance
from stablelce.formats import BFLOAT16, BINARY16, Format, UIntArray
from stablelce.oracle import Expected

__all__ = ["FUNCTIONS", "PROVENANCE", "build", "finite_encodings", "main", "sources", "table"]

FUNCTIONS = ("sigmoid", "softplus", "hessian")
_PACKAGE = Path(__file__).resolve().parents[1]
_DATA = Path(__file__).with_name("data")
PROVENANCE = _DATA / "exhaustive16.json"
_STEPS = 256


def finite_encodings(fmt: Format) -> UIntArray:
    """Every finite encoding of a 16-bit format, -0 included, in the order of the integers."""
    encodings = np.arange(1 << 16, dtype=fmt.uint)
    finite: UIntArray = encodings[(encodings & (fmt.sign_bit - 1)) < fmt.infinity]
    return finite


def build(function: str, fmt: Format, z: UIntArray, using: str | None = None) -> npt.NDArray[np.uint16]:
    """Two rows for logits z: expected encodings, and quantised offsets as unsigned integers."""
    expected = oracle.expected(function, z, None, fmt, using)
    # An offset may be too small for a float, so at least one step where the side is not 0.
    steps = expected.sides * np.maximum(np.ceil(np.abs(expected.offsets) * _STEPS), 1)
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
    mirrored = quantity == "log_sigmoid" or (quantity in ("loss", "gradient") and target == 1)
    negated = quantity == "log_sigmoid" or (quantity == "gradient" and target == 1)
    function = {"loss": "softplus", "log_sigmoid": "softplus", "gradient": "sigmoid"}.get(quantity, quantity)
    z = finite_encodings(fmt)
    encodings, steps = _rows(function, fmt)
    if mirrored:
        entry = np.searchsorted(z, z ^ fmt.uint.type(fmt.sign_bit))
        encodings, steps = encodings[entry], steps[entry]
    offsets = steps.view(np.int16).astype(np.float64) / _STEPS
    if negated:
        encodings, offsets = encodings ^ fmt.uint.type(fmt.sign_bit), -offsets
    sides = np.sign(offsets).astype(np.int8)
    units = _units(fmt, encodings, sides)
    for array in (z, encodings, offsets, sides, units):
        array.flags.writeable = False  # the table is kept, and shared by all who ask
    return z, Expected(fmt, encodings, offsets, sides, units)


def _units(fmt: Format, encodings: UIntArray, sides: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """ulp(exact) from the rounded value: one less where it was rounded up onto a power of two."""
    magnitude = (encodings & fmt.uint.type(fmt.sign_bit - 1)).astype(np.int64)
    biased, trailing = magnitude >> (fmt.precision - 1), magnitude & (fmt.min_normal - 1)
    negative = (encodings & fmt.uint.type(fmt.sign_bit)) != 0
    rounded_up = np.where(negative, sides < 0, sides > 0)
    binade = np.maximum(biased, 1) - ((trailing == 0) & rounded_up & (biased > 1))
    units: npt.NDArray[np.int64] = fmt.quantum + binade - 1
    return units


def sources() -> tuple[str, ...]:
    """The files that the tables depend on, relative to the package, sorted."""
    oracle_files = (path.relative_to(_PACKAGE).as_posix() for path in (_PACKAGE / "oracle").glob("*.py"))
    return tuple(sorted(("conformance/exhaustive16.py", "formats.py", "ulp.py", *oracle_files)))


def main(folder: Path = _DATA) -> None:
    """Make the tables and their provenance; the same sources and libraries give the same bytes."""
    folder.mkdir(exist_ok=True)
    for fmt in (BINARY16, BFLOAT16):
        sigmoid, softplus, hessian = (build(name, fmt, finite_encodings(fmt)) for name in FUNCTIONS)
        path = folder / f"{fmt.name}.npz"  # its zip entries carry no date
        np.savez_compressed(path, sigmoid=sigmoid, softplus=softplus, hessian=hessian)
        print(f"{fmt.name}: {len(finite_encodings(fmt))} logits, {path.stat().st_size} bytes")
    made = provenance("python -m stablelce.conformance.exhaustive16", ("numpy", "python-flint"), sources())
    (folder / PROVENANCE.name).write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
