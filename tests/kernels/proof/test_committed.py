"""The committed record of the proof belongs to these sources and this table, and the constants rest on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stablelce.kernels import finals, longer_table
from stablelce.kernels.proof import record
from stablelce.kernels.table_layout import ENTRIES

PATH = Path(__file__).parents[3] / "reports" / "proof" / "proof.json"


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def test_it_was_made_from_these_sources_and_this_table(committed: dict[str, Any]) -> None:
    assert committed["sources"] == record.sources(), "the proof is stale, run: tox -e proof"
    assert committed["table_sha256"] == record.table_sha256()
    assert committed["longer_table_sha256"] == longer_table.SHA256
    assert committed["cells"] == [0, ENTRIES - 1]


def test_the_errors_of_limbs_are_those_that_longer_values_counts_with(committed: dict[str, Any]) -> None:
    counted = {"exponential": -146.3, "times_short": -146.2, "product": -144.7}
    assert committed["longer_limbs"].keys() == counted.keys()
    for name, bound in counted.items():
        assert committed["longer_limbs"][name]["log2_bound"] <= bound


@pytest.mark.parametrize(("kernel", "constant"), [("pairs", finals.PAIR), ("plain", finals.PLAIN)])
def test_the_rounding_test_assumes_no_more_than_is_proved(
    committed: dict[str, Any], kernel: str, constant: float
) -> None:
    bounds = [bound["bound"] for bound in committed["bounds"] if bound["kernel"] == kernel]
    assert bounds
    # Room for the rounding errors of the last operations, which finals.gradient takes from here.
    assert max(bounds) <= constant - 2.0**-90
