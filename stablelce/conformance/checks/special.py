"""Infinite logits, the signs of zeros there, and NaN."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from stablelce.conformance.contract import INFINITE_LOGITS, InfiniteLogit
from stablelce.conformance.evaluation import COMMON_LENGTHS, Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES
from stablelce.formats import Format, UIntArray

__all__ = ["HARD_INFINITE", "NAN", "SIGNED_ZEROS", "SOFT_INFINITE", "limit"]

_SOFT = (0.25, 0.5, 0.75, 0.9, 2.0**-12, 1e-5)


def _encode(fmt: Format, value: float) -> int:
    if math.isinf(value):
        return fmt.infinity | (fmt.sign_bit if value < 0 else 0)
    if value == 0:
        return fmt.sign_bit if math.copysign(1, value) < 0 else 0
    m, d = value.as_integer_ratio()
    return fmt.round_dyadic(m, 1 - d.bit_length())


def _rows(fmt: Format, quantity: str, soft: bool) -> list[tuple[int, int, int]]:
    """Encodings (z, t, limit) from the contract, for hard or for soft targets."""
    rows = []
    for row in INFINITE_LOGITS:
        if row.quantity != quantity or (row.target == "soft") != soft:
            continue
        for t in _SOFT if row.target == "soft" else (1.0,) if row.target == "one" else (0.0,):
            target = _encode(fmt, t)
            rows.append((_encode(fmt, row.z), target, _limit(fmt, row, target)))
    return rows


def limit(fmt: Format, quantity: str, z: int, t: int) -> int:
    """The contract's value at an infinite logit or a NaN, as an encoding.

    Parameters
    ----------
    fmt : Format
        Of the encodings.
    quantity : str
        What is evaluated.
    z, t : int
        Encodings of the logit and the target; one of them is not finite.
    """
    uses_target = quantity in ("loss", "gradient")
    if fmt.is_nan(z) or (uses_target and fmt.is_nan(t)):
        return fmt.nan
    logit = -math.inf if fmt.is_negative(z) else math.inf
    kind = {0.0: "zero", 1.0: "one"}.get(float(fmt.array([t])[0]), "soft")
    row = next(
        row
        for row in INFINITE_LOGITS
        if (row.quantity, row.z) == (quantity, logit) and row.target in (kind, "any")
    )
    return _limit(fmt, row, t)


def _limit(fmt: Format, row: InfiniteLogit, target: int) -> int:
    if row.value == "1-t":
        return fmt.round(1 - fmt.to_fraction(target))
    if row.value == "-t":
        return fmt.round(-fmt.to_fraction(target))
    return _encode(fmt, row.value)


def _columns(fmt: Format, rows: list[tuple[int, int, int]]) -> tuple[UIntArray, UIntArray, UIntArray]:
    z, t, want = (np.array(column, dtype=fmt.uint) for column in zip(*rows, strict=True))
    return z, t, want


def _same_value(fmt: Format, got: int, want: int) -> bool:
    """Equal up to the sign of zero."""
    return got == want or (fmt.is_zero(got) and fmt.is_zero(want))


def _near(run: Run, got: int, want: int) -> bool:
    """Equal, or within the profile's bound of a finite limit that had to be rounded (1-t)."""
    fmt = run.fmt
    if _same_value(fmt, got, want) or not (fmt.is_finite(got) and fmt.is_finite(want)):
        return _same_value(fmt, got, want)
    return run.profile in ("accurate", "stable") and abs(fmt.ordinal(got) - fmt.ordinal(want)) <= run.bound


def _pieces(
    run: Run, quantity: str, z: UIntArray, t: UIntArray, *, alone: bool = True
) -> Iterator[tuple[int, int]]:
    """Places and results of the points together, over and over in longer arrays, and each alone.

    A loop that takes several elements at a time leaves what remains to another one, which may differ.
    """
    every = np.arange(z.size)
    lengths = COMMON_LENGTHS[1:3] if run.sparing else (z.size, 33, 37, 130)
    parts = [np.resize(every, length) for length in lengths]
    for part in parts + ([every[i : i + 1] for i in every] if alone else []):
        yield from zip(part.tolist(), run.evaluate(quantity, z[part], t[part]).tolist(), strict=True)


def _infinite(run: Run, quantity: str, soft: bool) -> Finding:
    rows = _rows(run.fmt, quantity, soft)
    if not rows or (soft and not run.subject.soft_targets):
        return Finding("not applicable", message="no soft target matters here")
    z, t, want = _columns(run.fmt, rows)
    for i, got in _pieces(run, quantity, z, t):
        if not _near(run, got, int(want[i])):
            mode = "NaN at infinity" if run.fmt.is_nan(got) else "wrong limit at infinity"
            return Finding("failed", len(rows), mode, "", (int(z[i]), int(t[i])), got, int(want[i]))
    return Finding("passed", len(rows))


def _hard(run: Run, quantity: str) -> Finding:
    return _infinite(run, quantity, soft=False)


def _soft(run: Run, quantity: str) -> Finding:
    return _infinite(run, quantity, soft=True)


def _signed_zeros(run: Run, quantity: str) -> Finding:
    rows = [row for row in _rows(run.fmt, quantity, soft=False) if run.fmt.is_zero(row[2])]
    if not rows:
        return Finding("not applicable", message="no limit is zero")
    z, t, want = _columns(run.fmt, rows)
    for i, got in _pieces(run, quantity, z, t):
        if run.fmt.is_zero(got) and got != want[i]:
            point = (int(z[i]), int(t[i]))
            return Finding("failed", len(rows), "wrong sign of zero", "", point, got, int(want[i]))
    return Finding("passed", len(rows))


def _nan_pairs(run: Run, quantity: str) -> list[tuple[int, int]]:
    """NaN in the logit, in the target where it matters, and in both, in every encoding of a quiet NaN."""
    fmt = run.fmt
    nan, one = fmt.nan, _encode(fmt, 1.0)
    nans = (nan, nan | fmt.sign_bit, nan | 1)
    if quantity in ONE_ARGUMENT or quantity == "hessian":
        return [(encoding, 0) for encoding in nans]
    soft = [_encode(fmt, t) for t in _SOFT] if run.subject.soft_targets else []
    finite = [0, one, fmt.max_finite, *(_encode(fmt, z) for z in (-3.0, 60.0, -60.0))]
    logits = [*finite, fmt.infinity, fmt.infinity | fmt.sign_bit, nan]
    return [*((nan, t) for t in (0, one, *soft)), *((z, nan) for z in logits), *((z, 0) for z in nans[1:])]


def _nan(run: Run, quantity: str) -> Finding:
    """NaN in either input gives NaN; the elements beside it keep their values."""
    fmt = run.fmt
    pairs = _nan_pairs(run, quantity)
    quiet = [(_encode(fmt, value), 0) for value in (-2.0, 0.5, 3.0)]
    alone = run.elementwise(quantity, *(np.array(c, dtype=fmt.uint) for c in zip(*quiet, strict=True)))
    mixed = [pair for nan_pair in pairs for pair in (quiet[0], nan_pair, quiet[1], quiet[2])]
    for rows in (mixed, pairs):
        z, t = (np.array(column, dtype=fmt.uint) for column in zip(*rows, strict=True))
        for i, got in _pieces(run, quantity, z, t, alone=rows is pairs):
            zi, ti = rows[i]
            is_nan_input = fmt.is_nan(zi) or fmt.is_nan(ti)
            if is_nan_input and not fmt.is_nan(got):
                return Finding("failed", len(mixed), "NaN swallowed", "", (zi, ti), got, fmt.nan)
            if not is_nan_input and fmt.is_nan(got):
                want = int(alone[quiet.index((zi, ti))])
                message = "a NaN elsewhere in the array turned this element into NaN"
                return Finding("failed", len(mixed), "NaN spread", message, (zi, ti), got, want)
    return Finding("passed", len(mixed))


HARD_INFINITE = ArrayCheck("infinite logits, hard targets", QUANTITIES, _hard)
SOFT_INFINITE = ArrayCheck("infinite logits, soft targets", ("loss", "gradient"), _soft)
SIGNED_ZEROS = ArrayCheck("signs of zeros at infinity", QUANTITIES, _signed_zeros)
NAN = ArrayCheck("NaN", QUANTITIES, _nan)
