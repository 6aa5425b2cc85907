"""Records made up for the tests of the report: seven subjects whose failures look like real ones.

The numbers are invented, only their shape is true to life: lost tails, cancellation near 0, infinities,
formats that a subject lacks, checks of every status.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Literal

from stablelce.conformance.results import (
    AccuracyResult,
    AuditResult,
    CheckResult,
    Counterexample,
    CurveBin,
    Profile,
    Provenance,
    Record,
    Status,
    Value,
)
from stablelce.formats import FORMATS, Format

Behaviour = Callable[[Format, float], float]
"""Largest error that a subject makes at a logit."""

BINS = 200


def fine(_fmt: Format, _z: float) -> float:
    return 0.5


def rough(_fmt: Format, z: float) -> float:
    return 0.9 + 1.7 * abs(math.sin(3 * z))


def lost_tail(fmt: Format, z: float) -> float:
    """All digits are gone once exp(-|z|) falls below the format's precision; fewer before."""
    lost = math.exp(min(abs(z), 700.0))
    return min(rough(fmt, z) * lost, 2.0**fmt.precision)


def overflowing(fmt: Format, z: float) -> float:
    return math.inf if z > math.log(2) * (fmt.emax + 1) else lost_tail(fmt, z) if z < 0 else rough(fmt, z)


SUBJECTS: dict[str, tuple[str, Behaviour, Behaviour, tuple[str, ...]]] = {
    "stablelce": ("0.1.0", fine, fine, ("float16", "bfloat16", "float32", "float64")),
    "numpy:naive": ("2.4.6", overflowing, lost_tail, ("float16", "bfloat16", "float32", "float64")),
    "numpy:logaddexp": ("2.4.6", rough, lost_tail, ("float16", "float32", "float64")),
    "numpy:fused": ("2.4.6", rough, rough, ("float16", "bfloat16", "float32", "float64")),
    "scipy": ("1.17.1", rough, lost_tail, ("float32", "float64")),
    "sklearn": ("1.9.1", lost_tail, fine, ("float32", "float64")),
    "torch": ("2.13.0", lost_tail, lost_tail, ("float16", "bfloat16", "float32", "float64")),
}
"""Version, behaviour of loss and gradient, formats offered."""

PLAIN_CHECKS = ("sign and range", "mirror", "monotonicity", "dtype", "shapes", "layouts", "lanes")
"""Checks that every made-up subject passes."""


def value(fmt: Format, number: float | Fraction) -> Value:
    if isinstance(number, float) and math.isinf(number):
        return Value.of(fmt, fmt.infinity)
    return Value.of(fmt, fmt.round(Fraction(number)))


def example(
    quantity: str, fmt: Format, z: float, error: float | None, got: float = 0.0, want: float | None = None
) -> Counterexample:
    dtype = fmt.dtype_name
    return Counterexample(
        quantity=quantity,
        format=dtype,
        z=value(fmt, z),
        t=value(fmt, 1.0),
        got=value(fmt, got),
        want=value(fmt, math.exp(-abs(z)) if want is None else want),
        error=error,
        call=f"import numpy as np\n{quantity}(np.array([{z}], '{dtype}'), np.ones(1, '{dtype}'))",
        note="made up",
    )


def check(
    name: str,
    fmt: Format,
    *,
    status: Status = "passed",
    quantity: str | None = "loss",
    required: bool = True,
    message: str = "",
    counterexample: Counterexample | None = None,
) -> CheckResult:
    return CheckResult(
        check=name,
        format=fmt.dtype_name,
        quantity=quantity,
        required=required,
        status=status,
        points=0 if status == "not applicable" else 500,
        failures=3 if status == "failed" else 0,
        message=message,
        counterexample=counterexample,
    )


def profile_of(error: float) -> Profile | None:
    bounds: dict[Profile, float] = {
        "correctly-rounded": 0.5,
        "faithful": 1.0,
        "accurate": 4.0,
        "stable": 64.0,
    }
    return next((profile for profile, bound in bounds.items() if error <= bound), None)


def accuracy(
    quantity: str, fmt: Format, behaviour: Behaviour, targets: Literal["hard", "soft", "none"] = "hard"
) -> AccuracyResult:
    reach = 1.2 * math.log(2) * min(fmt.emax + fmt.precision, 1074)
    edges = [math.sinh(math.asinh(reach) * (2 * i / BINS - 1)) for i in range(BINS + 1)]
    curve = tuple(
        CurveBin(z_low=low, z_high=high, largest_error=behaviour(fmt, (low + high) / 2))
        for low, high in pairwise(edges)
    )
    largest = max(curve, key=lambda b: b.largest_error)
    return AccuracyResult(
        quantity=quantity,
        format=fmt.dtype_name,
        targets=targets,
        points=126_976,
        coverage="exhaustive" if fmt.width == 16 else "sampled",
        correctly_rounded=126_976 if behaviour is fine else 104_237,
        largest_error=largest.largest_error,
        zeros=0 if largest.largest_error < 1e3 else 8_421,
        profile=profile_of(largest.largest_error),
        worst=example(quantity, fmt, largest.z_low, largest.largest_error),
        curve=curve if targets == "hard" else (),
    )


@cache
def audit_result(subject: str) -> AuditResult:
    version, loss, gradient, names = SUBJECTS[subject]
    formats = [fmt for fmt in FORMATS if fmt.dtype_name in names]
    results = [
        accuracy(quantity, fmt, behaviour, targets)
        for fmt in formats
        for quantity, behaviour in (("loss", loss), ("gradient", gradient))
        for targets in ("hard", "soft")
    ]
    checks = [found for fmt in formats for found in _checks(fmt, loss, gradient)]
    profiles: dict[str, Profile | None] = {
        fmt.dtype_name: profile_of(max(r.largest_error for r in results if r.format == fmt.dtype_name))
        for fmt in formats
    }
    return AuditResult(
        subject=subject,
        version=version,
        isolated=True,
        tier="smoke",
        required_profile="accurate",
        offered={fmt.dtype_name: ("loss", "gradient") for fmt in formats},
        profiles=profiles,
        accuracy=tuple(results),
        checks=tuple(checks),
        seconds=1.5,
    )


def _checks(fmt: Format, loss: Behaviour, gradient: Behaviour) -> list[CheckResult]:
    lost = 2.0 ** (fmt.precision - 1)
    found = []
    for quantity, behaviour in (("loss", loss), ("gradient", gradient)):
        bad = behaviour in (lost_tail, overflowing)
        status: Status = "failed" if bad else "passed"
        shrunken = example(quantity, fmt, 40.0 if fmt.width > 16 else 9.0, lost) if bad else None
        found.append(check("accuracy", fmt, quantity=quantity, status=status, counterexample=shrunken))
        found.append(check("tails", fmt, quantity=quantity, status=status, counterexample=shrunken))
    found += [check(name, fmt) for name in PLAIN_CHECKS]
    found.append(check("finite difference", fmt, status="inconclusive" if fmt.width == 16 else "passed"))
    found.append(check("weights", fmt, status="not applicable"))
    if loss is overflowing:
        big = example("loss", fmt, 100_000.0 if fmt.width > 16 else 200.0, math.inf, math.inf, 2.0)
        found.append(check("hard cases", fmt, status="failed", counterexample=big))
        message = "RuntimeWarning: overflow encountered in exp | at z = 1000 <script>"
        found.append(check("warnings and output", fmt, status="failed", required=False, message=message))
    return found


@cache
def record(*subjects: str, absent: bool = True) -> Record:
    """A record of the named subjects; of all seven when none is named."""
    return Record(
        provenance=Provenance(
            command="stablelce report --tier smoke",
            machine="x86_64, 2 cores, Linux",
            python="CPython 3.11.9",
            packages={"numpy": "2.4.6", "mpmath": "1.3.0"},
            sources=("stablelce/functions.py", "stablelce/oracle/exact.py"),
            sources_sha256="0123456789abcdef" * 4,
        ),
        subjects=tuple(audit_result(subject) for subject in subjects or SUBJECTS),
        absent={"jax": "jax is not installed: pip install jax."} if absent else {},
    )
