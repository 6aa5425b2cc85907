"""What the suite finds by itself, at tier smoke, in the implementations that people use.

Each row is a failure that was seen in a release. It is looked for where the framework is installed; a later
release that has mended it is no failure of ours, so its version is looked up before anything is asserted.
"""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from stablelce.conformance import audit
from stablelce.conformance.results import AuditResult, CheckResult, Record
from stablelce.conformance.subjects.resolve import ADAPTERS
from tests.conformance.reproducers.running import run_scripts


class Seen(NamedTuple):
    """A failure: of whom, in which format and quantity, by which checks, and where it was seen."""

    subject: str
    version: str
    format: str
    quantity: str
    checks: tuple[str, ...]
    about: str


SEEN = (
    Seen("torch", "2.13.0+cpu", "float64", "loss", ("accuracy", "tails", "mirror"), "the loss cancels to 0"),
    Seen("torch", "2.13.0+cpu", "float32", "loss", ("accuracy", "tails", "mirror"), "the loss cancels to 0"),
    Seen(
        "torch", "2.13.0+cpu", "float64", "gradient", ("accuracy", "tails", "mirror"), "sigmoid(z) - t is 0"
    ),
    Seen("torch", "2.13.0+cpu", "float64", "hessian", ("accuracy", "tails"), "p*(1-p) is 0"),
    Seen("torch", "2.13.0+cpu", "float64", "loss", ("infinite logits, hard targets",), "NaN at infinity"),
    Seen("torch", "2.13.0+cpu", "float32", "gradient", ("lanes",), "the place in the array matters"),
    Seen(
        "sklearn", "1.9.1", "float64", "loss", ("accuracy", "tails", "mirror", "pair"), "false zeros of .loss"
    ),
    Seen("sklearn", "1.9.1", "float64", "loss", ("infinite logits, hard targets",), "NaN at infinity"),
    Seen("sklearn:loss_gradient", "1.9.1", "float64", "loss", ("accuracy", "mirror"), "the loss cancels"),
    Seen("onnxruntime", "1.32.0", "float32", "sigmoid", ("accuracy",), "the sigmoid itself"),
    Seen("keras:jax", "3.15.1 on jax", "float64", "loss", ("accuracy",), "float64 as accurate as float32"),
    Seen(
        "keras:torch", "3.15.1 on torch", "float64", "loss", ("accuracy",), "float64 as accurate as float32"
    ),
    Seen("jax", "0.10.2", "float32", "sigmoid", ("subnormals",), "subnormals are flushed"),
    Seen("jax", "0.10.2", "float64", "softplus", ("subnormals",), "subnormals are flushed"),
    Seen("jax", "0.10.2", "float64", "gradient", ("accuracy", "mirror", "sign and range"), "wrong at z=0"),
    Seen("jax", "0.10.2", "float64", "loss", ("infinite logits, hard targets",), "NaN at infinity"),
    Seen("tensorflow", "2.21.0", "float32", "sigmoid", ("subnormals",), "subnormals are flushed"),
    Seen("tensorflow", "2.21.0", "float32", "sigmoid", ("lanes",), "the place in the array matters"),
    Seen("tensorflow", "2.21.0", "float64", "loss", ("infinite logits, hard targets",), "NaN at infinity"),
    Seen("statsmodels", "0.15.0", "float64", "hessian", ("accuracy", "tails"), "p*(1-p) is 0"),
    Seen("statsmodels", "0.15.0", "float64", "loss", ("accuracy",), "log of a probability that is 0"),
    Seen("tensorflow", "2.21.0", "float64", "gradient", ("weights",), "wrong at z=0 with pos_weight"),
    Seen("optax", "0.2.8", "float64", "hessian", ("accuracy", "tails"), "p*(1-p) is 0"),
    Seen("xgboost", "3.2.0", "float32", "gradient", ("accuracy", "tails"), "p - t is 0"),
    Seen("tinygrad", "0.14.0", "float32", "loss", ("accuracy", "tails"), "log without log1p"),
)


def installed(subject: str) -> bool:
    adapter = ADAPTERS[subject]
    return all(importlib.util.find_spec(name) for name in (adapter.package, adapter.also) if name)


HERE = [seen for seen in SEEN if installed(seen.subject)]
SUBJECTS = [name for name in ADAPTERS if name != "stablelce" and installed(name)]


@cache
def audited(subject: str) -> AuditResult:
    if not subject.startswith("keras:"):
        return audit(subject, tier="smoke")
    # Keras has one backend in a process, so that each needs one of its own, as the command line gives it.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out.json")
        command = [
            sys.executable,
            "-m",
            "stablelce",
            "audit",
            subject,
            "--tier",
            "smoke",
            "--json",
            str(path),
        ]
        subprocess.run(command, capture_output=True, check=False, timeout=600)
        (result,) = Record.model_validate_json(path.read_text(encoding="utf-8")).subjects
    return result


def failed(seen: Seen) -> dict[str, CheckResult]:
    return {
        check.check: check
        for check in audited(seen.subject).checks
        if (check.format, check.quantity, check.status) == (seen.format, seen.quantity, "failed")
    }


@pytest.mark.parametrize(
    "seen",
    HERE,
    ids=lambda seen: f"{seen.subject}-{seen.format}-{seen.quantity}-{seen.about}".replace(" ", "_"),
)
def test_the_failure_is_found(seen: Seen) -> None:
    found = failed(seen)
    missing = [check for check in seen.checks if check not in found]
    version = audited(seen.subject).version
    assert not missing or version != seen.version, f"{missing} not found in {seen.subject} {version}"


@pytest.mark.bulk
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_failed_check_comes_with_a_script_that_fails_as_told(subject: str, tmp_path: Path) -> None:
    checks = [check for check in audited(subject).checks if check.status == "failed"]
    silent = [check for check in checks if not check.reproducer]
    assert not silent, [(check.check, check.quantity, check.format) for check in silent]
    for check, ended in zip(checks, run_scripts([c.reproducer for c in checks], tmp_path), strict=True):
        where = (check.check, check.quantity, check.format)
        assert ended.status == 1, (where, ended, check.reproducer)
        assert ended.printed.startswith("got "), where
        assert "want" in ended.printed, where
        assert "stablelce" not in check.reproducer or subject.startswith("numpy:"), where


@pytest.mark.skipif(not installed("jax"), reason="the finding is about JAX")
def test_of_jax_the_gradient_at_zero_is_the_simplest_example() -> None:
    found = failed(Seen("jax", "", "float64", "gradient", (), ""))
    if audited("jax").version != "0.10.2":
        return  # a later release may have mended it
    example = found["accuracy"].counterexample
    assert example is not None
    assert example.t is not None
    assert example.got is not None
    assert (example.z.decimal, example.t.decimal, example.got.decimal) == ("0.0", "1.0", "-1.0")
    assert example.error is not None
    assert math.isclose(example.error, 2.0**52)
