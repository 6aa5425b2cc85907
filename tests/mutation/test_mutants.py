from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import markdown
from tests.mutation.mutants import SOURCES, same_program, suites_of

ROOT = Path(__file__).parents[2]


def test_every_source_exists_and_has_tests_that_exist() -> None:
    for source in SOURCES:
        assert (ROOT / "stablelce" / source).exists(), source
        for tests in suites_of(ROOT, source):
            for one in tests:
                assert (ROOT / one).exists(), one


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("def f(x: int & None) -> int:\n    return x + 1\n", True),
        ("def f(x: int | None) -> int:\n    return x - 1\n", False),
        ('def f(x: int | None) -> int:\n    "Text."\n    return x + 1\n', True),
        ("@cache\ndef f(x: int | None) -> int:\n    return x + 1\n", True),
        ("@other\ndef f(x: int | None) -> int:\n    return x + 1\n", False),
        ("def f(:\n", True),
    ],
)
def test_what_no_run_can_notice_is_left_out(text: str, same: bool) -> None:
    assert same_program("def f(x: int | None) -> int:\n    return x + 1\n", text) == same


def test_the_page_counts_and_lists() -> None:
    row = {"source": "ulp.py", "line": 3, "operator": "AddNot", "before": "if a:", "after": "if not a:"}
    made = {"command": "c", "machine": "m", "python": "3", "sources": ["ulp.py", "formats.py"]}
    record = {"provenance": made, "seed": 0, "mutants": [row | {"killed_by": "t"}, row | {"killed_by": None}]}
    page = markdown(record, {"ulp.py: if a: -> if not a:": "both ways end the same"})
    assert "2 mutants drawn with seed 0 from 2 sources: 1 killed by a test (50.0 %), 1 survive." in page
    assert "| ulp.py | 2 | 1 |" in page
    assert "both ways end the same" in page
    assert "no reason yet" in markdown(record, {})
