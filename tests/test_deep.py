"""The record of the deep tier: made of what pytest reports, and made from these sources."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

from stablelce.conformance.provenance import sources_sha256
from tests.deep import markdown, measured, rows

COMMITTED = Path(__file__).parents[1] / "reports" / "deep"

REPORT = """
<testsuite>
  <testcase classname="tests.a" name="test_x[1]">
    <properties><property name="inputs" value="10"/></properties>
  </testcase>
  <testcase classname="tests.a" name="test_x[2]">
    <properties><property name="inputs" value="5"/></properties>
  </testcase>
  <testcase classname="tests.a" name="test_y"/>
</testsuite>
"""


def test_the_cases_of_a_test_are_added_up() -> None:
    found = rows(ET.fromstring(REPORT).iter("testcase"))
    assert found == [
        {"test": "tests.a.test_x", "cases": 2, "inputs": 15},
        {"test": "tests.a.test_y", "cases": 1, "inputs": 0},
    ]


def test_the_committed_record_is_of_these_sources_and_shown_as_it_is() -> None:
    record = json.loads((COMMITTED / "deep.json").read_text(encoding="utf-8"))
    assert tuple(record["provenance"]["sources"]) == measured(), "run `tox -e deep`"
    assert record["provenance"]["sources_sha256"] == sources_sha256(measured()), "run `tox -e deep`"
    assert (COMMITTED / "README.md").read_text(encoding="utf-8") == markdown(record)
    inputs = {row["test"].rpartition(".")[2]: row["inputs"] for row in record["tests"]}
    assert inputs["test_2_to_the_24_strided_logits_of_binary32"] > 10 * 0.99 * 2**24
    assert inputs["test_ten_million_inputs_of_binary64"] >= 2 * 10**7
    assert inputs["test_engines_agree_on_ten_million_encodings"] >= 2 * 10**7
