from __future__ import annotations

import json
import re

from stablelce.conformance.contract import CHECKS
from stablelce.conformance.peers.threads import DATA, threads_for
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.subjects.resolve import ADAPTERS
from stablelce.formats import FORMATS

ROWS = json.loads(DATA.read_text(encoding="utf-8"))


def test_every_row_names_what_exists() -> None:
    formats = {fmt.dtype_name for fmt in FORMATS}
    for row in ROWS:
        assert set(row) - {"formats"} == {"subjects", "quantities", "checks", "about", "url"}
        assert set(row["subjects"]) <= set(ADAPTERS), row
        assert set(row["quantities"]) <= set(QUANTITIES), row
        assert set(row["checks"]) <= set(CHECKS), row
        assert set(row.get("formats", formats)) <= formats, row
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", row["url"]), row
        assert row["about"]


def test_a_finding_is_linked_to_the_thread_about_it() -> None:
    (thread,) = threads_for("torch", "loss", "tails", ("float64",))
    assert thread.url.endswith("pytorch/issues/195529")
    assert [one.url[-6:] for one in threads_for("torch", "gradient", "tails", ("float32",))] == ["195677"]


def test_what_nobody_reported_has_no_thread() -> None:
    assert threads_for("torch", "softplus", "lanes", ("float64",)) == ()
    assert threads_for("scipy", "loss", "tails", ("float64",)) == ()
    assert threads_for("torch", None, "warnings and output", ("float64",)) == ()


def test_a_thread_about_a_format_is_for_findings_in_it() -> None:
    assert threads_for("tensorflow", "sigmoid", "monotonicity", ("float32", "bfloat16"))
    assert not threads_for("tensorflow", "sigmoid", "monotonicity", ("float32",))
