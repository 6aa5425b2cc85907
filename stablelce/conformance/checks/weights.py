"""weight and pos_weight, for subjects that declare them: what scales, what stays, what is masked."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce import oracle
from stablelce.conformance.checks.accuracy import failure_mode
from stablelce.conformance.evaluation import Run
from stablelce.conformance.judging import ArrayCheck, Finding
from stablelce.formats import Format, UIntArray

__all__ = ["WEIGHTS"]

_LOGITS = (-30.0, -8.0, -1.5, -0.25, 0.0, 0.75, 2.0, 9.0, 25.0)
_WEIGHTS = (1.0, 0.5, 3.0, 0.7, 10.0)


def _weights(run: Run, quantity: str) -> Finding:
    """Every logit with both targets under every weight, against the oracle's weighted values.

    Hard targets: their weighted gradient does not cancel, so the unit is the ulp of the exact value.
    """
    keywords = sorted(run.subject.keywords)
    if not keywords:
        return Finding("not applicable", message="the subject declares no weight keyword")
    fmt = run.fmt
    z = _encode(fmt, [logit for logit in _LOGITS for _ in (0, 1)])
    t = _encode(fmt, [target for _ in _LOGITS for target in (0.0, 1.0)])
    tried = 0
    for keyword in keywords:
        for value in _WEIGHTS:
            weight = fmt.array(_encode(fmt, [value] * len(z)))
            got = run.evaluate(quantity, z, t, **{keyword: weight})
            tried += len(z)
            finding = _compare(run, quantity, keyword, weight, z, t, got)
            if finding is not None:
                return finding
    if "weight" in keywords:
        return _masking(run, quantity, tried)
    return Finding("passed", tried)


def _encode(fmt: Format, values: list[float]) -> UIntArray:
    return np.array([fmt.round(Fraction(value)) for value in values], dtype=fmt.uint)


def _compare(
    run: Run,
    quantity: str,
    keyword: str,
    weight: npt.NDArray[Any],
    z: UIntArray,
    t: UIntArray,
    got: UIntArray,
) -> Finding | None:
    fmt = run.fmt
    scale = fmt.to_fraction(int(fmt.encodings(weight)[0]))
    for i in range(len(z)):
        logit, target = fmt.to_fraction(int(z[i])), fmt.to_fraction(int(t[i]))
        factor, pos_factor = (scale, Fraction(1)) if keyword == "weight" else (Fraction(1), scale)
        exact = oracle.exact(quantity, logit, target, fmt, weight=factor, pos_weight=pos_factor)
        error = exact.error(int(got[i]))
        right = error <= run.bound
        if run.profile == "correctly-rounded":
            right = int(got[i]) == exact.encoding
        elif run.profile == "faithful":
            right = error < 1  # the two floats around a value are less than an ulp from it
        if not right:
            mode = f"{keyword}: {failure_mode(fmt, int(got[i]), exact.encoding, error)}"
            message = f"with {keyword}={float(scale)!r}: {error:.3g} units"
            return Finding(
                "failed", i + 1, mode, message, (int(z[i]), int(t[i])), int(got[i]), exact.encoding
            )
    return None


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
