"""The JavaScript example is certified, by either encoding, with the same figures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stablelce.conformance.results import AuditResult
from stablelce.conformance.runner import audit
from tests.examples.text import audit_with_less_text

PROGRAM = Path(__file__).parent / "javascript" / "stable.mjs"

pytestmark = [
    pytest.mark.bulk,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node (node)"),
]


QUANTITIES = ("loss", "gradient", "sigmoid", "softplus")
ACCURATE = {"correctly-rounded", "faithful", "accurate"}


@pytest.fixture(scope="module")
def binary() -> AuditResult:
    return audit(f"cmd:node {PROGRAM}", tier="smoke")


def test_the_example_is_certified_as_accurate(binary: AuditResult) -> None:
    assert binary.failed == ()
    assert binary.version == "example 1.0"
    assert binary.offered == {"float32": QUANTITIES, "float64": QUANTITIES}
    assert set(binary.profiles.values()) <= ACCURATE


def test_text_gives_the_same_figures() -> None:
    text, binary = (
        audit_with_less_text(f"cmd:node {PROGRAM}{flag}", formats=["float32"]) for flag in (" --text", "")
    )
    assert text.failed == ()
    assert len(text.accuracy) >= len(QUANTITIES)
    assert figures(text) == figures(binary)


@pytest.mark.deep  # as long again, for what differs in the notation of the numbers
def test_text_gives_the_same_figures_in_binary64(binary: AuditResult) -> None:
    text = audit(f"cmd:node {PROGRAM} --text", tier="smoke", formats=["float64"])
    assert text.failed == ()
    assert len(text.accuracy) >= len(QUANTITIES)
    assert figures(text) == [row for row in figures(binary) if row[0] == "float64"]


def figures(result: AuditResult) -> list[tuple[object, ...]]:
    return [
        (row.format, row.quantity, row.targets, row.points, row.correctly_rounded, row.largest_error)
        for row in result.accuracy
    ]
