"""The JSON Schema of the record as a file: ``python -m stablelce.report.schema`` writes it."""

from __future__ import annotations

from stablelce.conformance.results import SCHEMA

__all__ = ["SCHEMA"]

if __name__ == "__main__":
    SCHEMA.write()
