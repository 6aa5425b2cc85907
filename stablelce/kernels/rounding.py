"""Blocks to binary64, exactly, and from binary64 to a format, rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import BFLOAT16, BINARY64, Format, find_format

__all__ = [
    "Block",
    "Doubles",
    "Encodings",
    "Mask",
    "Rounded",
    "agree",
    "convert",
    "encode",
    "narrow",
    "widen",
]

Block = npt.NDArray[Any]
"""One-dimensional, of any real dtype."""

Doubles = npt.NDArray[np.float64]
"""A contiguous binary64 block."""


Encodings = npt.NDArray[np.unsignedinteger[Any]]

Mask = npt.NDArray[np.bool_]

Rounded = tuple[Encodings, Mask]
"""Encodings of results, and where they are decided."""


def widen(block: Block) -> Doubles:
    """The same values in binary64, contiguous; exact for the four formats.

    Contiguous, because NumPy may compute strided arrays by other code with other roundings.
    """
    if block.dtype.name == BFLOAT16.dtype_name:  # the upper half of a binary32 encoding
        block = (block.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
    return np.ascontiguousarray(block, dtype=np.float64)


def encode(values: Doubles, fmt: Format) -> Encodings:
    """Binary64 values rounded to a format, as encodings."""
    block = np.empty(values.shape, fmt.dtype)
    narrow(values, fmt, block)
    bits: Encodings = block.view(fmt.uint)
    return bits


def narrow(values: Doubles, fmt: Format, out: Block) -> None:
    """Round binary64 values to a format, ties to even, and write them to ``out`` of its dtype.

    Every NaN becomes the positive quiet NaN with zero payload. NumPy's own conversions to binary32 and
    binary16 round once. The one of ml_dtypes to bfloat16 goes through binary32 and rounds twice
    (1 + 2^-8 + 2^-40 gives 1, the nearest is 1 + 2^-7), so it is not used.
    """
    encodings = out.view(fmt.uint)
    if fmt == BFLOAT16:
        encodings[...] = _bfloat16_encodings(values)
    else:
        out[...] = values
    encodings[np.isnan(values)] = fmt.nan


def agree(high: Doubles, low: Doubles | float, bound: Doubles, fmt: Format) -> Rounded:
    """Values within ``bound`` of high + low, rounded where both ends of that interval round alike.

    The bound covers the rounding of low - bound and low + bound as well.
    """
    if fmt == BINARY64:
        lower, upper = high + (low - bound), high + (low + bound)
        return lower.view(np.uint64), lower == upper
    # The ends are rounded to binary64 first: 2^-51 of the value takes them outward by more.
    bound = bound + 2.0**-51 * np.abs(high)
    ends = np.empty((2, len(high)), fmt.dtype)
    narrow(high + (low - bound), fmt, ends[0])
    narrow(high + (low + bound), fmt, ends[1])
    encodings = ends.view(fmt.uint)
    return encodings[0], encodings[0] == encodings[1]


def convert(block: Block, dtype: np.dtype[Any]) -> Block:
    """A real block of any dtype as ``dtype``, one of the four formats, each element rounded once."""
    if block.dtype == dtype:
        return block
    fmt = find_format(dtype)
    if block.dtype.kind in "iu" and fmt != BINARY64:
        block = _integers_to_odd(block)
    result = np.empty(block.shape, dtype)
    narrow(widen(block), fmt, result)
    return result


def _bfloat16_encodings(values: Doubles) -> npt.NDArray[np.uint16]:
    """Binary64 to binary32 by rounding to odd, then to bfloat16 by rounding to nearest, ties to even.

    Rounding to odd (truncate; make the last bit 1 if anything was cut off) with at least two extra
    bits keeps the second rounding equal to a single one: S. Boldo, G. Melquiond, *Emulation of FMA and
    correctly rounded sums*, IEEE Trans. Computers 57 (2008).
    """
    nearest = values.astype(np.float32)
    bits = nearest.view(np.uint32)
    back = nearest.astype(np.float64)
    bits = bits - (np.abs(back) > np.abs(values)).astype(np.uint32)  # a step down in magnitude
    bits |= (back != values).astype(np.uint32)
    half_less_one = np.uint32(0x7FFF)
    lowest_kept = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + half_less_one + lowest_kept) >> np.uint32(16)).astype(np.uint16)


def _integers_to_odd(block: Block) -> Block:
    """Integers with at most 53 significant bits that round to every narrower format as the given ones."""
    cut = block.dtype.type(0x7FF) if block.dtype.itemsize == 8 else block.dtype.type(0)
    large = (block >= block.dtype.type(1) << block.dtype.type(53)) if cut else np.zeros(block.shape, bool)
    odd = (block | (cut + block.dtype.type(1))) & ~cut
    return np.where(large & ((block & cut) != 0), odd, block)
