"""Subjects for the tests of the suite: a correctly rounded one, and faults made from it.

Every element is asked of the oracle on its own, so nothing can depend on its place, and remembered,
because the checks ask for the same points again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.conformance import audit, auditor, exhaustive16, runner
from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS, arrays, pair, weights
from stablelce.conformance.contract import INFINITE_LOGITS, Profile
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding, PointCheck
from stablelce.conformance.points import Budget
from stablelce.conformance.results import AuditResult, CheckResult
from stablelce.conformance.subjects.base import KEYWORDS, QUANTITIES, Subject
from stablelce.formats import FORMATS, Format, find_format
from stablelce.oracle import Expected

Array = npt.NDArray[Any]
Function = Callable[..., Any]

ALL_FORMATS = tuple(fmt.dtype_name for fmt in FORMATS)


def limit(quantity: str, fmt: Format, z: int, t: int) -> int:
    """The contract's value at an infinite logit."""
    one = fmt.round(Fraction(1))
    kind = "zero" if fmt.is_zero(t) else "one" if t == one else "soft"
    logit = -np.inf if fmt.is_negative(z) else np.inf
    row = next(
        r for r in INFINITE_LOGITS if (r.quantity, r.z) == (quantity, logit) and r.target in (kind, "any")
    )
    if isinstance(row.value, str):
        target = fmt.to_fraction(t)
        return fmt.round(1 - target if row.value == "1-t" else -target)
    sign = fmt.sign_bit if np.signbit(row.value) else 0
    if np.isinf(row.value):
        return fmt.infinity | sign
    return fmt.round(Fraction(row.value)) | sign


def weighted(fmt: Format, value: int, factor: Fraction) -> int:
    """A limit times a factor; an infinite one is 0 where it does not count."""
    if fmt.is_zero(value) or (fmt.is_infinite(value) and factor):
        return value
    return fmt.round((fmt.to_fraction(value) if factor else 0) * factor)


@cache
def rounded(quantity: str, fmt: Format, z: int, t: int, weight: int, pos_weight: int) -> int:
    """The encoding that the contract names, at encodings of the inputs."""
    if fmt.is_zero(weight):
        return 0
    if fmt.is_nan(z) or (fmt.is_nan(t) and quantity in ("loss", "gradient")):
        return fmt.nan
    v, p = fmt.to_fraction(weight), fmt.to_fraction(pos_weight)
    if fmt.is_infinite(z):
        # Of a hard target one term is left, which the weights multiply; a soft one is not asked with them.
        return weighted(fmt, limit(quantity, fmt, z, t), v * (p if t == fmt.round(Fraction(1)) else 1))
    point = fmt.to_fraction(z), fmt.to_fraction(t)
    return oracle.exact(quantity, *point, fmt, weight=v, pos_weight=p).encoding


def function(quantity: str) -> Function:
    """The correctly rounded function: arrays of any shape and layout in, a new array out."""
    if quantity == "loss_and_gradient":
        return lambda z, t: (function("loss")(z, t), function("gradient")(z, t))

    def compute(z: Array, t: Any = 0, *, weight: Any = 1, pos_weight: Any = 1) -> Array:
        fmt = find_format(z.dtype)
        operands = (np.asarray(operand, dtype=z.dtype) for operand in (z, t, weight, pos_weight))
        columns = [fmt.encodings(part) for part in np.broadcast_arrays(*operands)]
        rows = zip(*(column.ravel().tolist() for column in columns), strict=True)
        encodings = [rounded(quantity, fmt, *row) for row in rows]
        return fmt.array(np.array(encodings, dtype=fmt.uint).reshape(columns[0].shape))

    return compute


def subject(functions: Mapping[str, Function] | None = None, **attributes: Any) -> Subject:
    """The correctly rounded subject, with some functions replaced and attributes changed."""
    names = (*QUANTITIES, "loss_and_gradient")
    given = {
        "name": "correct",
        "functions": {name: function(name) for name in names} | dict(functions or {}),
        "formats": ALL_FORMATS,
        "keywords": frozenset(KEYWORDS),
    }
    return Subject(**(given | attributes))


def offering(functions: Mapping[str, Function], **attributes: Any) -> Subject:
    """A subject that offers these functions and no other."""
    return Subject(**({"name": "partial", "functions": functions, "formats": ALL_FORMATS} | attributes))


def fault(quantity: str, change: Callable[..., Any], **attributes: Any) -> Subject:
    """The correct subject with ``change(result, z, t)`` returned for one quantity."""
    right = function(quantity)

    def wrong(z: Array, t: Any = 0, **keywords: Any) -> Any:
        return change(right(z, t, **keywords), z, t)

    return subject({quantity: wrong}, **attributes)


def moved(steps: int) -> Callable[..., Array]:
    """A change that moves finite results along the floats, as far as there are finite ones."""

    def change(result: Array, _z: Array, _t: Any) -> Array:
        fmt = find_format(result.dtype)
        encodings = fmt.encodings(result)
        there = fmt.from_ordinals(np.clip(fmt.ordinals(encodings) + steps, -fmt.max_finite, fmt.max_finite))
        return fmt.array(np.where(np.isfinite(result), there, encodings))

    return change


def scaled(factor: float) -> Callable[..., Array]:
    """A change that multiplies results."""
    return lambda result, _z, _t: (result * factor).astype(result.dtype)


# -- judging ---------------------------------------------------------------------------------------


def few(quantity: str, target: int | None, fmt: Format) -> tuple[Any, Expected]:
    """A stand-in for the exhaustive tables: every 1021st finite encoding."""
    z = np.arange(0, 1 << 16, 1021).astype(fmt.uint)
    z = z[(z & fmt.uint.type(fmt.sign_bit - 1)) < fmt.infinity]
    t = None if target is None else fmt.encodings(np.full(z.shape, target).astype(fmt.dtype))
    return z, oracle.expected(quantity, z, t, fmt)


@contextmanager
def running_only(*names: str) -> Iterator[None]:
    """Audits that run these checks and no other, besides measuring the accuracy."""
    with (
        patch.object(auditor, "POINT_CHECKS", tuple(one for one in POINT_CHECKS if one.name in names)),
        patch.object(auditor, "ARRAY_CHECKS", tuple(one for one in ARRAY_CHECKS if one.name in names)),
    ):
        yield


def small_audit(judged: Any, *, points: int = 4, curve: int = 0, **arguments: Any) -> AuditResult:
    """An audit of the smoke tier with fewer points, so that the slow correct subject can take it."""
    plan = Budget(accuracy=points, relations=points, curve=curve)
    with (
        patch.object(runner, "budget", lambda _tier: plan),
        patch.object(exhaustive16, "table", few),
        patch.object(arrays, "LENGTHS", (1, 2, 3, 5, 8, 17, 33)),
        patch.object(arrays, "LARGE", (67,)),
        patch.object(pair, "SCREENED", 8),
        patch.object(weights, "_SCREENED", 6),
    ):
        return audit(judged, tier="smoke", **arguments)


def outcome(
    check: PointCheck,
    judged: Subject,
    quantity: str,
    fmt: Format,
    *,
    points: int = 24,
    **arguments: Any,
) -> CheckResult:
    """What is reported for one check of points alone."""
    with (
        patch.object(auditor, "POINT_CHECKS", (replace(check, quantities=(quantity,)),)),
        patch.object(auditor, "ARRAY_CHECKS", ()),
        patch.object(auditor, "measure", lambda *_: []),
    ):
        result = small_audit(judged, points=points, formats=[fmt.dtype_name], **arguments)
    return next(c for c in result.checks if (c.check, c.quantity) == (check.name, quantity))


def finding(
    check: ArrayCheck, judged: Subject, quantity: str, fmt: Format, profile: Profile = "accurate"
) -> Finding:
    """What one check of arrays finds, where it asks for less than it would of a fast subject."""
    with (
        patch.object(arrays, "LARGE", (1100,)),
        patch.object(exhaustive16, "table", few),
        patch.object(pair, "SCREENED", 8),
        patch.object(weights, "_SCREENED", 6),
    ):
        return check.judge(Run(judged, fmt, profile), quantity)
