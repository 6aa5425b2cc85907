"""The JavaScript example is certified, by either encoding, with the same figures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stablelce.conformance.runner import audit

PROGRAM = Path(__file__).parent / "javascript" / "stable.mjs"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node (node)")


@pytest.mark.parametrize("flag", ["", " --text"])
def test_the_example_is_certified_as_accurate(flag: str) -> None:
    result = audit(f"cmd:node {PROGRAM}{flag}", tier="smoke")
    assert result.failed == ()
    assert result.version == "example 1.0"
    quantities = ("loss", "gradient", "sigmoid", "softplus")
    assert result.offered == {"float32": quantities, "float64": quantities}
    assert set(result.profiles.values()) <= {"correctly-rounded", "faithful", "accurate"}
