"""weight and pos_weight, for subjects that declare them: what scales, what stays, what is masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stablelce import oracle
from stablelce.conformance.checks.accuracy import failure_mode
from stablelce.conformance.estimates import estimate
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.conformance.screening import logits, pairs
from stablelce.conformance.subjects.base import KEYWORDS
from stablelce.formats import Format, UIntArray
from stablelce.ulp import ulp_exponent

__all__ = ["NOT_MASKED", "WEIGHTS"]

_LOGITS = (-800.0, -120.0, -30.0, -8.0, -1.5, -0.25, 0.0, 0.75, 2.0, 9.0, 25.0, 40.0, 120.0, 800.0)
_WEIGHTS = (1.0, 0.5, 3.0, 0.7, 10.0)
_SOFT = (0.5, 0.9, 2.0**-12)
_SCREENED = 400
_SHAPES = ((4, 6), (10_007,))
"""Shapes of logits, targets and weights: with rows, and too long for a block of most implementations."""

NOT_MASKED = "weight 0 does not mask"


@dataclass(frozen=True)
class _Call:
    """Points and weights of one call, all of one length, and the shape in which they are passed.

    ``scale`` is the shape of the weights where one number is passed for all elements.
    """

    z: UIntArray
    t: UIntArray
    weights: dict[str, UIntArray]
    screened: bool = False
    shape: tuple[int, ...] | None = None
    scale: tuple[int, ...] | None = None

    @property
    def keywords(self) -> str:
        return " and ".join(self.weights)


def _weights(run: Run, quantity: str) -> Finding:
    """Hard and soft targets under weights alone, together, alike and different, by the oracle's values.

    A few logits are judged point by point; of many more those where binary64 arithmetic disagrees.
    """
    keywords = tuple(sorted(run.subject.keywords))
    if not keywords:
        return Finding("not applicable", message="the subject declares no weight keyword")
    tried = 0
    for call in _calls(run, keywords):
        got = _evaluate(run, quantity, call)
        chosen = _suspects(run, quantity, call, got) if call.screened else range(len(got))
        tried += len(got)
        finding = _compare(run, quantity, call, got, chosen, tried)
        finding = finding or _limits(run, quantity, call, got, tried)
        if finding is not None:
            return finding
    return Finding("passed", tried)


def _evaluate(run: Run, quantity: str, call: _Call) -> UIntArray:
    fmt, shape = run.fmt, call.shape or call.z.shape
    weights = {
        name: fmt.array(part.reshape(shape) if call.scale is None else part[:1].reshape(call.scale)).copy()
        for name, part in call.weights.items()
    }
    z, t = (fmt.array(part).reshape(shape).copy() for part in (call.z, call.t))
    return fmt.encodings(run.array(quantity, run.call(quantity, z, t, **weights), shape)).ravel()


# -- which calls -----------------------------------------------------------------------------------


def _calls(run: Run, keywords: tuple[str, ...]) -> Iterator[_Call]:
    """Few points, to be judged one by one; elements to mask; arrays of other shapes; many points."""
    fmt = run.fmt
    few = _encode(fmt, list(_LOGITS))
    targets = _encode(fmt, [0.0, 1.0, *(_SOFT if run.subject.soft_targets else ())])
    points = np.repeat(few, len(targets)), np.tile(targets, len(few))
    constants = _encode(fmt, list(_WEIGHTS))
    yield from _weighted(points, constants, keywords, screened=False)
    yield from _masked(run, keywords)
    every = np.unique(np.concatenate([constants, _extreme(fmt)]))
    for name in keywords:
        for scale in ((), (1,)):
            yield _Call(*points, {name: np.full(points[0].shape, constants[2], fmt.uint)}, True, scale=scale)
        for shape in _SHAPES:
            z, t, weights = (np.resize(part, np.prod(shape)) for part in (*points, np.roll(constants, 1)))
            yield _Call(z, t, {name: weights}, True, shape)
    many = logits(fmt, _SCREENED, 0)
    many = many[:: -(-many.size // _SCREENED)]
    z, t = np.repeat(many, 2), np.tile(targets[:2], many.size)
    if run.subject.soft_targets:
        soft = pairs(fmt, 3 * _SCREENED, 0)
        z, t = np.concatenate([z, soft[0]]), np.concatenate([t, soft[1]])
    yield from _weighted((z, t), every, keywords, screened=True)


def _extreme(fmt: Format) -> UIntArray:
    """0, a small and a large weight, and two that take many results out of the normal range."""
    least = 3 * fmt.to_fraction(fmt.min_normal)
    large = Fraction(3, 2) * 2 ** (fmt.emax // 2)
    values = [Fraction(0), least, max(least, Fraction(1, 1 << 20)), Fraction(1000), large]
    return np.array([fmt.round(value) for value in values], dtype=fmt.uint)


def _weighted(
    points: tuple[UIntArray, UIntArray], constants: UIntArray, keywords: tuple[str, ...], *, screened: bool
) -> Iterator[_Call]:
    """Each constant for all points, and then from place to place another one."""
    places, n = np.arange(points[0].size), constants.size
    # One step more after each n, so that targets that repeat meet all of them.
    turning = places + places // n
    for name in keywords:
        for constant in constants:
            yield _Call(*points, {name: np.full(places.size, constant, constants.dtype)}, screened)
        yield _Call(*points, {name: constants[turning % n]}, screened)
    if len(keywords) > 1:
        steps = (places, places // n + 2 * places + 1)
        both = {name: constants[step % n] for name, step in zip(keywords, steps, strict=True)}
        yield _Call(*points, both, screened)


def _masked(run: Run, keywords: tuple[str, ...]) -> Iterator[_Call]:
    """Infinities, NaN and zeros of both signs, with weights of 0 among others."""
    fmt = run.fmt
    sign, one = fmt.sign_bit, fmt.round(Fraction(1))
    given = [fmt.infinity, fmt.infinity | sign, fmt.nan, 0, sign, one, fmt.max_finite, fmt.max_finite | sign]
    z = np.repeat(np.array(given, dtype=fmt.uint), 2)
    t = np.tile(_encode(fmt, [0.0, 1.0]), len(given))
    first, second = _encode(fmt, [0.0, 0.5, 0.0, 1.0]), _encode(fmt, [3.0, 0.0, 1.0])
    # Of 4 and 3 weights, in blocks of all elements, every pair meets every element.
    z, t, blocks = np.tile(z, 12), np.tile(t, 12), np.repeat(np.arange(12), z.size)
    for name in keywords:
        yield _Call(z, t, {name: first[blocks % 4]}, True)
    if len(keywords) > 1:
        pos_weight, weight = second[blocks % 3], first[blocks % 4]
        yield _Call(z, t, {"pos_weight": pos_weight, "weight": weight}, True)


# -- judging ---------------------------------------------------------------------------------------


def _suspects(run: Run, quantity: str, call: _Call, got: UIntArray) -> Sequence[int]:
    """Where a result is further from the estimate than the profile and the estimate allow together."""
    fmt = run.fmt
    wide = {name: fmt.array(part).astype(np.float64) for name, part in call.weights.items()}
    z, t = (fmt.array(part).astype(np.float64) for part in (call.z, call.t))
    value = estimate(quantity, z, t, wide.get("weight"), wide.get("pos_weight"))
    with np.errstate(all="ignore"):
        want = fmt.encodings(value.astype(fmt.dtype))
    distance = np.abs(fmt.ordinals(got) - fmt.ordinals(want)).astype(np.float64)
    distance[~np.isfinite(fmt.array(got).astype(np.float64)) & (got != want)] = np.inf
    distance[~np.isfinite(z)] = 0  # for those there are limits
    if quantity == "gradient":  # near its zero a soft target's gradient cancels: the oracle knows the unit
        p = wide.get("pos_weight", 1.0)
        with np.errstate(all="ignore"):
            larger = np.maximum(
                np.where(z > 0, 1 - t, p * t), estimate("sigmoid", -np.abs(z)) * (1 - t + p * t)
            )
            distance[(t > 0) & (t < 1) & (np.abs(value) < 2.0**-3 * wide.get("weight", 1.0) * larger)] = 0
    found = np.flatnonzero(distance > max(run.bound, 1.0))
    worst: list[int] = found[np.argsort(-distance[found], kind="stable")[:8]].tolist()
    return worst


def _encode(fmt: Format, values: list[float]) -> UIntArray:
    return np.array([fmt.round(Fraction(value)) for value in values], dtype=fmt.uint)


def _compare(
    run: Run, quantity: str, call: _Call, got: UIntArray, chosen: Sequence[int], tried: int
) -> Finding | None:
    """The wrong one of the chosen elements with the largest error, if any."""
    fmt = run.fmt
    worst: tuple[float, int, int] | None = None
    for i in chosen:
        z, t = fmt.to_fraction(int(call.z[i])), fmt.to_fraction(int(call.t[i]))
        scale = {name: fmt.to_fraction(int(part[i])) for name, part in call.weights.items()}
        v, p = (scale.get(name, Fraction(1)) for name in KEYWORDS)
        exact = oracle.exact(quantity, z, t, fmt, weight=v, pos_weight=p)
        unit = _gradient_unit(fmt, z, t, scale) if quantity == "gradient" and 0 < t < 1 else None
        error = exact.error(int(got[i]), unit)
        right = error <= run.bound
        flushed = fmt.is_zero(int(got[i])) and fmt.is_subnormal(exact.encoding)
        if run.profile == "correctly-rounded":
            right = int(got[i]) == exact.encoding
        elif run.profile == "faithful":
            right = error < 1  # the two floats around a value are less than an ulp from it
        if not right and not (flushed and run.allow_ftz) and (worst is None or error > worst[0]):
            worst = error, i, exact.encoding
    if worst is None:
        return None
    error, i, want = worst
    mode = f"{call.keywords}: {failure_mode(fmt, int(got[i]), want, error)}"
    if "weight" in call.weights and fmt.is_zero(int(call.weights["weight"][i])):
        mode = NOT_MASKED
    given = (f"{name}={float(fmt.to_fraction(int(part[i])))!r}" for name, part in call.weights.items())
    shape = call.scale if call.scale is not None else call.shape
    form = "" if shape is None else f" in an array of shape {shape}"
    message = f"with {' and '.join(given)}{form}: {error:.3g} units"
    return Finding("failed", tried, mode, message, (int(call.z[i]), int(call.t[i])), int(got[i]), want)


def _gradient_unit(fmt: Format, z: Fraction, t: Fraction, scale: dict[str, Fraction]) -> int:
    """The exponent of the ulp of the larger of the two terms that a soft target's gradient subtracts.

    v*y*q - v*p*t with q = 1-t + p*t for z <= 0, and v*(1-t) - v*(1-y)*q beyond: each term carries its own
    rounding, and the unit without weights is the same one but for a factor of 2.
    """
    p, v = scale.get("pos_weight", Fraction(1)), scale.get("weight", Fraction(1))
    tail = Fraction(float(estimate("sigmoid", -float(abs(z)))))
    term = (1 - t if z > 0 else p * t) * v
    larger = max(term, tail * (1 - t + p * t) * v)
    return ulp_exponent(larger, fmt)


def _limits(run: Run, quantity: str, call: _Call, got: UIntArray, tried: int) -> Finding | None:
    """Weight 0 gives 0 whatever the element; otherwise NaN stays, and an infinite logit gives the limit."""
    fmt = run.fmt
    for i in np.flatnonzero((call.z & fmt.uint.type(fmt.sign_bit - 1)) >= fmt.infinity):
        z, t, result = int(call.z[i]), int(call.t[i]), int(got[i])
        v, p = (
            fmt.to_fraction(int(call.weights[name][i])) if name in call.weights else Fraction(1)
            for name in KEYWORDS
        )
        mode, want = NOT_MASKED, 0
        if v and fmt.is_nan(z):
            mode, want = f"{call.keywords}: NaN does not propagate", fmt.nan
        elif v:
            mode = f"{call.keywords}: wrong limit at an infinite logit"
            want = _limit(fmt, quantity, fmt.is_negative(z), fmt.to_fraction(t), v, p)
        if fmt.is_nan(want) or fmt.is_nan(result):
            right = fmt.is_nan(want) and fmt.is_nan(result)
        else:
            right = abs(fmt.ordinal(result) - fmt.ordinal(want)) <= (run.bound if fmt.is_finite(want) else 0)
        if not right:
            message = f"not what weight {float(v)!r} and pos_weight {float(p)!r} make of the element"
            return Finding("failed", tried, mode, message, (z, t), result, want)
    return None


def _limit(fmt: Format, quantity: str, negative: bool, t: Fraction, v: Fraction, p: Fraction) -> int:
    """The weighted formula where the logit is infinite, at a hard target."""
    growing = p * t if negative else 1 - t
    if quantity == "loss":
        return fmt.infinity if growing else 0
    return fmt.round((-v if negative else v) * growing) if quantity == "gradient" else 0


WEIGHTS = ArrayCheck("weights", ("loss", "gradient", "hessian"), _weights)
