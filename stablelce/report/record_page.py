"""What pages beside records share: how the record was made, and the command that writes the page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from stablelce.conformance.results import Provenance
from stablelce.report.markdown import escaped

__all__ = ["how_made", "write_page"]

R = TypeVar("R")


def how_made(made: Provenance, file: str) -> Iterator[str]:
    """The last section: command, machine, packages, and the hash over the sources, which ``file`` lists."""
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items())
    yield "## How this was made"
    yield ""
    yield f"* Command: `{made.command}`"
    yield f"* Machine: {escaped(made.machine)}; Python {escaped(made.python)}"
    yield f"* Packages: {escaped(packages)}"
    yield f"* SHA-256 over {len(made.sources)} sources (listed in {file}): `{made.sources_sha256}`"


def write_page(
    arguments: list[str], usage: str, kind: str, read: Callable[[str], R], page: Callable[[R], str]
) -> int:
    """Write ``README.md`` beside the record that is named; 0 when it stands there, 2 when it cannot."""
    if len(arguments) != 1:
        print(f"usage: {usage}", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    try:
        text = page(read(path.read_text(encoding="utf-8")))
        written = path.with_name("README.md")
        written.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        print(f"Cannot open {error.filename}: {error.strerror}.", file=sys.stderr)
        return 2
    except ValueError as error:  # pydantic's is one
        print(f"{path} is not a record of {kind}: {str(error).splitlines()[0]}.", file=sys.stderr)
        return 2
    print(written)
    return 0
