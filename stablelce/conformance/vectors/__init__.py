"""Vectors: inputs with expected results as files, for implementations that the suite cannot call.

`model` says what a file holds, `choose` which inputs, `flags` which failure a vector catches, `files` makes
those that stand in ``data/`` and reads them.
"""

from stablelce.conformance.vectors.files import build, csv_text, json_text, shipped
from stablelce.conformance.vectors.model import VectorFile, schema

__all__ = ["VectorFile", "build", "csv_text", "json_text", "schema", "shipped"]
