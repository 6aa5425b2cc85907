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
from stablelce.conformance.screening import logits
from stablelce.conformance.subjects.base import KEYWORDS
from stablelce.formats import Format, UIntArray
from stablelce.ulp import ulp_exponent

__all__ = ["WEIGHTS"]

_LOGITS = (-800.0, -120.0, -30.0, -8.0, -1.5, -0.25, 0.0, 0.75, 2.0, 9.0, 25.0, 40.0, 120.0, 800.0)
_WEIGHTS = (1.0, 0.5, 3.0, 0.7, 10.0)
_SOFT = (0.5, 0.9, 2.0**-12)
_SCREENED = 400


@dataclass(frozen=True)
class _Call:
    """Points and weights of one call, all of one length."""

    z: UIntArray
    t: UIntArray
    weights: dict[str, UIntArray]

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
    for call, screened in _calls(run, keywords):
        got = run.evaluate(
            quantity, call.z, call.t, **{name: run.fmt.array(part) for name, part in call.weights.items()}
        )
        chosen = _suspects(run, quantity, call, got) if screened else range(len(got))
        tried += len(got)
        finding = _compare(run, quantity, call, got, chosen, tried)
        if finding is not None:
            return finding
    if "weight" in keywords:
        return _masking(run, quantity, tried)
    return Finding("passed", tried)


def _calls(run: Run, keywords: tuple[str, ...]) -> Iterator[tuple[_Call, bool]]:
    """The calls to make, and whether their results are screened."""
    fmt = run.fmt
    few = _encode(fmt, list(_LOGITS))
    many = logits(fmt, _SCREENED, 0)
    many = many[:: -(-many.size // _SCREENED)]
    targets = _encode(fmt, [0.0, 1.0, *(_SOFT if run.subject.soft_targets else ())])
    constants = _encode(fmt, list(_WEIGHTS))
    for z, screened in ((few, False), (many, True)):
        points = np.repeat(z, len(targets)), np.tile(targets, len(z))
        places = np.arange(len(points[0]))
        for name in keywords:
            for constant in constants:
                yield _Call(*points, {name: np.full(len(places), constant, fmt.uint)}), screened
            # From place to place another one: 5 weights, over 2 or 5 targets, meet all of them.
            yield _Call(*points, {name: constants[(places + places // 5) % 5]}), screened
        if len(keywords) > 1:
            both = {
                name: constants[(places * step + 2) % 5] for name, step in zip(keywords, (1, 3), strict=True)
            }
            yield _Call(*points, both), screened


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
    if quantity == "gradient":  # near its zero a soft target's gradient cancels: the oracle knows the unit
        distance[(t > 0) & (t < 1) & (np.abs(value) < 2.0**-3 * wide.get("weight", 1.0))] = 0
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
        if run.profile == "correctly-rounded":
            right = int(got[i]) == exact.encoding
        elif run.profile == "faithful":
            right = error < 1  # the two floats around a value are less than an ulp from it
        if not right and (worst is None or error > worst[0]):
            worst = error, i, exact.encoding
    if worst is None:
        return None
    error, i, want = worst
    mode = f"{call.keywords}: {failure_mode(fmt, int(got[i]), want, error)}"
    given = (f"{name}={float(fmt.to_fraction(int(part[i])))!r}" for name, part in call.weights.items())
    message = f"with {' and '.join(given)}: {error:.3g} units"
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


def _masking(run: Run, quantity: str, tried: int) -> Finding:
    """Weight 0 gives 0 whatever the element: it masks infinities and NaN."""
    fmt = run.fmt
    z = np.array([fmt.infinity, fmt.infinity | fmt.sign_bit, fmt.nan, 0], dtype=fmt.uint)
    t = _encode(fmt, [0.0, 1.0, 1.0, 1.0])
    got = run.evaluate(quantity, z, t, weight=fmt.array(_encode(fmt, [0.0] * 4)))
    for i in range(4):
        if not fmt.is_zero(int(got[i])):
            message = "an element of weight 0 must count as 0"
            return Finding(
                "failed", tried + 4, "weight 0 does not mask", message, (int(z[i]), int(t[i])), int(got[i]), 0
            )
    return Finding("passed", tried + 4)


WEIGHTS = ArrayCheck("weights", ("loss", "gradient", "hessian"), _weights)
