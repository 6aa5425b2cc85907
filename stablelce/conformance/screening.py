"""Many more inputs than the oracle could judge: binary64 arithmetic picks the suspects, the oracle decides.

A suspect is an input at which a result differs from the estimate (estimates.py) by more than the profile
allows, less what the estimate itself may be off. Nobody is accused here: the check that asked judges each
suspect by the oracle. So a bad estimate can only hide a fault, never make one up; and what it can hide is an
error of less than three units in binary64.

Every finite encoding of the 16-bit formats is looked at, with both hard targets, against the tables of
exhaustive16.py; elsewhere logits come evenly spaced in asinh(z), evenly over encodings, and around every
anchor (region_maps.py) at float distances 0, 1, 2, 4, ... on both sides. A few soft targets meet all of
these; many more meet one logit each, in pairs. The deep tier looks at 2^24 encodings of binary32 for each
target, one of each 255 (an odd stride, so that low bits take all values).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stablelce.conformance import exhaustive16
from stablelce.conformance.estimates import estimate
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.points import Budget
from stablelce.conformance.regions import anchors
from stablelce.conformance.subjects.base import ONE_ARGUMENT
from stablelce.formats import BINARY32, BINARY64, Format, UIntArray

__all__ = ["Suspects", "logits", "pairs", "suspects"]

MOST = 24
"""Suspects that the oracle gets per array, those with the largest difference first."""

SOFT = (0.5, 0.25, 0.9, 1e-3, 2.0**-30, 1.0 - 2.0**-20)
STRIDE = 255
PIECE = 1 << 18

_ESTIMATE_OFF = {BINARY64: 3.0}
"""By how many units an estimate may be off; a thousandth of a unit in formats narrower than binary64."""


class Suspects(NamedTuple):
    """Inputs for the oracle, and how many were looked at to find them.

    Results of 0 for a subnormal are no suspects of the accuracy: they stand apart, in ``flushed`` (logits
    and targets), with the number of results that should have been subnormal.
    """

    z: UIntArray
    t: UIntArray
    looked_at: int
    flushed: tuple[UIntArray, UIntArray]
    subnormal: int = 0


def suspects(run: Run, quantity: str, plan: Budget, seed: int) -> Iterator[Suspects]:
    """Arrays of suspects for one quantity of a subject.

    A subject that raises, or returns no proper array, gets its inputs back as suspects: the check that
    evaluates them again will see it.
    """
    fmt = run.fmt
    alone = quantity in ONE_ARGUMENT or quantity == "hessian"
    targets: list[float] = [0.0] if alone else [0.0, 1.0]
    if fmt.width == 16:
        for target in targets:
            yield _against_table(run, quantity, None if alone else int(target))
    else:
        for target in targets:
            yield _screened(run, quantity, *_paired(fmt, logits(fmt, plan.screen, seed), target))
    if not alone:
        z = logits(fmt, plan.screen // len(SOFT), seed + 1)
        # And a subnormal one, which counts where a logit is large and exp(-|z|) is 0.
        soft = (*SOFT, float(fmt.to_fraction(fmt.min_normal // 3))) if run.subject.soft_targets else ()
        for target in (-0.0, *soft):
            yield _screened(run, quantity, *_paired(fmt, z, target))
        if soft:
            yield _screened(run, quantity, *pairs(fmt, plan.screen, seed))
    if plan.strided and fmt is BINARY32:
        for target in targets:
            for z in _strided(plan.strided):
                yield _screened(run, quantity, *_paired(fmt, z, target))


# -- which inputs ----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def logits(fmt: Format, count: int, seed: int) -> UIntArray:
    """About ``count`` finite logits: half evenly in asinh(z), half over encodings; then those at anchors.

    Last come the multiples of 1/2 up to 100, which are what people try, and both zeros.
    """
    rng = np.random.default_rng([seed, fmt.precision, 1])
    half = max(count // 2, 1)
    reach = math.asinh((4 - fmt.quantum) * math.log(2.0))
    # One in each cell, anywhere in it: no gap is wider than two cells, and no pattern is the logits' own.
    cells = (np.arange(half) + rng.random(half)) / half
    even = np.sinh(reach * (2.0 * cells - 1.0))
    with np.errstate(all="ignore"):
        spread = fmt.encodings(even.astype(fmt.dtype))
    places = (((np.arange(half) + rng.random(half)) / half * 2 - 1) * float(fmt.max_finite)).astype(np.int64)
    steps = np.array([0, *(sign << k for k in range(fmt.precision - 3) for sign in (1, -1))], dtype=np.int64)
    near = [fmt.ordinal(fmt.round(Fraction(anchor))) for anchor in anchors(fmt)]
    at_anchors = (np.array(near, dtype=np.int64)[:, None] + steps).ravel()
    ordinals = np.concatenate([places, at_anchors, -at_anchors])
    ordinals = np.clip(ordinals, -fmt.max_finite, fmt.max_finite)
    halves = np.arange(201) / 2
    everyday = fmt.encodings(np.concatenate([halves, -halves]).astype(fmt.dtype))
    found: UIntArray = np.unique(np.concatenate([spread, fmt.from_ordinals(ordinals), everyday]))
    found = found[(found & fmt.uint.type(fmt.sign_bit - 1)) < fmt.infinity]
    found.flags.writeable = False
    return found


@lru_cache(maxsize=16)
def pairs(fmt: Format, count: int, seed: int) -> tuple[UIntArray, UIntArray]:
    """``count`` logits, each with a soft target of its own that has nothing to do with it.

    Of eight logits five are those above, two lie in [-20, 20] and one in [-5, 5]; one in 64 is a zero of
    either sign. Of eight targets four are spread over values, or are multiples of 1/100 and 1/60 (labels
    smoothed and averaged); two lie close to 0 and one close to 1, evenly in the logarithm; the last are
    spread over the encodings, subnormal ones among them.
    """
    rng = np.random.default_rng([seed, fmt.precision, 2])
    n = max(count // 8, 1)
    u = rng.random((8, n))
    p, one = fmt.precision, fmt.round(Fraction(1))
    values = [u[0], u[1], np.rint(u[2] * 100) / 100, np.rint(u[3] * 60) / 60]
    values += [np.exp2(fmt.quantum * u[4]), np.exp2(-2 * p * u[5]), 1 - np.exp2(-(p + 1) * u[6])]
    near = (2 * rng.random(3 * n) - 1) * np.repeat([20.0, 20.0, 5.0], n)
    with np.errstate(all="ignore"):
        soft = fmt.encodings(np.concatenate(values).astype(fmt.dtype))
        moderate = fmt.encodings(near.astype(fmt.dtype))
    anywhere = np.resize(rng.permutation(logits(fmt, 4 * n, seed + 2)), 5 * n)
    z = np.concatenate([anywhere, moderate])
    zeros = max(n // 8, 2)
    z[:zeros] = np.resize(np.array([0, fmt.sign_bit], dtype=fmt.uint), zeros)
    t = rng.permutation(np.concatenate([soft, np.rint(u[7] * one).astype(fmt.uint)]))
    z.flags.writeable = t.flags.writeable = False
    return z, t


def _paired(fmt: Format, z: UIntArray, target: float) -> tuple[UIntArray, UIntArray]:
    sign = fmt.sign_bit if math.copysign(1.0, target) < 0 else 0
    t: UIntArray = np.full(z.shape, fmt.round(abs(Fraction(target))) | sign, dtype=fmt.uint)
    return z, t


def _strided(count: int) -> Iterator[UIntArray]:
    """``count`` encodings of binary32, evenly over all, in pieces."""
    stride = max((1 << 32) // count - 1, 1) | 1
    for first in range(0, 1 << 32, stride * PIECE):
        z = np.arange(first, min(first + stride * PIECE, 1 << 32), stride, dtype=np.uint64).astype(np.uint32)
        yield z[(z & np.uint32(0x7FFFFFFF)) < BINARY32.infinity]


# -- which of them are suspects ---------------------------------------------------------------------


def _against_table(run: Run, quantity: str, target: int | None) -> Suspects:
    """Every encoding of a 16-bit format, by the table that the oracle made."""
    fmt = run.fmt
    z, expected = exhaustive16.table(quantity, target, fmt)
    t = _paired(fmt, z, float(target or 0))[1]
    try:
        got = run.elementwise(quantity, z, t)
    except SubjectProblem:
        return Suspects(z, t, 0, (z[:0], t[:0]))
    if run.profile == "correctly-rounded":
        differs = np.where(got == expected.encodings, 0.0, expected.errors(got))
    elif run.profile == "faithful":
        differs = np.where(expected.is_faithful(got), 0.0, expected.errors(got))
    else:
        errors = expected.errors(got)
        differs = np.where(errors > run.bound, errors, 0.0)
    return _worst(run, z, t, got, differs, expected.encodings)


def _screened(run: Run, quantity: str, z: UIntArray, t: UIntArray) -> Suspects:
    fmt = run.fmt
    try:
        got = run.elementwise(quantity, z, t)
    except SubjectProblem:
        return Suspects(z, t, 0, (z[:0], t[:0]))
    logits64, targets64 = (fmt.array(part).astype(np.float64) for part in (z, t))
    value = estimate(quantity, logits64, targets64)
    with np.errstate(all="ignore"):
        result = fmt.array(got).astype(np.float64)
        unit = _unit(fmt, quantity, value, logits64, targets64)
        # Halved, because the difference of two large numbers may overflow.
        off = np.abs(result / 2 - value / 2) / unit * 2
        off = np.where(np.isfinite(result), off, np.inf)
        allowed = max(run.bound - _ESTIMATE_OFF.get(fmt, 1e-3), 0.0)
        rounded = fmt.encodings(value.astype(fmt.dtype))
    return _worst(run, z, t, got, np.where(off > allowed, off, 0.0), rounded)


def _worst(
    run: Run, z: UIntArray, t: UIntArray, got: UIntArray, differs: npt.NDArray[Any], rounded: UIntArray
) -> Suspects:
    """The largest differences, those apart that are a 0 for a subnormal: the business of another check."""
    fmt = run.fmt
    magnitude = fmt.uint.type(fmt.sign_bit - 1)
    subnormal = ((rounded & magnitude) > 0) & ((rounded & magnitude) < fmt.min_normal)
    zero = subnormal & ((got & magnitude) == 0)
    found, flushed = (_largest(differs, (differs > 0) & kind) for kind in (~zero, zero))
    return Suspects(z[found], t[found], z.size, (z[flushed], t[flushed]), int(np.count_nonzero(subnormal)))


def _largest(differs: npt.NDArray[Any], among: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    found = np.flatnonzero(among)
    return found[np.argsort(-differs[found], kind="stable")[:MOST]] if found.size > MOST else found


def _unit(
    fmt: Format,
    quantity: str,
    value: npt.NDArray[np.float64],
    z: npt.NDArray[np.float64],
    t: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The unit of the contract, of the estimate in place of the exact value."""
    size = np.abs(value)
    if quantity == "gradient":
        y, complement = estimate("sigmoid", z), estimate("sigmoid", -z)
        size = np.minimum(np.maximum(y, t), np.maximum(complement, 1.0 - t))
    exponent = np.maximum(np.frexp(size)[1] - 1, fmt.emin) - fmt.precision + 1
    exponent = np.where(size > 0, exponent, fmt.quantum)
    return np.ldexp(1.0, np.maximum(exponent, -1074).astype(np.intc))
