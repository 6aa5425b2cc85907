"""Where a failure has been reported in public, by implementation, quantity and check.

The data are facts: implementation, failure mode, address. A thread is named beside a finding only where it
tells of the same failure; a thread that was closed says nothing of today's release, the finding does.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from stablelce.conformance.peers.results import Thread

__all__ = ["DATA", "threads_for"]

DATA = Path(__file__).parents[1] / "data" / "public_threads.json"


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(DATA.read_text(encoding="utf-8")))


def threads_for(
    subject: str, quantity: str | None, check: str, formats: tuple[str, ...]
) -> tuple[Thread, ...]:
    """The threads about a check that fails for a quantity in these formats, in the order of the data."""
    return tuple(
        Thread(url=row["url"], about=row["about"])
        for row in _rows()
        if subject in row["subjects"]
        and quantity in row["quantities"]
        and check in row["checks"]
        and ("formats" not in row or set(formats) & set(row["formats"]))
    )
