"""Bring the table of a README up to date: ``python -m stablelce.report README.md reports/accuracy.json``."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import ValidationError

from stablelce.conformance.results import Record
from stablelce.report import update_readme


def main(arguments: list[str]) -> int:
    """Write the table; 0 when it stands in the README, 2 when it cannot."""
    if len(arguments) != 2:
        print("usage: python -m stablelce.report README.md reports/accuracy.json", file=sys.stderr)
        return 2
    readme, accuracy = map(Path, arguments)
    try:
        record = Record.model_validate_json(accuracy.read_text(encoding="utf-8"))
        changed = update_readme(readme, record)
    except OSError as error:
        print(f"Cannot open {error.filename}: {error.strerror}.", file=sys.stderr)
        return 2
    except ValidationError as error:
        print(f"{accuracy} is not an accuracy record: {error.error_count()} errors.", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{readme}: {'updated' if changed else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
