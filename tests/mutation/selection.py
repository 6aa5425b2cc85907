"""Which tests to run for a mutant, and in which order.

First come the tests that execute the changed statement, the shortest first: no other can fail by it, but for
what only importing executes, what another process does, and results that an earlier test left in a cache.
For these the rest of the source's suites follows, those of its own file first, and only for what survives
those slow tests, of the slowest a sample.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "FAMILIES",
    "SAMPLE",
    "Traced",
    "engine_of",
    "family_of",
    "own_tests",
    "stages",
    "statement",
    "suites_of",
]

FAULTS = "tests/conformance/faults/test_faults.py::test_"
EVIDENCE = "tests/test_evidence.py::test_"

OF_EVIDENCE = (
    f"{EVIDENCE}hard_cases",
    f"{EVIDENCE}inputs_next_to_a_midpoint",
    f"{EVIDENCE}binary64_over_all_regions",
)
# The rare faults and the controls take minutes, and of the controls test_runner.py has the strictest.
OF_FAULTS = (
    f"{FAULTS}the_oracle_proves_the_fault_at_its_trigger",
    f"{FAULTS}one_fault_in_twelve_is_caught_by_another_seed",
)
SAMPLE = (*OF_EVIDENCE, *OF_FAULTS)
"""Of suites that take minutes, tests that see most in some seconds, for what survives all others."""

FAMILIES = ("", "oracle", "kernels", "conformance")
"""Sources whose suites are the same but for their own files: those of one folder."""

SLOW = 10.0
"""Seconds from which on any other test comes last too."""


@dataclass(frozen=True)
class Traced:
    """Which test functions execute a line of a source, and how many seconds each takes."""

    lines: Mapping[str, Mapping[str, Sequence[str]]]
    seconds: Mapping[str, float]

    def executing(self, source: str, lines: Iterable[int]) -> list[str]:
        """The tests that execute one of the lines, the shortest first."""
        known = self.lines.get(source, {})
        return self.sorted({test for line in lines for test in known.get(str(line), ())})

    def sorted(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))


def family_of(source: str) -> str:
    """The family of a source."""
    path = Path(source)
    return path.parts[0] if len(path.parts) > 1 else ""


def engine_of(family: str) -> str:
    """The engine to test with. Where no compiled loop is mutated, none is loaded, which takes seconds."""
    return "numpy" if family in ("oracle", "conformance") else "auto"


def own_tests(root: Path, source: str) -> str | None:
    """The test file of a source, where it has one of its own."""
    path = Path(source)
    name = f"test_{path.name}"
    folders = (path.parent, Path(path.parts[0]))  # checks/... have theirs in a folder, or one above
    found = (root / "tests" / folder / name for folder in folders)
    return next((one.relative_to(root).as_posix() for one in found if one.exists()), None)


def suites_of(family: str) -> tuple[str, ...]:
    """Files and folders of tests that may kill a mutant of a family; of those that take minutes a sample."""
    return {
        "": (
            "tests/test_formats.py",
            "tests/test_ulp.py",
            "tests/test_functions.py",
            "tests/test_arguments.py",
            "tests/test_evaluation.py",
            "tests/test_reductions.py",
            *OF_EVIDENCE,
        ),
        "oracle": ("tests/oracle", *OF_FAULTS),
        "kernels": (
            "tests/kernels/test_rounding.py",
            "tests/kernels/test_numpy_engine.py",
            "tests/kernels/test_exact.py",
            "tests/test_evaluation.py",
            "tests/test_reductions.py",
            *OF_EVIDENCE,
        ),
        "conformance": (
            "tests/conformance/test_judging.py",
            "tests/conformance/test_estimates.py",
            "tests/conformance/test_screening.py",
            "tests/conformance/checks",
            "tests/conformance/test_runner.py",
            *OF_FAULTS,
        ),
    }[family]


def stages(root: Path, source: str, code: str, line: int, traced: Traced) -> list[list[str]]:
    """Test functions for a mutant whose change is in a line of ``code``, in runs one after the other."""
    last = traced.sorted(test for test, took in traced.seconds.items() if test in SAMPLE or took >= SLOW)
    executing = [test for test in traced.executing(source, statement(code, line)) if test not in last]
    own = own_tests(root, source)
    rest = traced.sorted(test for test in traced.seconds if test not in last and test not in executing)
    rest.sort(key=lambda test: test.partition("::")[0] != own)
    return [stage for stage in (executing, rest, last) if stage]


def statement(code: str, line: int) -> range:
    """The lines of the innermost statement at a line: of one that holds others its head, of ``def`` all.

    The head of a function, with its defaults, is executed where the module is imported; what it changes
    shows where the function is called.
    """
    spans = [(_span(node), node) for node in ast.walk(ast.parse(code)) if isinstance(node, _STATEMENTS)]
    around = [(span, node) for span, node in spans if line in span]
    if not around:
        return range(line, line + 1)
    span, node = min(around, key=lambda one: len(one[0]))
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return span
    body = getattr(node, "body", None)
    head = range(span.start, _span(body[0]).start) if isinstance(body, list) and body else span
    return head if line in head else range(line, line + 1)


_STATEMENTS = (ast.stmt, ast.ExceptHandler)


def _span(node: ast.stmt | ast.ExceptHandler) -> range:
    decorators = getattr(node, "decorator_list", [])
    return range(min(one.lineno for one in (*decorators, node)), (node.end_lineno or node.lineno) + 1)
