"""Audit results made by hand, for what the commands print."""

from __future__ import annotations

import math
from typing import Any

from stablelce.conformance.results import (
    AccuracyResult,
    AuditResult,
    CheckResult,
    Counterexample,
    Provenance,
    Record,
    Value,
)
from stablelce.formats import BINARY64

CALL = "import numpy as np\nz = np.array([40.0])\nt = np.array([1.0])\nprint(f(z, t))  # " + "x" * 100


def counterexample() -> Counterexample:
    encodings = {"z": 0x4044 << 48, "t": 0x3FF << 52, "got": 0, "want": 0x3C53 << 48}
    values = {name: Value.of(BINARY64, encoding) for name, encoding in encodings.items()}
    return Counterexample(quantity="loss", format="float64", error=5.5e15, call=CALL, note="a note", **values)


def check(status: Any = "failed", required: bool = True, **changes: Any) -> CheckResult:
    fields: dict[str, Any] = {
        "check": "tails",
        "format": "float64",
        "quantity": "loss",
        "points": 20,
        "failures": 3 if status == "failed" else 0,
        "mode": "premature underflow" if status == "failed" else "",
        "counterexample": counterexample() if status == "failed" else None,
    }
    return CheckResult(status=status, required=required, **(fields | changes))


def accuracy(**changes: Any) -> AccuracyResult:
    fields: dict[str, Any] = {
        "quantity": "loss",
        "format": "float64",
        "targets": "hard",
        "points": 100000,
        "coverage": "sampled",
        "correctly_rounded": 99999,
        "largest_error": math.inf,
        "zeros": 0,
        "profile": None,
    }
    return AccuracyResult(**(fields | changes))


def result(*checks: CheckResult, subject: str = "numpy:naive", **changes: Any) -> AuditResult:
    fields: dict[str, Any] = {
        "subject": subject,
        "version": "1.0",
        "isolated": True,
        "tier": "smoke",
        "required_profile": "accurate",
        "offered": {"float64": ("loss", "gradient")},
        "profiles": {"float64": None},
        "accuracy": (
            accuracy(),
            accuracy(
                quantity="gradient",
                targets="none",
                correctly_rounded=100000,
                largest_error=0.5,
                profile="correctly-rounded",
            ),
        ),
        "checks": checks,
        "seconds": 1.25,
    }
    return AuditResult(**(fields | changes))


def record(*results: AuditResult) -> Record:
    return Record(provenance=provenance("stablelce"), subjects=results)


def provenance(command: str, packages: Any = (), sources: tuple[str, ...] = ()) -> Provenance:
    return Provenance(
        command=command,
        machine="a machine",
        python="3",
        packages=dict.fromkeys(packages, "1"),
        sources=sources,
        sources_sha256="0" * 64,
    )
