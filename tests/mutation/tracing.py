"""A pytest plugin that notes which test executes which lines of the mutated sources, and how long it takes.

Loaded by ``-p tests.mutation.tracing`` before any test file, so that what only importing executes is noted
too, for no test. Parametrised cases count as one test. Contexts of coverage.py are switched here rather than
by its option ``dynamic_context = test_function``, which leaves out what fixtures execute, and names wrapped
functions (those of Hypothesis) by where the wrapper was made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

OUTPUT = "STABLELCE_TRACED"
"""The environment variable that names the file to write."""

PACKAGE = Path(__file__).parents[2] / "stablelce"

_coverage = Coverage(data_file=None, config_file=False, include=[f"{PACKAGE}/*"])
_durations: dict[str, float] = {}


def function_of(nodeid: str) -> str:
    """The test function of a test case: ``file::function``."""
    return nodeid.partition("[")[0]


def pytest_load_initial_conftests() -> None:
    """Begin before any test file is loaded; not when this module is, which tests import, too."""
    _coverage.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _coverage.switch_context(function_of(item.nodeid))
    try:
        return (yield)
    finally:
        _coverage.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    function = function_of(report.nodeid)
    _durations[function] = _durations.get(function, 0.0) + report.duration


def pytest_sessionfinish() -> None:
    _coverage.stop()
    data = _coverage.get_data()
    lines = {}
    for name in data.measured_files():
        by_line = data.contexts_by_lineno(name)
        source = Path(name).relative_to(PACKAGE).as_posix()
        lines[source] = {line: sorted(filter(None, tests)) for line, tests in sorted(by_line.items())}
    traced = {"lines": lines, "seconds": {name: round(s, 3) for name, s in _durations.items()}}
    Path(os.environ[OUTPUT]).write_text(json.dumps(traced), encoding="utf-8")
