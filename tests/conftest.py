"""What every test run shares: Hypothesis profiles, benchmarks, and the files an environment cannot import."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.imports import missing_packages

try:
    from hypothesis import settings
except ImportError:  # the `minimal` environment: runtime dependencies and pytest only
    pass
else:
    # No deadline: it times single examples, and on a busy or two-core machine a pause of the scheduler
    # would fail a correct test.
    settings.register_profile("dev", max_examples=50, deadline=None)
    # Derandomized, so that a change is never rejected for an input that another change introduced.
    settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, print_blob=True)
    settings.register_profile("thorough", max_examples=5000, deadline=None, print_blob=True)
    settings.load_profile(
        os.environ.get("STABLELCE_HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
    )

ROOT = Path(__file__).parent.parent

IN_ALL_FORMATS = ("conformance", "kernels", "test_binary64_filter.py", "test_evidence.py")
"""Tests that make arrays of bfloat16, a type that a package of its own gives NumPy."""


def _missing(path: Path) -> list[str]:
    """Absent packages that a test file needs; some tests need arrays in all four formats."""
    absent = missing_packages(path, ROOT)
    in_all_formats = any(path.is_relative_to(ROOT / "tests" / name) for name in IN_ALL_FORMATS)
    if in_all_formats and importlib.util.find_spec("ml_dtypes") is None:
        absent.append("ml_dtypes")
    return sorted(absent)


collect_ignore = [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if _missing(path)]


def pytest_report_header() -> list[str]:
    """Say which files are left out, and for want of what: nothing is skipped in silence."""
    return [
        f"left out: {Path(path).relative_to(ROOT)} (needs {', '.join(_missing(Path(path)))})"
        for path in collect_ignore
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Run each benchmark once, untimed, unless timing was asked for by --benchmark-only; let Ctrl-C work."""
    # A shell that starts jobs in the background makes them ignore Ctrl-C, and so would the programs tested.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not config.getoption("benchmark_only", default=True):
        config.option.benchmark_disable = True


def _coverage() -> Any:
    """What measures coverage in this process, if anything does."""
    return sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure no coverage in a test marked ``bulk``, nor in the processes that it starts."""
    measuring = _coverage()
    if measuring is None or item.get_closest_marker("bulk") is None:
        return (yield)
    inherited = {
        name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_PROCESS")
    }
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()
        os.environ.update(inherited)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save what coverage has measured: a worker that is slow to end is killed before it would save itself."""
    measuring = _coverage()
    if measuring is not None:
        measuring.stop()
        measuring.save()
