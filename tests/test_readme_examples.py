"""The examples of the README print what they show."""

from __future__ import annotations

import doctest
from pathlib import Path

import flint  # noqa: F401  # the proofs in the examples need it

README = Path(__file__).parent.parent / "README.md"


def test_the_examples_print_what_they_show() -> None:
    failed, attempted = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted >= 10
