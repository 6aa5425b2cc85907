"""The JSON Schema of the record as a file: ``python -m stablelce.report.schema`` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from stablelce.conformance import results

__all__ = ["SCHEMA_FILE", "schema_text"]

SCHEMA_FILE = Path(results.__file__).with_name("accuracy.schema.json")


def schema_text() -> str:
    """The text that the file has to hold."""
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from stablelce/conformance/results.py by: python -m stablelce.report.schema",
    }
    return json.dumps(about | results.schema(), indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
