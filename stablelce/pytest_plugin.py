"""The pytest plugin: ``pytest --pyargs stablelce.conformance --lce-subject torch`` audits as a test run.

One item for each check, quantity and format of the subject. pytest loads this module whenever the package
is installed, so it declares options and imports nothing before a subject is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_addoption", "pytest_collect_file", "pytest_configure"]

_HOME = Path(__file__).parent / "conformance" / "contract.py"
"""The file that the items are listed under: collecting the folder collects them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, all of which begin with ``--lce-``."""
    group = parser.getgroup(
        "stablelce", "audit of a logistic cross-entropy: pytest --pyargs stablelce.conformance"
    )
    add = group.addoption
    add("--lce-subject", metavar="SUBJECT", action="append", default=[], help="Judge this; may be repeated.")
    add(
        "--lce-quantity",
        metavar="NAME",
        default="loss",
        help="What a subject that is a bare function computes.",
    )
    add(
        "--lce-profile", metavar="NAME", default="accurate", help="The accuracy required (default: accurate)."
    )
    add(
        "--lce-tier",
        metavar="NAME",
        default="smoke",
        help="How many points: smoke (default), standard, deep.",
    )
    add(
        "--lce-format",
        metavar="DTYPE",
        action="append",
        default=[],
        help="This format only; may be repeated.",
    )
    add("--lce-allow-ftz", action="store_true", help="Flushed subnormals do not fail.")
    add(
        "--lce-expected-failures",
        metavar="FILE",
        help="Names of items that are expected to fail, one a line, each with its reason after ' #'. They "
        "are run, and fail the run when they pass.",
    )
    add("--lce-json", metavar="FILE", help="Write the findings to FILE as JSON.")


def pytest_configure(config: pytest.Config) -> None:
    """With a subject named, have its findings collected and written."""
    if config.getoption("--lce-subject"):
        from stablelce.conformance.pytest_items import Findings

        config.pluginmanager.register(Findings(config), "stablelce-findings")


def pytest_collect_file(file_path: Path, parent: Any) -> Any:
    """The items of the subjects, where the folder of the suite is collected."""
    if file_path != _HOME or not parent.config.getoption("--lce-subject"):
        return None
    from stablelce.conformance.pytest_items import SuiteFile

    return SuiteFile.from_parent(parent, path=file_path)
